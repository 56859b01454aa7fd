"""Every scene can be made and sent, from the gentlest settings to the ends of every control."""

import math
import random
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.spec import DistributionSpec
from explorer.diffusion.doctor import diagnose, repair
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.registry import Entry
from explorer.ui import race_scenes, scenes
from explorer.ui.player.encode import encode

ROOT = Path(__file__).parents[1]


def values(entry: Entry, rng: random.Random) -> tuple:
    return tuple((p.name, rng.choice([p.low, p.default, p.high])) for p in entry.params)


def any_process(rng: random.Random) -> ProcessSpec:
    while True:
        name = rng.choice(list(PROCESSES))
        spec = ProcessSpec(name, values(PROCESSES[name], rng))
        try:
            spec.build()
        except ValueError:
            continue  # β_1 above β_T: refused by the process itself
        return spec


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_scenes_stand_the_ends_of_all_controls(name):
    rng = random.Random(name)
    for _ in range(2):
        distribution = DistributionSpec(name, values(DISTRIBUTIONS[name], rng))
        process, rescaled = any_process(rng), rng.random() < 0.5
        lanes = tuple(
            race_scenes.Lane(lane, values(SAMPLERS[lane], rng))
            for lane in rng.sample([*SAMPLERS], 3)
        )
        made = [scenes.forward_scene(distribution, process, 60, 0, rescaled)]
        if DISTRIBUTIONS[name].dim == 2:
            for at in ("grid", "samples"):
                made.append(scenes.score_scene(distribution, process, at, True, 0, rescaled))
        for show in ("particles", "density"):
            race = race_scenes.race_scene(
                distribution,
                process,
                lanes,
                5,
                60,
                0,
                true_start=True,
                show=show,
                rescaled=rescaled,
            )
            made.append(race.scene)
        for scene in made:
            assert encode(scene.panes, scene.clock, {})


def test_a_board_between_the_points_of_the_mesh_has_a_picture():
    process = ProcessSpec("edm", (("sigma_min", 0.002), ("sigma_max", 100.0), ("rho", 7.0)))
    scene = scenes.score_scene(DistributionSpec("checkerboard"), process, "grid", False, 0, False)
    assert encode(scene.panes, scene.clock, {})


def test_equal_requests_share_one_scene():
    request = (DistributionSpec("ring"), ProcessSpec("cosine"), 100, 3, False)
    assert scenes.forward_scene(*request) is scenes.forward_scene(*request)


def test_the_default_race_shows_the_collapse():
    lanes = tuple(race_scenes.Lane(name) for name in ("sde", "flow", "no-noise"))
    race = race_scenes.race_scene(
        DistributionSpec("moons"),
        ProcessSpec("ddpm"),
        lanes,
        100,
        1000,
        0,
        true_start=False,
        show="particles",
        rescaled=False,
    )
    stochastic, flow, silent = race.results
    assert stochastic.distance.ratio < 2
    assert flow.distance.ratio < 2
    assert silent.distance.ratio > 5
    assert silent.spread < 0.3


def test_a_race_of_many_steps_is_shown_by_some_of_its_states_from_its_start_to_its_end():
    asked = DistributionSpec("tutorial"), ProcessSpec("cosine")
    lane = (race_scenes.Lane("flow"),)
    race = race_scenes.race_scene(
        *asked, lane, 400, 50, 0, true_start=False, show="particles", rescaled=False
    )
    moving = race.scene.panes[0].layers[-1]
    assert race.results[0].steps == 400
    assert 100 < len(moving.times) < 130
    assert (moving.times[0], moving.times[-1]) == pytest.approx((0, 1), abs=1e-6)


def test_the_doctor_catches_ten_short_steps_and_mends_them():
    short = {"steps": 10, "beta_start": 1e-4, "beta_end": 0.01}
    data = DISTRIBUTIONS["moons"].build()
    ill = diagnose(PROCESSES["ddpm"].build(short), data)
    assert ill.alpha_bar == pytest.approx(0.9506, abs=1e-3)
    assert ill.verdict == "ill"
    mended = {**short, **repair("ddpm", short, data)}
    assert diagnose(PROCESSES["ddpm"].build(mended), data).verdict == "healthy"


@pytest.mark.parametrize("name", ["cosine", "straight", "edm"])
def test_the_doctor_finds_nothing_where_nothing_is_wrong(name):
    assert diagnose(PROCESSES[name].build(), DISTRIBUTIONS["tutorial"].build()).verdict == "healthy"


def test_a_single_point_has_no_width_to_measure_noise_by():
    found = diagnose(PROCESSES["ddpm"].build(), DISTRIBUTIONS["points"].build({"points": 1}))
    assert math.isnan(found.noise)
    assert math.isnan(found.mean_left)
    at = AppTest.from_file(str(ROOT / "pages/noise_schedules.py"), default_timeout=60)
    at.query_params.update({"dim": "2", "dist2": "points", "points.points": "1"})
    at.run()
    assert not at.exception
    assert [m.value for m in at.metric][1:3] == ["–", "–"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"dim": "2", "dist2": "moons"}, "known exactly here, for noise turns"),
        ({"dim": "1", "dist1": "ramp-1d"}, "stands in for the data"),
        ({"dim": "2", "dist2": "checkerboard"}, "blurs the sides of every field"),
    ],
)
def test_forward_diffusion_says_how_its_density_is_known(query, says):
    at = AppTest.from_file(str(ROOT / "pages/forward_diffusion.py"), default_timeout=60)
    at.query_params.update(query)
    at.run()
    assert not at.exception
    assert any(says in text.value for text in at.markdown)


def test_the_score_of_a_field_is_not_written_as_a_gaussians():
    for shape, gaussian in (("checkerboard", False), ("moons", True)):
        at = AppTest.from_file(str(ROOT / "pages/score_field.py"), default_timeout=60)
        at.query_params.update({"dist2": shape})
        at.run()
        assert not at.exception
        assert any("C_k" in text.value for text in at.latex) == gaussian
        assert any("a field is flat" in text.value for text in at.markdown) != gaussian
