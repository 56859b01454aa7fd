"""The page on gradients through a sampler: its views, its target, and what its scenes show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.layers import Density, Particles, Readout
from explorer.ui import steering_scenes as scenes
from explorer.ui.steering_scenes import EXACT, Way


def opened(query: dict[str, Any]) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.switch_page("pages/differentiable_sampler.py")
    at.query_params.update(query)
    at.run()
    assert not at.exception
    return at


def way(sampler: str = "dpm", distribution: str = "tutorial", **values: float) -> Way:
    return Way(
        DistributionSpec(distribution),
        ProcessSpec("cosine"),
        EXACT,
        sampler,
        tuple(values.items()),
        20,
        0,
    )


@pytest.mark.parametrize("view", ["steer", "map"])
@pytest.mark.parametrize(
    "query", [{}, {"by": "moons"}, {"smooth": "ddpm"}, {"proc": "ve", "dist2": "ring"}]
)
def test_every_view_opens(view: str, query: dict[str, str]):
    at = opened({"view": view, **query})
    assert len(at.get("bidi_component")) >= 1
    assert not at.get("plotly_chart")


def test_the_link_holds_the_target():
    at = opened({"y1": "-1.2", "y2": "0.5", "dist2": "tutorial"})
    assert (at.slider(key="y1").value, at.slider(key="y2").value) == (-1.2, 0.5)


def test_the_samples_move_to_the_target_and_the_trajectories_lead_to_them():
    target = (2.2, -1.2)
    found = scenes.steered(way(), target, 4, 40, 0.3)
    assert found.last < 0.1 < found.first
    data, noise, _ = found.scene.panes
    trails, heads = (layer for layer in data.layers if isinstance(layer, Particles))
    assert heads.xy.shape == (41, 4, 2)
    assert np.abs(heads.xy[-1] - target).max() < 0.1
    np.testing.assert_allclose(trails.xy[:, -4:], heads.xy, atol=1e-6)
    path = next(layer for layer in noise.layers if isinstance(layer, Particles))
    np.testing.assert_allclose(trails.xy[:, :4], path.xy, atol=1e-5)
    assert found.scene.clock.values == (0.0, 40.0)


def test_the_descent_ends_where_the_landscape_is_lowest():
    _, noise, _ = scenes.steered(way(), (2.2, -1.2), 4, 40, 0.3).scene.panes
    shade = next(layer for layer in noise.layers if isinstance(layer, Density))
    path = next(layer for layer in noise.layers if isinstance(layer, Particles))
    side = shade.values.shape[1]
    row, column = np.unravel_index(shade.values[0].argmax(), (side, side))
    axis = np.linspace(*shade.x, side)
    lowest = np.array([axis[column], axis[row]])
    assert np.abs(path.xy[-1] - lowest).max() < 2.5 * (axis[1] - axis[0])


def test_part_of_the_noise_can_be_held_and_all_of_it_forgets_the_start():
    part = scenes.steered(way("ddim", eta=0.4), (1.6, -0.8), 3, 40, 0.3)
    assert part.last < 0.1 * part.first
    flow, full = scenes.mapped(way()), scenes.mapped(way("ddpm"))
    assert full.spread[1] < 0.05 * flow.spread[1]


def test_the_map_is_read_as_it_is_shown():
    found = scenes.mapped(way())
    lines, stretch = found.scene.panes
    carried = next(layer for layer in lines.layers if isinstance(layer, Particles))
    assert carried.xy.shape[0] == 21
    readout = next(layer for layer in stretch.layers if isinstance(layer, Readout))
    logs, first, second = readout.channels.values()
    np.testing.assert_allclose(logs[0], 0, atol=0.01)
    np.testing.assert_allclose(np.log10(first * second)[-1], logs[-1], atol=0.05)
    assert bool((first >= second - 1e-6).all())
