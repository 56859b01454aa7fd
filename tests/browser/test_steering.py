"""Gradients through the sampler in a browser: a click moves the target, and the sample follows."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import settle

pytestmark = pytest.mark.browser


def target_in(url: str) -> tuple[float, float]:
    query = parse_qs(urlsplit(url).query)
    return float(query.get("y1", ["1.7"])[0]), float(query.get("y2", ["0.2"])[0])


def test_a_click_moves_the_target_and_the_samples_follow(server, open_page):
    page, watched = open_page(server, "/differentiable_sampler")
    page.locator('.dxp[data-ready="1"]').wait_for()
    box = page.locator(".dxp").bounding_box()
    assert box["y"] + box["height"] < 900
    version = page.locator(".dxp").get_attribute("data-version")
    area = page.locator(".st-key-target-chart .nsewdrag").first
    area.scroll_into_view_if_needed()
    plot = area.bounding_box()
    half = page.evaluate(
        "document.querySelector('.st-key-target-chart .js-plotly-plot').layout.xaxis.range[1]"
    )
    wanted = (-1.5, -0.5)
    across, up = (0.5 + value / (2 * half) for value in wanted)
    page.mouse.move(plot["x"] + across * plot["width"], plot["y"] + (1 - up) * plot["height"])
    page.wait_for_timeout(400)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(lambda url: "y1=" in url)
    settle(page)
    page.wait_for_function("v => document.querySelector('.dxp').dataset.version !== v", arg=version)
    assert target_in(page.url) == pytest.approx(wanted, abs=0.2)
    first, last = (float(v) for v in page.get_by_test_id("stMetricValue").all_inner_texts())
    assert last < 0.5 * first
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_the_map_plays_and_can_be_read(server, open_page):
    page, watched = open_page(server, "/differentiable_sampler?view=map")
    page.locator('.dxp[data-ready="1"]').wait_for()
    page.locator(".dxp").press("End")
    pane = page.locator(".dxp-stage").nth(1).bounding_box()
    page.mouse.move(pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    page.get_by_text("log₁₀|det J|", exact=False).last.wait_for()
    assert page.locator(".katex-error").count() == 0
    assert watched.problems() == []
