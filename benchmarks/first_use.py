"""From the open app to a distribution of one's own, drawn, trained and taken home, in a browser.

Each click and how many seconds after the page was asked for it was answered.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import serving

PATIENCE = 170_000  # milliseconds: three minutes for all of it

Point = tuple[float, float]


def run() -> dict[str, Any]:
    """The clicks in their order with their seconds, and the bytes of the film and of the page."""
    with serving.browse() as browser, serving.serve() as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE)
        clicks: list[tuple[str, float]] = []
        begun = time.perf_counter()

        def answered(what: str) -> None:
            clicks.append((what, round(time.perf_counter() - begun, 1)))

        page.goto(f"{server.url}/")
        page.locator(".st-key-head h1").wait_for()
        answered("the app is open")
        page.locator('[data-testid="stSidebar"] a', has_text="Train").first.click()
        page.locator(".st-key-head h1", has_text="Train").wait_for()
        answered("Train, in the menu")
        page.get_by_role("combobox", name="Distribution").click()
        page.get_by_role("option", name="Your own data").first.click()
        opener = page.get_by_role("button", name="Draw, paste or upload")
        opener.wait_for()
        answered("Distribution, Your own data")
        opener.click()
        dialog = page.get_by_role("dialog")
        dialog.locator("canvas").first.wait_for()
        answered("Draw, paste or upload")
        _draw(page)
        dialog.get_by_role("button", name="Use this drawing").click()
        dialog.wait_for(state="detached")
        answered("a face of four strokes, Use this drawing")
        page.get_by_role("button", name="Train", exact=True).first.click()
        page.get_by_role("button", name="Stop").wait_for()
        page.get_by_role("button", name="Stop").wait_for(state="detached")
        answered("Train: the network is trained")
        page.get_by_role("button", name="Export").first.click()
        film = _made(page, "GIF")
        answered("Export, Make the GIF, Download")
        dialog.get_by_role("button", name="Make another").click()
        whole = _made(page, "HTML")
        answered("Make another, HTML, Make the HTML, Download")
    seconds = [{"after": at, "click": what} for what, at in clicks]
    return {"seconds": clicks[-1][1], "clicks": seconds, "gif_bytes": film, "html_bytes": whole}


def _draw(page: Any) -> None:
    """A face: a round, two eyes, a mouth."""
    box = page.get_by_role("dialog").locator("canvas").first.bounding_box()
    x, y, r = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.32 * box["height"]

    def arc(radius: float, start: float, end: float) -> list[Point]:
        angles = [start + (end - start) * k / 30 for k in range(31)]
        return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]

    eyes = [[(x + side * r + 3 * k, y - 0.3 * r) for k in range(4)] for side in (-0.4, 0.4)]
    for points in (arc(r, 0, math.tau), *eyes, arc(0.6 * r, 0.15 * math.pi, 0.85 * math.pi)):
        _stroke(page, points)


def _stroke(page: Any, points: Sequence[Point]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    page.mouse.up()


def _made(page: Any, form: str) -> int:
    """Bytes of the file that the dialog makes of this form and the browser takes."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name=form, exact=True).click()
    dialog.get_by_role("button", name=f"Make the {form}").click()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    return int(download.value.path().stat().st_size)
