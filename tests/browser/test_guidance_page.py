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


def middle_of_samples(page, pane: int) -> float:
    """How far right the blue particles of a pane lie in the mean, from 0 to 1."""
    page.mouse.move(2, 2)
    shot = page.locator(".dxp-stage").nth(pane).screenshot()
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    blue = np.abs(pixels - (0, 114, 178)).max(axis=2) < 70
    assert blue.sum() > 300
    return float(np.nonzero(blue)[1].mean() / blue.shape[1])


def test_three_lanes_end_apart(server, open_page):
    page, watched = open_page(server, "/guidance?scores=exact&w=4")
    page.locator('.dxp[data-ready="1"]').wait_for()
    box = page.locator(".dxp").bounding_box()
    assert box["y"] + box["height"] < 900
    assert page.locator(".dxp-stage").count() == 3
    page.locator(".dxp").press("End")
    page.wait_for_timeout(500)
    assert page.locator(".katex-error").count() == 0
    plain, free, auto = (middle_of_samples(page, pane) for pane in range(3))
    assert plain - free > 0.06, "classifier-free guidance leaves the side of the other class"
    assert abs(plain - auto) < 0.03
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
