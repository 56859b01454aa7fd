"""How long a user waits: from a change of a control to the changed picture, and for pages to open.

The player marks its root with `data-version`, which grows when new data has been painted. Plotly
charts are told apart by what they drew.
"""

from __future__ import annotations

import math
import random
import re
import statistics
import time
from typing import Any

from playwright.sync_api import TimeoutError

from benchmarks import serving
from benchmarks.serving import Server
from explorer.ui.menu import MENU, Page

CHANGES = 50
_PATIENCE = 4_000
_SETTLED = 1_500
"""Milliseconds after which a picture stays as it is, if the page's run has ended long before."""

# A number that changes whenever a picture on the page does.
_PICTURE = """() => {
  const players = [...document.querySelectorAll('[data-version]')].map(e => e.dataset.version);
  const charts = [...document.querySelectorAll('.js-plotly-plot .main-svg')]
    .filter(e => !e.closest('[data-version]')).map(e => e.innerHTML);
  const text = players.join('|') + charts.join('|');
  let hash = 7;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
  return hash + ':' + text.length;
}"""

# Whether the picture is another one; or has had the time to be, and nothing is on its way any more.
_ANSWERED = f"""([before, settled]) => {{
  if (({_PICTURE})() !== before) return true;
  const app = document.querySelector('[data-testid="stApp"]');
  if (app.dataset.testScriptState !== 'notRunning') window.__ranAt = performance.now();
  window.__pressedAt ??= performance.now();
  const since = Math.max(window.__pressedAt, window.__ranAt ?? 0);
  return performance.now() - since > settled;
}}"""


def run() -> dict[str, Any]:
    """Seconds: the start, each switch of pages, and each page's changes (median and 95th)."""
    with serving.browse() as browser:
        with serving.serve():
            pass  # fills the disk cache, so that the measured start is a warm one
        begin = time.perf_counter()
        with serving.serve() as server:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(server.url)
            page.locator('[data-card="paths"]').wait_for()
            start = time.perf_counter() - begin
            page.wait_for_timeout(4000)
            switches = {entry.title: _switch(page, entry) for entry in MENU[1:]}
            page.close()
            pages = {entry.title: _changes(browser, server, entry) for entry in MENU[1:]}
            busy = _while_training(browser, server)
    return {
        "start_to_first_page_s": round(start, 2),
        "page_switch_s": switches,
        "change_to_picture_s": pages,
        "score_field_while_a_network_trains_s": busy,
    }


def _switch(page: Any, entry: Page) -> float:
    """From the click in the menu to the end of the page's run, its head in sight."""
    menu = page.get_by_test_id("stSidebar").get_by_role("navigation")
    named = page.locator("a", has_text=re.compile(f"{re.escape(entry.title)}$"))
    link = menu.locator(named)
    if not link.is_visible():
        menu.locator("details", has=named).locator("summary").click()
    begin = time.perf_counter()
    link.click()
    page.locator(".st-key-head h1", has_text=entry.title).wait_for()
    head = time.perf_counter() - begin
    _await_idle(page)
    page.wait_for_timeout(500)
    return round(head, 2)


def _changes(browser: Any, server: Server, entry: Page) -> dict[str, float | int]:
    """A page's changes after it was opened by its link."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{server.url}{entry.path}")
    page.locator(".st-key-head h1").wait_for()
    try:
        page.locator(".st-key-controls [data-testid]").first.wait_for(timeout=_PATIENCE)
    except TimeoutError:  # a page without controls
        page.close()
        return {"changes": 0}
    found = _change_at_random(page)
    page.close()
    return found


def _change_at_random(page: Any) -> dict[str, float | int]:
    """Random changes: of sliders, one key press each; where there are none, of segments."""
    rng = random.Random(0)
    controls = page.locator(".st-key-controls")
    sliders = controls.get_by_test_id("stSlider").get_by_role("slider")
    segments = controls.get_by_test_id("stButtonGroup").locator('button:not([aria-checked="true"])')
    _await_idle(page)
    page.wait_for_timeout(3000)  # until whatever the browser loads late is there
    waits = []
    missed = 0
    for _ in range(CHANGES):
        if sliders.count():
            sliders.nth(rng.randrange(sliders.count())).focus()
            press = rng.choice(("ArrowRight", "ArrowLeft"))
        elif segments.count():
            segments.nth(rng.randrange(segments.count())).focus()
            press = "Enter"
        else:
            break
        before = page.evaluate(_PICTURE)
        page.evaluate("delete window.__pressedAt")
        begin = time.perf_counter()
        page.keyboard.press(press)
        page.wait_for_function(_ANSWERED, arg=[before, _SETTLED])
        waits.append(time.perf_counter() - begin)
        if page.evaluate(_PICTURE) == before:  # as at the end of a slider
            waits.pop()
            missed += 1
        _await_idle(page)
    if not waits:
        return {"changes": 0, "without_effect": missed}
    return {
        "changes": len(waits),
        "without_effect": missed,
        "median": round(statistics.median(waits), 3),
        "p95": round(sorted(waits)[max(0, math.ceil(0.95 * len(waits)) - 1)], 3),
    }


def _while_training(browser: Any, server: Server) -> dict[str, float | int]:
    """The Score field's changes while the same session's network trains."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{server.url}/train?steps=50000")
    bar = page.locator(".st-key-train-bar")
    bar.get_by_text("Train", exact=True).click()
    page.get_by_test_id("stMetricValue").first.wait_for()
    _switch(page, next(entry for entry in MENU if entry.path == "/score_field"))
    waits = _change_at_random(page)
    _switch(page, next(entry for entry in MENU if entry.path == "/train"))
    bar.get_by_text("Stop", exact=True).click()  # fails if the training has ended by itself
    page.close()
    return waits


def _await_idle(page: Any) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
