"""Every page's script runs where this package is not, and says what the page says."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from run_alone import figures, said, said_each

from explorer.code.names import bound, uses
from explorer.code.recipes import exact_against_learned, my_runs, steps_against_quality
from explorer.code.recipes.exact_against_learned import learned_script
from explorer.code.recipes.forward_diffusion import forward_script
from explorer.code.recipes.learned import Trained
from explorer.code.recipes.noise_schedules import schedules_script
from explorer.code.recipes.reverse_race import race_script
from explorer.code.recipes.score_field import score_script
from explorer.code.recipes.train import train_script
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.mixture_spec import MixtureSpec
from explorer.data.spec import DistributionSpec
from explorer.diffusion.doctor import diagnose, repair
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.layers import Particles, Readout
from explorer.networks.mlp import NETWORKS
from explorer.training.presets import DEFAULT
from explorer.training.runs import Run, pack
from explorer.training.spec import NetworkSpec, to_json
from explorer.training.train import train
from explorer.ui import learned_scenes, learning, memory_scenes, race_scenes, scenes
from explorer.ui.growing import growing_quality
from explorer.ui.race_scenes import Lane, finite
from explorer.ui.scenes import truth
from explorer.ui.weights import trained

DDPM = ProcessSpec("ddpm", (("steps", 500), ("beta_start", 1e-4), ("beta_end", 0.02)))
MOONS = DistributionSpec("moons", (("noise", 0.05),))


def with_weights(name: str, folder: Path) -> Trained:
    """A network whose file lies where its script looks for it."""
    network = trained(name)
    (folder / network.file).write_bytes(network.read())
    return network


def test_forward_diffusion_moves_the_same_particles(tmp_path: Path) -> None:
    lines = said(forward_script(MOONS, DDPM, 300, 7), tmp_path, "--picture")[1:]
    assert lines.pop() == "picture=picture.html"
    assert "t = 0.50" in (tmp_path / "picture.html").read_text(encoding="utf-8")
    scene = scenes.forward_scene(MOONS, DDPM, 300, 7, False)
    (cloud,) = (layer for layer in scene.panes[0].layers if isinstance(layer, Particles))
    assert len(lines) == 3
    for line, frame in zip(lines, (0, 50, 100), strict=True):
        x = cloud.xy[frame].astype(float)
        means = [float(v) for v in re.findall(r" mean=(\S+)", line)]
        variances = [float(v) for v in re.findall(r" var=(\S+)", line)]
        np.testing.assert_allclose(means, x.mean(axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variances, x.var(axis=0, ddof=1), rtol=1e-4)


def test_noise_schedules_has_the_doctors_figures(tmp_path: Path) -> None:
    short = ProcessSpec("ddpm", (("steps", 10), ("beta_start", 1e-4), ("beta_end", 0.01)))
    script = schedules_script([short, ProcessSpec("edm"), ProcessSpec("straight")], MOONS)
    lines = said(script, tmp_path)
    found = figures(next(line for line in lines if line.startswith("signal_left")))
    diagnosis = diagnose(short.build(), MOONS.build())
    assert found == {
        "signal_left": f"{diagnosis.alpha_bar:.2f}",
        "noise": f"{diagnosis.noise:.2f}",
        "mean_left": f"{diagnosis.mean_left:.2f}",
        "told_apart": f"{diagnosis.told_apart:.1%}",
        "verdict": "ill",
    }
    assert lines[-1] == f"repair: {repair('ddpm', dict(short.values), MOONS.build())}"


def test_score_field_reads_what_the_pointer_reads(tmp_path: Path) -> None:
    """Of a mixture that somebody edited, at points of the mesh that the pointer reads."""
    mixture = MixtureSpec(
        2, (1.0, 3.0), ((0.0, 1.0), (2.0, -1.0)), (((1, 0.2), (0.2, 0.5)), ((2, 0.5), (0.5, 1)))
    )
    data = DistributionSpec("custom-2d", (), mixture)
    scene = scenes.score_scene(data, DDPM, "grid", False, 0, False)
    (seen,) = (layer for layer in scene.panes[0].layers if isinstance(layer, Readout))
    axis = np.linspace(*seen.x, seen.channels["sx"].shape[2])
    places = [(12, 20), (20, 12), (25, 30)]  # row, column
    points = tuple((float(axis[column]), float(axis[row])) for row, column in places)
    lines = said(score_script(data, DDPM, "grid", 0, points), tmp_path)
    starts = [i for i, line in enumerate(lines) if line.startswith("t=")]
    for start, clock in zip(starts, (0, 20, 50, 80, 98), strict=True):
        frame = int(np.abs(seen.times - clock / 100).argmin())
        assert seen.times[frame] == pytest.approx(clock / 100)
        for line, (row, column) in zip(lines[start + 1 : start + 4], places, strict=True):
            found = {name: float(value) for name, value in figures(line).items()}
            shown = [
                float(seen.channels[name][frame, row, column])
                for name in ("sx", "sy", "log p", "mode 1")
            ]
            names = ("score_x", "score_y", "log_p", "share")
            np.testing.assert_allclose([found[n] for n in names], shown, rtol=2e-4, atol=2e-5)


def raced(lines: list[str], results: tuple[race_scenes.Result, ...]) -> None:
    """The script's lines against the page's table, in the table's digits."""
    for i, result in enumerate(results):
        assert lines[2 * i] == f"{i + 1}. {result.label}"
        assert figures(lines[2 * i + 1]) == {
            "steps": str(result.steps),
            "evaluations": str(result.evaluations),
            "distance": finite(result.distance.value, 3),
            "floor": finite(result.distance.floor, 3),
            "ratio": finite(result.distance.ratio, 1),
            "spread": finite(result.spread),
            "found": str(result.coverage.found),
            "misplaced": f"{result.coverage.error:.1%}",
        }


