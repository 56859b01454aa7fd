"""Whether a link shows the same elsewhere: each page on two fresh servers, pixel by pixel.

`python -m benchmarks links [PATH…]`, of all pages or of those named, such as /guidance. On one
server two sliders and the seed are moved and every player is stopped midway; the other opens the
address that the browser has then.
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Error

from benchmarks import serving
from explorer.ui.menu import MENU

SEED, PLACE = "3", 430
"""The seed that is asked for, and where players are stopped, in thousandths of their clock."""
SHADE = 24
"""Steps of 255 in one colour from which a pixel counts as another one."""
PATIENCE = 60_000
"""Milliseconds for the slowest page, on a busy machine."""

SHOWN = '.dxp-stage, [data-testid="stVegaLiteChart"], [data-testid="stImage"]'
STILL = """() => document.querySelector('[data-test-script-state="notRunning"]')
  && !document.querySelector('.dxp:not([data-ready])')"""
STOP = f"""range => {{
  range.value = {PLACE};
  range.dispatchEvent(new Event('input'));
}}"""

Pixels = npt.NDArray[np.int16]


def run(*paths: str) -> dict[str, Any]:
    """For each page: its link, and the share of pixels that differ in the worst of its pictures.

    None where a page has no picture.  Raises ValueError for a path that is no page's.
    """
    known = [page.path for page in MENU[1:]]
    for path in paths:
        if path not in known:
            raise ValueError(f"{path!r} is no page; choose among {', '.join(known)}")
    pages = {}
    with serving.serve() as one, serving.serve() as other, serving.browse() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE)
        for path in paths or known:
            page, again = context.new_page(), context.new_page()
            _open(page, f"{one.url}{path}")
            _change(page)
            link = page.url.removeprefix(one.url)
            _open(again, f"{other.url}{link}")
            pages[path] = {
                "link": link,
                "kept": again.url.removeprefix(other.url) == link,
                "differing": _differing(_pictures(page), _pictures(again)),
            }
            page.close()
            again.close()
    shares = [found["differing"] for found in pages.values() if found["differing"] is not None]
    return {
        "pages": pages,
        "worst": max(shares, default=None),
        "links_kept": all(found["kept"] for found in pages.values()),
    }


def _open(page: Any, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-head h1").wait_for()
    page.wait_for_timeout(2000)  # until what a page brings late is on its way
    _settle(page)


def _settle(page: Any) -> None:
    """Wait until nothing is computed, nor measured beside the page's run, any more."""
    page.wait_for_function(STILL)
    growing = page.get_by_text("Measuring:")
    if growing.count():
        growing.wait_for(state="detached")
    page.wait_for_timeout(1500)


def _change(page: Any) -> None:
    controls = page.locator(".st-key-controls")
    for slider in controls.get_by_test_id("stSlider").get_by_role("slider").all()[:2]:
        slider.press("ArrowRight")
        _settle(page)
    seeds = controls.get_by_test_id("stNumberInputField")
    if seeds.count():
        with suppress(Error):  # behind a closed door of the page's own
            seeds.last.fill(SEED, timeout=2000)
            seeds.last.press("Enter")
            _settle(page)
    for scrubber in page.locator(".dxp-scrubber").all():
        if scrubber.is_visible():
            scrubber.evaluate(STOP)
    _settle(page)


def _pictures(page: Any) -> list[Pixels]:
    page.bring_to_front()
    page.mouse.move(700, 3)  # off the pictures, where the pointer reads values
    found = []
    for picture in page.locator(SHOWN).all():
        if picture.is_visible():
            picture.scroll_into_view_if_needed()
            image = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
            found.append(np.asarray(image).astype(np.int16))
    return found


def _differing(these: list[Pixels], those: list[Pixels]) -> float | None:
    """The largest share, over the pictures; 1 where there are not the same pictures."""
    if [a.shape for a in these] != [b.shape for b in those]:
        return 1.0
    shares = [
        float((np.abs(a - b).max(axis=-1) > SHADE).mean())
        for a, b in zip(these, those, strict=True)
    ]
    return max(shares, default=None)
