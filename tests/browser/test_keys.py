"""A player by keys alone, a pane that fills the window, and the ring at a lecturer's pointer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

RACE = "/reverse_race?n=100&steps=10&lane3=none"


def voice(page: Any, text: str) -> None:
    """Wait until a screen reader is told this."""
    page.locator(".dxp > [role=status]", has_text=text).wait_for(state="attached")


def test_keys_fill_the_window_and_zoom_and_the_link_knows(server, open_page: OpenPage):
    page, watched = open_page(server, RACE)
    page.locator(".dxp[data-ready]").wait_for()
    first, second = page.locator(".dxp-stage").all()
    said = first.locator("canvas[role=img]").get_attribute("aria-label")
    assert "Euler–Maruyama" in said
    assert "100 particles" in said
    usual = first.bounding_box()["width"]

    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")  # from wherever nothing is typed
    keys = page.get_by_role("dialog", name="Keys")
    keys.wait_for()
    assert "Fill the window" in keys.inner_text()
    page.keyboard.press("Escape")
    keys.wait_for(state="detached")

    first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    voice(page, "t = 0.9")
    page.keyboard.press("p")
    assert second.evaluate("stage => stage === document.activeElement")
    page.keyboard.press("f")
    page.wait_for_function("location.search.includes('race.pane=2')")
    assert not first.is_visible()
    assert second.bounding_box()["width"] > 1.9 * usual
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function("location.search.includes('race.zoom1=')")
    page.keyboard.press("0")
    page.wait_for_function("!location.search.includes('race.zoom1=')")

    page.reload()
    page.locator(".dxp-filled[data-ready]").wait_for()
    assert not page.locator(".dxp-stage").first.is_visible()
    page.keyboard.press("Escape")  # keys are its own while it has the whole window
    page.wait_for_function("!location.search.includes('race.pane=')")
    assert page.locator(".dxp-stage").first.is_visible()
    assert watched.problems() == []


def test_a_ring_follows_the_pointer_over_pictures_on_a_projector(server, open_page: OpenPage):
    page, watched = open_page(server, f"{RACE}&projector=1", width=1920, height=1080)
    page.locator(".dxp[data-ready]").wait_for()
    ring = page.locator(".dxh-pointer")
    stage = page.locator(".dxp-stage").first
    stage.hover()
    box, round_it = stage.bounding_box(), ring.bounding_box()
    for way, size in (("x", "width"), ("y", "height")):
        gap = round_it[way] + round_it[size] / 2 - (box[way] + box[size] / 2)
        assert abs(gap) < 1.5
    page.keyboard.press("f")
    page.locator(".dxp-filled").wait_for()
    page.mouse.move(900, 500)
    page.mouse.move(910, 510)
    assert ring.is_visible()
    page.locator(".dxp-toggle").hover()
    assert not ring.is_visible(), "controls are left alone"
    page.keyboard.press("h")
    page.mouse.move(900, 500)
    page.mouse.move(910, 510)
    assert not ring.is_visible()
    assert watched.problems() == []


def test_keys_reach_a_picture_under_the_pointer_after_a_click_on_the_pages_text(
    server, open_page: OpenPage
):
    page, watched = open_page(server, RACE)
    page.locator(".dxp[data-ready]").wait_for()
    page.get_by_text("Every sampler starts from the same noise").click()
    page.locator(".dxp-stage").first.hover()
    page.keyboard.press("End")
    voice(page, "t = 0")
    page.keyboard.press("ArrowLeft")
    voice(page, "t = 0.01")
    assert watched.problems() == []
