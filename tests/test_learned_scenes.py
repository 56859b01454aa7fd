"""Every view of every trained network can be made and sent, and equal requests share one."""

import plotly.graph_objects as go
import pytest
from stills import players
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.training.pretrain import PRETRAINED
from explorer.ui import growing, learned_scenes, memory_scenes
from explorer.ui.player.encode import encode
from explorer.ui.scenes import Scene


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
    at.run()
    at.switch_page(page)
    at.query_params.update(query)
    return at.run()


def sent(picture):
    if isinstance(picture, Scene):
        return encode(picture.panes, picture.clock, {})
    assert isinstance(picture, go.Figure)
    return picture.to_json()


@pytest.mark.parametrize("name", ["mixture-1d", "tutorial", "points"])
def test_every_view_can_be_made_and_sent(name):
    assert sent(learned_scenes.field_scene(name))
    found = learned_scenes.errors(name, 0, 400)
    assert sent(found.where)
    assert sent(found.when)
    assert 0 < found.relative < 0.3
    density = learned_scenes.density(name, False, 0, 400)
    assert sent(density.picture)
    assert (density.lost is None) == (name == "points")
    memory = memory_scenes.memory(name, False, 0, 400)
    assert (memory is None) == (name == "mixture-1d")
    if memory is not None:
        assert sent(memory.picture)
        assert sent(memory.histogram)


def test_a_network_that_saw_few_points_stays_near_them_and_its_optimum_copies_them():
    found = memory_scenes.memory("few-moons", False, 0, 400)
    network, fresh, copies = found.medians.values()
    assert copies < 1e-4 < network < 0.75 * fresh
    lost = learned_scenes.density("few-moons", False, 0, 400).lost
    assert lost[0] > 0.5


def test_the_exact_score_in_the_networks_place_mends_what_is_the_networks_fault():
    wrong, right = (learned_scenes.density("few-moons", exact, 0, 400) for exact in (False, True))
    assert right.distance.value < 0.7 * wrong.distance.value


def test_equal_requests_share_one_picture():
    assert learned_scenes.field_scene("moons") is learned_scenes.field_scene("moons")


def test_quality_grows_as_long_as_somebody_looks():
    growth = growing.growing_quality("mixture-1d", False, 0)
    growth.advance(0.05)
    first = len(growth.found)
    assert first > 0
    assert not growth.done
    assert growing.growing_quality("mixture-1d", False, 0) is growth
    growth.advance(0.05)
    assert len(growth.found) > first


@pytest.mark.parametrize("view", ["field", "error", "density", "memory"])
@pytest.mark.parametrize("name", PRETRAINED)
def test_the_page_shows_every_view_of_every_network(view, name):
    page = opened("pages/exact_against_learned.py", model=name, view=view)
    assert not page.exception
    assert players(page) or page.info[0].value.startswith("This network got new draws")


def test_a_network_that_does_not_exist_gives_the_default_and_a_note():
    page = opened("pages/exact_against_learned.py", model="run-0123456789abcdef")
    assert not page.exception
    assert page.selectbox[0].value == "moons"


def test_steps_against_quality_draws_its_chart_before_anything_is_measured():
    page = opened("pages/steps_against_quality.py", model="points")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 1