def test_reverse_race_gives_the_pages_table(tmp_path: Path) -> None:
    lanes = (
        Lane("sde"),
        Lane("rk45", (("rtol", 1e-2),)),
        Lane("ddim", (("eta", 0.3),)),
        Lane("edm", (("churn", 0.2),)),
    )
    race = race_scenes.race_scene(
        MOONS, DDPM, lanes, 20, 400, 3, true_start=True, show="particles", rescaled=False
    )
    given = [(lane.sampler, lane.values) for lane in lanes]
    script = race_script(MOONS, DDPM, given, 20, 400, 3, true_start=True)
    raced(said(script, tmp_path), race.results)


def test_reverse_race_with_a_learned_score(tmp_path: Path) -> None:
    """A sampler and a loss are both called EDM's: the script tells them apart."""
    network = with_weights("mixture-1d", tmp_path)
    spec = network.spec
    lanes = (Lane("edm"), Lane("no-noise"))
    race = race_scenes.race_scene(
        spec.distribution,
        spec.process,
        lanes,
        12,
        300,
        0,
        true_start=False,
        show="particles",
        rescaled=False,
        network="mixture-1d",
    )
    given = [(lane.sampler, lane.values) for lane in lanes]
    script = race_script(
        spec.distribution, spec.process, given, 12, 300, 0, true_start=False, network=network
    )
    lines = said(script, tmp_path, "--picture")
    assert lines.pop() == "picture=picture.html"
    raced(lines, race.results)


def test_train_learns_the_same_bit_for_bit(tmp_path: Path) -> None:
    config = replace(DEFAULT.config, steps=60, data_size=200)
    spec = replace(DEFAULT, config=config, seed=5)
    lines = said(train_script(spec), tmp_path)
    *_, state = train(spec, device="cpu")
    found = figures(lines[-2])
    assert found["step"] == "60"
    assert found["loss"] == f"{state.loss:.5f}"
    assert found["last"] == f"{float(state.losses[-1]):.6g}"
    end = learning.samples(state.model()).xs[-1]
    reading = truth(spec.distribution, learning.PARTICLES).sliced_wasserstein(end)
    assert figures(lines[-1]) == {
        "distance": f"{reading.value:.5f}",
        "floor": f"{reading.floor:.5f}",
        "ratio": f"{reading.ratio:.1f}",
    }


