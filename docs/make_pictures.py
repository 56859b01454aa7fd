"""Makes the README's moving pictures: `python docs/make_pictures.py [NAME ...]`, Chromium needed.

Each is a page of a server of its own, played step by step in a browser.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import serving  # noqa: E402
from explorer.export.colours import Bytes, palette  # noqa: E402
from explorer.export.gif import GifWriter  # noqa: E402

SEEN, KEPT = (1440, 900), (960, 600)
"""Pixels of the browser's window, and of the picture."""
FRAMES, STILL, DELAY = 26, 150, 11
"""Frames of a run, and hundredths of a second at its end and at each frame."""


@dataclass(frozen=True)
class Film:
    """A page's link, and how many single steps of its player's clock there are to a frame."""

    link: str
    steps: int = 4


FILMS = {
    "forward_diffusion": Film("/forward_diffusion"),
    "score_field": Film("/score_field?dist2=ring&proc=ddpm"),
    "reverse_race": Film("/reverse_race?dim=2&dist2=moons"),
    "exact_against_learned": Film("/exact_against_learned"),
    "image_race": Film("/image_race", steps=2),
}


def frames(page: Any, film: Film) -> Iterator[Bytes]:
    """Pictures (H, W, 4) of the page from the start of its player's clock to the end."""
    player = page.locator(".dxp").first
    player.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
    player.press("Home")
    player.evaluate("player => { player.style.boxShadow = 'none'; }")  # the focus of the keyboard
    for _ in range(FRAMES):
        page.wait_for_timeout(120)  # a repaint
        seen = Image.open(io.BytesIO(page.screenshot())).convert("RGBA")
        yield np.asarray(seen.resize(KEPT, Image.Resampling.LANCZOS))
        for _ in range(film.steps):
            player.press("ArrowRight")


def made(page: Any, film: Film) -> bytes:
    """The film as a GIF."""
    shots = list(frames(page, film))
    ends = [shots[i] for i in (0, len(shots) // 2, -1)]
    out = io.BytesIO()
    writer = GifWriter(out, *KEPT, palette(ends, first=[(255, 255, 255)]))
    for i, shot in enumerate(shots):
        writer.add(shot, STILL if i == len(shots) - 1 else DELAY)
    writer.close()
    return out.getvalue()


def main(names: list[str]) -> None:
    with serving.browse() as browser, serving.serve() as server:
        for name in names or FILMS:
            film = FILMS[name]
            page = browser.new_page(viewport={"width": SEEN[0], "height": SEEN[1]})
            page.set_default_timeout(240_000)  # pictures are sampled first
            page.goto(f"{server.url}{film.link}")
            page.locator(".dxp[data-ready]").first.wait_for()
            page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
            page.locator(".dxp").first.press("End")  # stops what plays
            gif = made(page, film)
            (HERE / f"{name}.gif").write_bytes(gif)
            print(f"{name}.gif: {len(gif) / 1e6:.2f} MB")
            page.close()


if __name__ == "__main__":
    main(sys.argv[1:])
