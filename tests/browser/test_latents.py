"""Latent diffusion and seed space as a person sees and works them."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from conftest import settle
from PIL import Image

pytestmark = pytest.mark.browser

GREY = np.array([0x80, 0x80, 0x80])
BLUE = np.array([0x00, 0x72, 0xB2])


def pixels(page, locator) -> np.ndarray:
    page.mouse.move(2, 2)
    page.wait_for_timeout(150)
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)


def near(picture: np.ndarray, colour: np.ndarray) -> int:
    return int((np.abs(picture - colour).sum(axis=-1) < 60).sum())


def test_the_lane_without_noise_ends_grey_and_the_others_in_four_colours(server, open_page):
    page, watched = open_page(server, "/latent_diffusion?steps=50")
    page.locator('.dxp[role="region"][data-ready="1"]').wait_for()
    page.locator('.dxp[role="region"]').first.press("End")
    stages = page.locator(".dxp-stage")
    assert stages.count() == 4
    pictures = [pixels(page, stages.nth(k)) for k in range(4)]
    for k in (0, 2, 3):
        assert near(pictures[k], BLUE) > 60
    assert near(pictures[1], BLUE) == 0
    assert near(pictures[1], GREY) > 60
    box = stages.first.bounding_box()
    assert box["y"] + box["height"] < 900, "the picture stands above the fold"
    assert watched.problems() == []


def seed_in(url: str) -> tuple[float, float]:
    """The chosen seed as the link has it; what is not there is the page's own."""
    query = parse_qs(urlparse(url).query)
    return float(query.get("x1", ["1"])[0]), float(query.get("x2", ["0.6"])[0])


def click(page, pane: int, x: float, y: float) -> None:
    """Click a map where its axes say (x, y), and wait for the page that follows."""
    box = page.locator(".st-key-maps .nsewdrag").nth(pane).bounding_box()
    before, version = page.url, page.locator('.dxp[role="region"]').get_attribute("data-version")
    page.mouse.click(
        box["x"] + (0.5 + x / 6) * box["width"], box["y"] + (0.5 - y / 6) * box["height"]
    )
    page.wait_for_url(lambda url: url != before)
    settle(page)
    page.wait_for_function(
        "v => document.querySelector('.dxp[role=region]').dataset.version !== v", arg=version
    )


def test_a_click_chooses_a_seed_and_the_link_keeps_it(server, open_page):
    page, watched = open_page(server, "/seed_space?steps=20")
    page.locator('.dxp[role="region"][data-ready="1"]').wait_for()
    click(page, 0, -1.5, -1.5)
    assert seed_in(page.url) == pytest.approx((-1.5, -1.5), abs=0.05)
    click(page, 1, 0.5, 1.5)
    chosen = seed_in(page.url)
    assert chosen == pytest.approx((0.5, 1.5), abs=0.05)
    page.locator(".st-key-maps .dxp-stage").first.press("ArrowLeft")
    page.wait_for_url("**x1=0.4*")
    settle(page)
    page.reload()
    settle(page)
    assert seed_in(page.url) == pytest.approx((0.4, 1.5), abs=0.05)
    assert page.locator(".stPlotlyChart").count() == 0, "Streamlit's own Plotly is 4.7 MB"
    assert page.get_by_test_id("stException").count() == 0
    assert watched.problems() == []


def test_both_networks_learn_while_one_watches(server, open_page):
    page, watched = open_page(
        server, "/latent_diffusion?view=train&ours.vae_steps=500&ours.updates=500"
    )
    bar = page.locator(".st-key-latent-bar")
    bar.get_by_text("Train both").click()
    bar.get_by_text("Trained in").wait_for()
    page.locator('.dxp[role="region"][data-ready="1"]').wait_for()
    page.locator(".dxp-stage").nth(1).wait_for()
    page.get_by_text("Clear, sampled").wait_for()
    assert watched.problems() == []
    assert "Traceback" not in server.log()
