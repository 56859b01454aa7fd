"""A link opened elsewhere shows the same picture; the tools in a page's head."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import serving
from tests.browser.conftest import OpenPage, settle, turn_to

pytestmark = pytest.mark.browser

START = "/reverse_race?n=300&steps=40&lane3=none&proc=ve"


@pytest.fixture
def two_servers() -> Iterator[tuple[serving.Server, serving.Server]]:
    with serving.serve() as one, serving.serve() as other:
        yield one, other


def query(page: Any) -> str:
    return str(page.evaluate("location.pathname + location.search"))


def tool(page: Any, name: str) -> Any:
    return page.locator(f'.dxh-tool[data-tool="{name}"]')


def scrub(page: Any, position: float) -> None:
    page.locator(".dxp-scrubber").evaluate(
        "(range, to) => { range.value = to; range.dispatchEvent(new Event('input')) }",
        1000 * position,
    )


def shown(page: Any) -> None:
    page.locator(".dxp[data-ready]").first.wait_for()
    settle(page)


def pictures(page: Any) -> list[np.ndarray]:
    page.mouse.move(700, 3)  # off the panes, where the pointer reads values
    page.evaluate("scrollTo(0, 0)")
    page.locator(".dxp-stage").first.scroll_into_view_if_needed()
    return [
        np.asarray(Image.open(io.BytesIO(stage.screenshot())).convert("RGB")).astype(int)
        for stage in page.locator(".dxp-stage").all()
    ]


def differing(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    """The largest share, over the panes, of pixels that differ by more than a shade."""
    return max(
        float((np.abs(a - b).max(axis=-1) > 24).mean()) for a, b in zip(one, other, strict=True)
    )


def test_a_link_opened_elsewhere_shows_the_same(two_servers, open_page: OpenPage):
    one, other = two_servers
    page, watched = open_page(one, START)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown(page)
    usual = pictures(page)
    page.get_by_role("slider", name="λ").first.press("ArrowRight")
    page.locator(".dxp-speed").select_option("2")
    box = page.locator(".dxp-stage").first.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 260, steps=4)
    page.mouse.up()
    scrub(page, 0.37)
    page.wait_for_function("location.search.includes('race.zoom1=')")
    settle(page)
    tool(page, "copy").click()
    page.locator(".dxh-status", has_text="Link copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    for part in ("ve.lam=", "race.at=0.37", "race.speed=2", "race.zoom1="):
        assert part in link
    assert "race.zoom2=" not in link, "a linked pane needs no ranges of its own"

    again, watched_again = open_page(other, link.removeprefix(one.url))
    shown(again)
    assert query(again) == query(page)
    assert again.locator(".dxp").get_attribute("data-position") == "0.3700"
    numbers = "[...document.querySelectorAll('table td, .dxp-note')].map((e) => e.textContent)"
    assert again.evaluate(numbers) == page.evaluate(numbers)
    # ranges are given to a hundred-thousandth of their span: a dot here and there gets another edge
    assert differing(pictures(page), pictures(again)) < 2e-3
    assert differing(pictures(page), usual) > 0.02, "this test must see a difference"
    assert watched.problems() + watched_again.problems() == []


def test_what_a_player_has_in_the_link(server, open_page: OpenPage):
    unusable = "race.at=nan&race.speed=1e999&race.zoom1=1_2_3&race.zoom2=0_1e99_0_1&race.loop=<b>"
    page, watched = open_page(server, f"{START}&{unusable}")
    shown(page)
    page.wait_for_function("!location.search.includes('race.')")  # what is not usable goes
    scrub(page, 0.25)
    page.wait_for_function("location.search.includes('race.at=0.25')")
    # another control writes the whole link from the server's side
    page.get_by_role("slider", name="Steps").press("ArrowRight")
    page.wait_for_function("location.search.includes('steps=41')")
    settle(page)
    page.wait_for_function("location.search.includes('race.at=0.25')")
    turn_to(page, "Score field")
    assert ".at=" not in query(page), "it does not follow to another page"
    page.go_back()
    page.wait_for_function("location.search.includes('race.at=0.25')")
    page.locator('.dxp[data-position="0.2500"]').wait_for()

    tool(page, "reset").click()
    page.wait_for_function("location.pathname + location.search === '/reverse_race'")
    settle(page)
    assert page.locator(".dxp").get_attribute("data-position") != "0.2500"
    assert watched.problems() == []


def test_the_tools_in_the_head_and_the_glossary(server, open_page: OpenPage):
    page, watched = open_page(server, "/glossary?find=tweedie")
    assert page.locator(".dxh-invitation").count() == 0
    tool(page, "code").click()
    sheet = page.get_by_role("dialog", name="QR code of this page's link")
    image = sheet.locator("img")
    image.wait_for()
    page.wait_for_function("document.querySelector('.dxh-code img').naturalWidth > 0")
    assert "127.0.0.1, which is this machine alone" in sheet.inner_text() or (
        "no other can open this link" in sheet.inner_text()
    )
    assert re.search(r"http://\S+/glossary\?find=tweedie", sheet.inner_text())
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")

    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    page.evaluate("void (document.execCommand = () => false)")
    tool(page, "copy").click()  # nothing is allowed: the link is offered
    assert page.get_by_role("textbox", name="Link").input_value() == page.url
    page.keyboard.press("Escape")

    assert page.locator(".st-key-glossary li").count() == 1
    page.get_by_role("textbox", name="Find a term").fill("")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.st-key-glossary li').length > 40")
    assert page.locator(".katex-error").count() == 0
    page.get_by_role("link", name="Noise schedules").first.click()
    page.locator(".st-key-head h1", has_text="Noise schedules").wait_for()
    assert len(page.context.pages) == 1, "in this very tab"

    page.goto(f"{server.url}/")
    page.get_by_role("button", name="New here? A tour of one minute").click()
    callout = page.get_by_role("dialog", name="Tour, 1 of 6")
    callout.get_by_role("button", name="Next").click()
    page.get_by_role("dialog", name="Tour, 2 of 6: Presets").wait_for()  # on a page that has some
    page.keyboard.press("Escape")
    assert page.locator(".dxh-callout").count() == 0
    page.goto(f"{server.url}/")
    tool(page, "tour").wait_for()
    assert page.locator(".dxh-invitation").count() == 0, "never again once seen"
    assert watched.problems() == []