def test_exact_against_learned_in_every_view(tmp_path: Path) -> None:
    """The error of a learned score, the density that it stands for, and what it memorised."""
    line, moons = with_weights("mixture-1d", tmp_path), with_weights("few-moons", tmp_path)
    error, density, memory, field = said_each(
        [
            learned_script("error", moons, False, 4),
            learned_script("density", line, True, 2),
            learned_script("memory", moons, False, 1),
            learned_script("field", line, False, 0),
        ],
        tmp_path,
    )
    wrong = learned_scenes.errors("few-moons", 4, 450)
    assert figures(error[-1]) == {
        "relative": f"{wrong.relative:.1%}",
        "cosine": f"{wrong.cosine:.4f}",
        "loss": f"{wrong.least + wrong.excess:.4f}",
        "least": f"{wrong.least:.4f}",
    }

    stands_for = learned_scenes.density("mixture-1d", True, 2, 450)
    assert figures(density[-2]) == {
        "ratio": f"{stands_for.distance.ratio:.2f}",
        "floor": f"{stands_for.distance.floor:.3f}",
    }
    assert stands_for.lost is not None
    lost, spread = stands_for.lost
    assert figures(density[-1]) == {"lost": f"{lost:.4f}", "error": f"{spread:.4f}"}

    copies = memory_scenes.memory("few-moons", False, 1, 450)
    assert copies is not None
    assert memory[0].startswith(f"{copies.points} training points")
    medians = dict(line.strip().rsplit(": ", 1) for line in memory[1:])
    assert medians == {label: f"{value:.2g}" for label, value in copies.medians.items()}

    rivals = learned_scenes.rivals_of("mixture-1d")
    t, x = rivals.view.process.grid(100)[50], torch.zeros(1, 1)
    shown = (float(score(x, t)) for score in (rivals.learned, rivals.exact))
    start = next(i for i, line in enumerate(field) if line == f"t={float(t):.6f}")
    assert field[start + 3] == "  at 0: learned {:.5g}, exact {:.5g}".format(*shown)


def test_steps_against_quality_measures_the_same(tmp_path: Path) -> None:
    network = with_weights("moons", tmp_path)
    script = steps_against_quality.quality_script(network, False, 0, (5, 10))
    rows = [figures(line) for line in said(script, tmp_path)]
    growth = growing_quality("moons", False, 0)
    while not any(quality.budget > 10 for quality in growth.found):
        growth.advance(0.01)
    known = {(q.sampler, str(q.budget)): q for q in growth.found}
    assert len(rows) == 2 * len(SAMPLERS) - 1  # the adaptive solver went beyond the second budget
    for row in rows:
        quality = known[row["sampler"], row["budget"]]
        assert row["evaluations"] == str(quality.evaluations)
        assert row["distance"] == f"{quality.distance.value:.5g}"
        assert row["floor"] == f"{quality.distance.floor:.5g}"


def test_my_runs_loads_what_was_downloaded(tmp_path: Path) -> None:
    spec = replace(DEFAULT, config=replace(DEFAULT.config, steps=30))
    *_, state = train(spec, device="cpu")
    reading = truth(spec.distribution, learning.PARTICLES).sliced_wasserstein(
        learning.samples(state.model()).xs[-1]
    )
    run = Run("Mine", to_json(spec), state.weights(), {"losses": state.losses}, {})
    (tmp_path / "somewhere.safetensors").write_bytes(pack(run))
    network = Trained(spec, "elsewhere.safetensors", partial(pack, run))
    lines = said(my_runs.run_script(network), tmp_path, "somewhere.safetensors")
    assert figures(lines[0]) == {
        "evaluations": "20",
        "distance": f"{reading.value:.4f}",
        "floor": f"{reading.floor:.4f}",
    }


@pytest.mark.parametrize("view", ["field", "error", "density", "memory"])
def test_every_view_has_a_whole_recipe(view: str) -> None:
    made = exact_against_learned.recipe(view, trained("mixture-1d"), False, 0)
    assert made.equations
    assert made.functions
    compile(made.script(), view, "exec")
    assert all(read() for read in made.files.values())


def missing(script: str) -> set[str]:
    """Names that a script reads and nobody gives it."""
    tree = ast.parse(script)
    given = bound(tree.body) | set(dir(builtins)) | {"__name__"}
    return {use.name for use in uses(tree.body)} - given


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_has_its_script(name: str) -> None:
    assert not missing(forward_script(DistributionSpec(name), DDPM, 50, 0))


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_has_its_script(name: str) -> None:
    assert not missing(schedules_script([ProcessSpec(name)], MOONS))
    assert not missing(score_script(MOONS, ProcessSpec(name), "samples", 0))


def test_every_sampler_has_its_script() -> None:
    lanes = [(name, ()) for name in SAMPLERS]
    script = race_script(MOONS, DDPM, lanes, 10, 100, 0, true_start=False)
    assert not missing(script)
    assert all(entry.label in script for entry in SAMPLERS.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_its_script(name: str) -> None:
    spec = replace(DEFAULT, network=NetworkSpec(name))
    assert not missing(train_script(spec))
