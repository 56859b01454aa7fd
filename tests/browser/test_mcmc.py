"""What is seen on Diffusion against MCMC: chains in one corner, particles all around."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from conftest import settle
from PIL import Image

pytestmark = pytest.mark.browser


def at_the_end(page: Any) -> None:
    player = page.locator('.dxp[data-ready="1"]').first
    player.wait_for()
    player.press("End")
    page.mouse.move(2, 2)
    page.wait_for_timeout(200)


def extent(page: Any, pane: int) -> np.ndarray:
    """The share of a pane's width and height that its coloured marks span."""
    stage = page.locator(".dxp-stage").nth(pane).screenshot()
    picture = np.asarray(Image.open(io.BytesIO(stage)).convert("RGB")).astype(int)
    coloured = picture.max(axis=2) - picture.min(axis=2) > 90
    rows, columns = np.nonzero(coloured)
    assert len(rows) > 50, "nothing coloured is on the screen"
    return np.array([np.ptp(columns) / picture.shape[1], np.ptp(rows) / picture.shape[0]])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chains_keep_to_one_mode_and_particles_spread_over_the_ring(server, open_page, scheme):
    page, watched = open_page(server, "/diffusion_against_mcmc", scheme=scheme)
    at_the_end(page)
    assert page.locator('.dxp[role="region"] .dxp-stage').count() == 3
    for chains in (0, 1):
        assert extent(page, chains).max() < 0.35
    assert extent(page, 2).min() > 0.5

    page.get_by_role("button", name="Annealing gets out").click()
    page.wait_for_url("**mcmc2=annealed*")
    settle(page)
    at_the_end(page)
    assert extent(page, 0).max() < 0.35
    assert extent(page, 1).min() > 0.5
    assert watched.problems() == []
