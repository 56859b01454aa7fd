"""Guidance in a browser: the picture above the fold, strays to be seen, a scale that changes it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from conftest import settle
from PIL import Image

pytestmark = pytest.mark.browser


def strays_said(page) -> list[float]:
    """Of each lane, in percent."""
    notes = page.locator(".dxp").inner_text()
    return [float(part.split("%")[0]) for part in notes.split("strays ")[1:]]


def coloured(page, pane: int, colour: tuple[int, int, int]) -> int:
    """Pixels of a pane that are nearly of this colour."""
    page.mouse.move(2, 2)
    shot = page.locator(".dxp-stage").nth(pane).screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    return int((np.abs(pixels - colour).max(axis=2) < 70).sum())


def test_three_lanes_end_apart(server, open_page):
    page, watched = open_page(server, "/guidance?scores=exact&w=4")
    page.locator('.dxp[data-ready="1"]').wait_for()
    box = page.locator(".dxp").bounding_box()
    assert box["y"] + box["height"] < 900
    assert page.locator(".dxp-stage").count() == 3
    page.locator(".dxp").press("End")
    page.wait_for_timeout(500)
    assert page.locator(".katex-error").count() == 0
    free, auto = (coloured(page, pane, (0, 114, 178)) for pane in (1, 2))
    assert auto > 1.15 * free, "classifier-free guidance crowds into part of the tree"
    assert watched.problems() == []


def test_the_scale_changes_what_is_found(server, open_page):
    page, watched = open_page(server, "/guidance")
    page.locator('.dxp[data-ready="1"]').wait_for()
    plain, free, auto = strays_said(page)
    assert auto < plain < free
    thumb = page.get_by_role("slider", name="Scale w")
    thumb.focus()
    for _ in range(4):
        thumb.press("ArrowLeft")
    page.wait_for_url("**w=1*")
    settle(page)
    page.get_by_text("Classifier-free, w = 1").first.wait_for()
    assert len(set(strays_said(page))) == 1, "at w = 1 all are the class's own score"
    assert watched.problems() == []
