"""The mathematics in a browser: pictures stand above the fold and follow their sliders."""

from __future__ import annotations

import pytest
from conftest import settle

pytestmark = pytest.mark.browser

PEAK = """() => {
  const trace = document.querySelector('.js-plotly-plot')._fullData[2];
  return trace.x[trace.y.indexOf(Math.max(...trace.y))];
}"""


@pytest.mark.parametrize("view", ["posterior", "bound", "loss"])
def test_a_picture_stands_above_the_fold(view, server, open_page):
    page, watched = open_page(server, f"/mathematics?view={view}&model=mixture-1d&chain=20")
    chart = page.locator(".dxp-stage:has(.js-plotly-plot)").first
    chart.wait_for()
    box = chart.bounding_box()
    assert box["y"] + box["height"] < 900
    assert page.locator(".katex-error").count() == 0
    assert watched.problems() == []


def test_the_posterior_moves_with_the_data_point(server, open_page):
    page, watched = open_page(server, "/mathematics?view=posterior&at=50")
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')?._fullData?.length > 2")
    before = page.evaluate(PEAK)
    thumb = page.get_by_role("slider", name="Data point x₀")
    thumb.focus()
    for _ in range(10):
        thumb.press("ArrowLeft")
    page.wait_for_url("**x0=1*")
    settle(page)
    page.wait_for_function(f"({PEAK})() < {before} - 0.02")
    assert watched.problems() == []


def test_walkers_move_beside_their_equation(server, open_page):
    page, watched = open_page(server, "/mathematics")
    page.locator('.dxp[data-ready="1"]').wait_for()
    assert page.get_by_test_id("stMetricValue").first.inner_text().endswith(")")
    assert page.locator(".katex").count() > 0
    assert watched.problems() == []
