"""The scripts of the pages on chains, guidance and the mathematics say what the pages say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from run_alone import figures, said, said_each

from explorer.code.recipes import mathematics
from explorer.code.recipes.density_estimation import density_script
from explorer.code.recipes.differentiable_sampler import Aim, Map, differentiable_script
from explorer.code.recipes.diffusion_against_mcmc import contest_script
from explorer.code.recipes.learned import Trained
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.training import density_networks
from explorer.ui import (
    density_scenes,
    guidance_code,
    guidance_scenes,
    mathematics_scenes,
    mcmc_scenes,
    steering_scenes,
)
from explorer.ui.guidance_scenes import NETWORK_PROCESS, Guide
from explorer.ui.mcmc_panes import finite
from explorer.ui.mcmc_scenes import ChainLane, DiffusionLane
from explorer.ui.steering_scenes import Way
from explorer.ui.weights import trained


def test_diffusion_against_mcmc_gives_the_pages_table(tmp_path: Path) -> None:
    ring, ddpm = DistributionSpec("ring"), ProcessSpec("ddpm")
    lanes = (ChainLane("hmc"), ChainLane("mala", (), 0.6))
    found = mcmc_scenes.contest(ring, ddpm, lanes, DiffusionLane("sde"), True, 60, 200, 3)
    given = [(lane.kernel, lane.values, lane.aim) for lane in lanes]
    script = contest_script(ring, ddpm, given, ("sde", ()), True, 60, 200, 3)
    lines = said(script, tmp_path)
    ends = [figures(line) for line in lines if "evaluations=" in line]
    assert len(ends) == len(found.rows)
    for end, row in zip(ends, found.rows, strict=True):
        assert end == {
            "evaluations": str(row.evaluations),
            "misplaced": f"{row.misplaced:.1%}",
            "spread": finite(row.spread),
            "distance": finite(row.distance.value, 3),
            "ratio": finite(row.distance.ratio, 1),
        }
    taken = [figures(line)["taken"] for line in lines if "taken=" in line]
    summaries = [row.summary for row in found.rows if row.summary is not None]
    assert taken == [f"{summary.acceptance:.0%}" for summary in summaries]


def test_guidance_gives_the_pages_table(tmp_path: Path) -> None:
    """By exact scores in 1D, and within an interval by a network."""
    guides = (
        Guide("neighbours-1d", ProcessSpec("cosine"), 0, 3.0, 0.25, None, False, "heun", 4),
        Guide("branches", NETWORK_PROCESS, 1, 2.0, 0.25, (0.15, 1.0), True, "heun", 1),
    )
    recipes = [guidance_code.recipe(guide) for guide in guides]
    for recipe in recipes:
        for file, read in recipe.files.items():
            (tmp_path / file).write_bytes(read())
    tables = said_each([recipe.script() for recipe in recipes], tmp_path)
    for guide, table in zip(guides, tables, strict=True):
        assert [figures(line) for line in table[1::2]] == [
            {
                "ratio": f"{row.distance.ratio:.1f}",
                "shift": f"{row.shift:.2f}",
                "spread": f"{row.spread:.0%}",
                "found": str(row.found),
                "strays": f"{row.strays:.1%}",
            }
            for row in guidance_scenes.lanes(guide).rows
        ]


def test_the_mathematics_in_four_scripts(tmp_path: Path) -> None:
    """Against the page's own scene, and against the equations worked out here."""
    chain = LinearDDPM(40, 1e-4, 0.25)
    recipes = (
        mathematics.closed_form(chain, 1.5, 0),
        mathematics.posterior(chain, 20, -1.0, 2.0),
        mathematics.loss(chain),
        mathematics.score(DistributionSpec("mixture-1d"), ProcessSpec("cosine")),
    )
    closed, posterior, loss, score = said_each([r.script() for r in recipes], tmp_path)
    walked = mathematics_scenes.closed_form(40, 0.25, 1.5, 0, 1.0)
    assert figures(closed[-1])["gap"] == f"{walked.gap:.2%}"

    betas = chain.betas.tolist()
    before, now = math.prod(1 - b for b in betas[:19]), math.prod(1 - b for b in betas[:20])
    mean = math.sqrt(before) * betas[19] / (1 - now) * -1
    mean += math.sqrt(1 - betas[19]) * (1 - before) / (1 - now) * 2
    found = {name: float(value) for name, value in figures(posterior[0]).items()}
    assert found["mean"] == pytest.approx(mean, abs=6e-5)
    assert found["variance"] == pytest.approx((1 - before) / (1 - now) * betas[19], rel=6e-3)

    half = int(figures(loss[0])["half"])
    assert 1 <= half < 20  # the bound weighs the first steps most
    assert all(float(figures(line)["apart"]) < 1e-6 for line in score)


def test_a_flow_is_steered_and_stretched_alike(tmp_path: Path) -> None:
    """To a target by the exact score with noise held fixed, and as a map by a learned one."""
    moons, cosine = DistributionSpec("moons"), ProcessSpec("cosine")
    exact = Way(moons, cosine, steering_scenes.EXACT, "ddim", (("eta", 0.4),), 10, 2)
    way = Map(moons, cosine, "ddim", (("eta", 0.4),), 10, 2)
    network = trained("few-moons")
    (tmp_path / network.file).write_bytes(network.read())
    spec = network.spec
    learned = Way(spec.distribution, spec.process, "few-moons", "dpm", (), 8, 0)
    by_network = Map(spec.distribution, spec.process, "dpm", (), 8, 0, network)
    steered, mapped = said_each(
        [
            differentiable_script(way, Aim((1.6, 0.2), 3, 6, 0.3)),
            differentiable_script(by_network, None),
        ],
        tmp_path,
    )
    found = steering_scenes.steered(exact, (1.6, 0.2), 3, 6, 0.3)
    (said_of,) = (figures(line) for line in steered if line.startswith("first="))
    assert said_of == {"first": f"{found.first:.2f}", "last": f"{found.last:.2g}"}
    low, middle, high = steering_scenes.mapped(learned).spread
    assert figures(mapped[-1]) == {
        "low": f"{low:.2g}",
        "middle": f"{middle:.2g}",
        "high": f"{high:.2g}",
    }


def test_density_estimation_gives_the_pages_figures(tmp_path: Path) -> None:
    spec = density_networks.spec_of("mixture-1d", 1000, "long")
    place = density_networks.FOLDER / density_networks.name_of("mixture-1d", 1000, "long")
    network = Trained(spec, "given.safetensors", (place / "weights.safetensors").read_bytes)
    (tmp_path / network.file).write_bytes(network.read())
    lines = said(density_script(spec, network, 0, "scott", 0.2), tmp_path)
    choice = density_scenes.Choice(DistributionSpec("mixture-1d"), 1000, 0, "scott", 0.2)
    rows = {row.key: float(row.held_out.mean()) for row in density_scenes.rows_of(choice)}
    for name, key in (("histogram", "histogram"), ("kernels", "kernel"), ("diffusion", "long")):
        (line,) = (line for line in lines if line.startswith(f"{name}:"))
        assert float(figures(line)["held_out"]) == pytest.approx(rows[key], abs=1e-3)
