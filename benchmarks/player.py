"""How smoothly and how soon the player shows a full scene: particles, a density and a field.

Frames are counted only where the picture on the canvas differs from the one before it, since an
animation can report 60 frames a second and stand still.
"""

from __future__ import annotations

import io
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import serving

APP = Path(__file__).parent.parent / "tests" / "browser" / "player_app.py"
SECONDS = 4
ROUNDS = 3

# Follows each painted frame with a cheap look at the canvas: a hash of a band through its middle.
COUNT = """async (seconds) => {
  const canvas = document.querySelector(".dxp-front");
  const root = document.querySelector(".dxp");
  const before = Number(root.dataset.paints);
  const start = performance.now();
  let last = 0, changed = 0;
  await new Promise((done) => {
    const look = (now) => {
      const top = Math.floor(canvas.height / 2);
      const { data } = canvas.getContext("2d").getImageData(0, top, canvas.width, 4);
      const words = new Uint32Array(data.buffer);
      let hash = 0;
      for (const word of words) hash = (Math.imul(hash, 31) + word) | 0;
      if (hash !== last) changed += 1;
      last = hash;
      if (now - start < 1000 * seconds) requestAnimationFrame(look);
      else done();
    };
    requestAnimationFrame(look);
  });
  const elapsed = (performance.now() - start) / 1000;
  return {changed: changed / elapsed, painted: (root.dataset.paints - before) / elapsed};
}"""
PAINTED = """async (seconds) => {
  const root = document.querySelector(".dxp");
  const before = Number(root.dataset.paints), start = performance.now();
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  return (root.dataset.paints - before) / ((performance.now() - start) / 1000);
}"""
MARKS = """() => {
  const at = (name) => performance.getEntriesByName(name)[0].startTime;
  return {preview: at("player:preview") - at("player:data"),
          picture: at("player:picture") - at("player:data")};
}"""
LAST_UPDATE = """() => {
  const at = (name) => performance.getEntriesByName(name).at(-1).startTime;
  return at("player:picture") - at("player:data");
}"""
WAIT_FOR_UPDATE = """(version) => new Promise((done) => {
  const root = document.querySelector(".dxp");
  const look = () => (root.dataset.version !== version ? done() : requestAnimationFrame(look));
  look();
})"""


def _stage(page: Any) -> np.ndarray:
    shot = page.locator(".dxp-stage").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def _first_picture(browser: Any, url: str) -> dict[str, float]:
    """Milliseconds from the data's arrival, with nothing in the browser's cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.locator('.dxp[data-ready="1"]').wait_for()
    marks: dict[str, float] = page.evaluate(MARKS)
    context.close()
    return marks


def _from_the_start(page: Any, count: str) -> Any:
    """Counts over most of one run, before the loop lingers at its end."""
    page.get_by_label("To the start (Home)").click()
    return page.evaluate(count, SECONDS)


def _update(page: Any, seed: int) -> tuple[float, float]:
    """Milliseconds until other data are on the screen: from the key press, from their arrival."""
    version = page.locator(".dxp").get_attribute("data-version")
    box = page.get_by_label("seed")
    box.fill(str(seed))
    start = time.perf_counter()
    box.press("Enter")
    page.evaluate(WAIT_FOR_UPDATE, version)
    return 1000 * (time.perf_counter() - start), page.evaluate(LAST_UPDATE)


def _measure(browser: Any, server: serving.Server, particles: int) -> dict[str, Any]:
    url = f"{server.url}/?case=load&particles={particles}"
    firsts = [_first_picture(browser, url) for _ in range(ROUNDS)]
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.locator('.dxp[data-ready="1"]').wait_for()
    page.wait_for_timeout(1000)
    fps = _from_the_start(page, PAINTED)
    counted = _from_the_start(page, COUNT)
    one = _stage(page)
    page.wait_for_timeout(200)
    differ = float((np.abs(_stage(page) - one).sum(axis=-1) > 30).mean())
    updates = [_update(page, seed) for seed in range(1, ROUNDS + 1)]
    bytes_sent = int(page.locator(".dxp").get_attribute("data-bytes"))
    context.close()
    return {
        "fps": round(fps, 1),
        "fps_of_changed_pictures_while_counting": round(counted["changed"], 1),
        "fps_painted_while_counting": round(counted["painted"], 1),
        "share_of_pixels_changed_in_0.2_s": round(differ, 4),
        "layers_visible_ms": round(statistics.median(f["preview"] for f in firsts), 1),
        "first_picture_ms": round(statistics.median(f["picture"] for f in firsts), 1),
        "payload_bytes": bytes_sent,
        "update_visible_ms": round(statistics.median(asked for asked, _ in updates), 1),
        "update_visible_after_data_ms": round(statistics.median(got for _, got in updates), 1),
    }


def run() -> dict[str, Any]:
    """For 2,000 and 5,000 particles × 100 frames in headless Chromium, in milliseconds and fps."""
    with serving.serve(APP) as server, serving.browse() as browser:
        return {str(count): _measure(browser, server, count) for count in (2000, 5000)}
