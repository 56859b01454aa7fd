"""The page on guidance: every view opens, and says what the mathematics says."""

from __future__ import annotations

import time
from typing import Any

import pytest
from stills import charts, players
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.layers import Arrows, Particles
from explorer.training.labelled import LabelledSpec, train
from explorer.ui import guidance_live
from explorer.ui import guidance_scenes as scenes
from explorer.ui.guidance_scenes import Guide


def opened(query: dict[str, Any]) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.switch_page("pages/guidance.py")
    at.query_params.update(query)
    at.run()
    assert not at.exception
    return at


def guide(**changes: Any) -> Guide:
    values = {
        "data": "branches",
        "process": ProcessSpec("cosine"),
        "label": 0,
        "scale": 3.0,
        "blur": 0.25,
        "within": None,
        "network": False,
        "sampler": "heun",
        "seed": 0,
    }
    return Guide(**(values | changes))


@pytest.mark.parametrize("score", ["learned", "exact"])
@pytest.mark.parametrize("view", ["samples", "field", "density", "scales"])
def test_every_view_opens(view: str, score: str):
    at = opened({"view": view, "scores": score, "classes": "overlap"})
    assert len(charts(at)) == (3 if view == "scales" else 0)
    assert len(players(at)) >= 1


@pytest.mark.parametrize("view", ["samples", "field", "density", "scales"])
def test_every_view_opens_on_the_line(view: str):
    opened({"view": view, "scores": "exact", "classes": "neighbours-1d"})


@pytest.mark.parametrize("network", [False, True])
def test_away_from_the_other_class_the_mean_shifts_and_away_from_a_weaker_model_it_stays(network):
    plain, free, auto = scenes.lanes(guide(network=network)).rows
    assert plain.shift < 0.15
    assert free.shift > 0.5 > 0.2 > auto.shift
    assert free.found < plain.found
    assert auto.strays <= plain.strays
    assert free.spread < 0.9 < auto.spread
    assert free.distance.ratio > 3 * auto.distance.ratio


def test_at_one_all_methods_are_the_class_itself():
    rows = scenes.lanes(guide(scale=1.0)).rows
    assert len({(row.shift, row.spread, row.strays) for row in rows}) == 1


def test_within_an_interval_guidance_costs_less():
    whole = scenes.lanes(guide(scale=4.0)).rows[1]
    part = scenes.lanes(guide(scale=4.0, within=(0.1, 0.7))).rows[1]
    assert part.distance.ratio < 0.6 * whole.distance.ratio
    assert part.found > whole.found


def test_strays_wear_the_colour_of_strays():
    found = scenes.lanes(guide(network=True))
    for pane, row in zip(found.scene.panes, found.rows, strict=True):
        moving = pane.layers[-1]
        assert isinstance(moving, Particles)
        assert moving.colours is not None
        assert float((moving.colours == 1).mean()) == pytest.approx(row.strays)


def test_the_push_leads_away_from_the_other_class():
    push = scenes.field(guide(data="overlap")).panes[1].layers[-1]
    assert isinstance(push, Arrows)
    middle = push.vectors[len(push.vectors) // 2]
    assert bool((middle[:, 0] < 1e-6).all()), "the other class lies at the right"
    assert float(middle[:, 0].min()) < -0.05
    other = scenes.field(guide(data="overlap", label=1)).panes[1].layers[-1]
    assert isinstance(other, Arrows)
    assert float(other.vectors[len(other.vectors) // 2][:, 0].max()) > 0.05


def test_what_is_drawn_is_not_the_tilted_density():
    guided = scenes.densities(guide(data="neighbours-1d", scale=2.0), 400)
    assert guided.distance.ratio > 5
    plain = scenes.densities(guide(data="neighbours-1d", scale=1.0), 400)
    assert plain.distance.ratio < 3, "at w = 1 they are the same"


def test_a_training_is_watched_to_its_end():
    at = opened({"view": "learn", "learn.steps": "500"})
    next(button for button in at.button if button.label == "Train").click().run()
    assert not at.exception
    deadline = time.monotonic() + 50
    while not any("Trained in" in text.value for text in at.markdown):
        assert time.monotonic() < deadline
        time.sleep(0.5)
        at.run()
        assert not at.exception
    assert len(at.get("bidi_component")) >= 1


def test_what_is_learned_early_is_the_weaker_model():
    spec = LabelledSpec(width=32, depth=2, steps=400, batch=256, early=20)
    *_, lesson = train(spec)
    plain, _, auto = guidance_live.learned(guide(network=True), lesson, 200, 1.0).rows
    assert auto.strays < plain.strays
