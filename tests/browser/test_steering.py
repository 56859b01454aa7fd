"""Gradients through the sampler in a browser: the target is dragged, and the samples follow."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import settle

pytestmark = pytest.mark.browser


def target_in(url: str) -> tuple[float, float]:
    query = parse_qs(urlsplit(url).query)
    return float(query.get("y1", ["1.7"])[0]), float(query.get("y2", ["0.2"])[0])


def test_the_star_is_dragged_and_the_samples_follow(server, open_page):
    page, watched = open_page(server, "/differentiable_sampler")
    player = page.locator('.dxp[data-ready="1"]')
    player.wait_for()
    box = player.bounding_box()
    assert box["y"] + box["height"] < 900
    first, last = map(float, page.get_by_test_id("stMetricValue").inner_text().split(" → "))
    assert last < 0.5 * first
    plot = page.locator(".dxp-stage .nsewdrag").first.bounding_box()
    half = page.evaluate("document.querySelector('.dxp-plot').layout.xaxis.range[1]")

    def pixels(x: float, y: float) -> tuple[float, float]:
        across, up = (0.5 + value / (2 * half) for value in (x, y))
        return plot["x"] + across * plot["width"], plot["y"] + (1 - up) * plot["height"]

    tip = page.locator(".dxp-tip").first
    version = player.get_attribute("data-version")
    page.mouse.move(*pixels(1.7, 0.2))
    page.mouse.down()
    page.mouse.move(*pixels(0.5, 1.0), steps=3)
    page.mouse.move(*pixels(-1.5, -0.5), steps=3)
    tip.get_by_text("target (−1.", exact=False).wait_for()
    assert "y1=" not in page.url  # Python is not asked before it is let go
    page.mouse.up()
    page.wait_for_url(lambda url: "y1=" in url and "y2=" in url)
    page.wait_for_function("v => document.querySelector('.dxp').dataset.version !== v", arg=version)
    assert target_in(page.url) == pytest.approx((-1.5, -0.5), abs=0.11)
    settle(page)
    first, last = map(float, page.get_by_test_id("stMetricValue").inner_text().split(" → "))
    assert last < 0.5 * first
    # the pane has the focus now: its arrows move the star, and not the clock
    before = target_in(page.url)
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_url(lambda url: target_in(url) != before)
    settle(page)
    assert target_in(page.url) == pytest.approx((before[0] + 0.2, before[1] + 0.1))
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
