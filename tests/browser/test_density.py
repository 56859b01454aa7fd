"""Density estimation in a browser: all panes above the fold, a slider redraws one of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from conftest import settle
from PIL import Image

pytestmark = pytest.mark.browser

TITLES = (
    "[...document.querySelectorAll('.js-plotly-plot .annotation-text')].map(e => e.textContent)"
)


@pytest.mark.parametrize(("scheme", "query"), [("light", ""), ("dark", "?set=spiral")])
def test_all_panes_stand_above_the_fold_on_one_scale(scheme, query, server, open_page):
    page, watched = open_page(server, f"/density_estimation{query}", scheme=scheme)
    chart = page.locator(".dxp-stage:has(.js-plotly-plot)")
    chart.wait_for()
    page.locator(".js-plotly-plot .heatmaplayer image").first.wait_for()
    box = chart.bounding_box()
    assert box["y"] + box["height"] < 900
    assert page.locator(".js-plotly-plot .heatmaplayer image").count() == 6
    assert page.locator(".js-plotly-plot .colorbar").count() == 1
    assert page.evaluate(TITLES)[:2] == ["Training points", "Truth"]
    assert watched.problems() == []


def test_more_bins_redraw_the_histogram(server, open_page):
    page, watched = open_page(server, "/density_estimation?bins=3")
    page.wait_for_function(f"() => ({TITLES}).includes('Histogram, 3 × 3')")
    thumb = page.get_by_role("slider", name="Bins along each axis")
    thumb.focus()
    thumb.press("ArrowRight")
    page.wait_for_url("**bins=4*")
    settle(page)
    page.wait_for_function(f"() => ({TITLES}).includes('Histogram, 4 × 4')")
    assert watched.problems() == []

    changed = picture(page)
    page.reload()
    page.wait_for_function(f"() => ({TITLES}).includes('Histogram, 4 × 4')")
    opened = picture(page)
    assert np.abs(opened - changed).max() <= 24, "a link shows the same, the colour scale with it"


def picture(page) -> np.ndarray:
    settle(page)
    page.mouse.move(700, 3)  # off the panes, where the pointer reads values
    shot = page.locator(".dxp-stage:has(.js-plotly-plot)").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def test_on_a_phone_two_panes_lie_beside_each_other(server, open_page):
    page, watched = open_page(server, "/density_estimation", width=390, height=844)
    page.locator(".js-plotly-plot .heatmaplayer image").first.wait_for()
    frames = page.locator(".js-plotly-plot .nsewdrag")
    widths = [frame.bounding_box()["width"] for frame in frames.all()]
    assert len(widths) == 7
    assert min(widths) > 120
    assert watched.problems() == []
