"""The score under the pointer: what is read there is what the library says of that very point."""

from __future__ import annotations

import pytest
import torch
from conftest import OpenPage
from playwright.sync_api import Page

from benchmarks.serving import Server
from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import PROCESSES

pytestmark = pytest.mark.browser


def scale_of(page: Page, axis: str) -> tuple[float, float]:
    """Where 0 lies on the screen, and how many pixels one unit of the axis is long."""
    marks = {}
    for mark in page.locator(".dxp-stage").first.locator(f".{axis}tick text").all():
        box = mark.bounding_box()
        centre = box["x"] + box["width"] / 2 if axis == "x" else box["y"] + box["height"] / 2
        marks[float((mark.text_content() or "").replace("−", "-"))] = centre
    low, high = min(marks), max(marks)
    unit = (marks[high] - marks[low]) / (high - low)
    return marks[low] - low * unit, unit


def told(page: Page) -> dict[str, tuple[float, ...]]:
    """Name → numbers of the label beside the pointer."""
    text = (page.locator(".dxp-tip").first.text_content() or "").replace("−", "-")
    parts = (part.split(" = ") for part in text.split("  "))
    return {name: tuple(map(float, value.strip("()").split(", "))) for name, value in parts}


def test_the_label_reads_the_exact_score_and_density(server: Server, open_page: OpenPage):
    """The two Gaussians at t = 0, between the points of the mesh that the label goes by."""
    page, watched = open_page(server, "/score_field")
    page.locator('.dxp[data-ready="1"]').wait_for()
    page.locator(".dxp").first.press("End")  # the clock runs from noise to data
    (x0, width), (y0, up) = scale_of(page, "x"), scale_of(page, "y")
    process, data = PROCESSES["ddpm"].build(), DISTRIBUTIONS["tutorial"].build()
    t = torch.tensor(0.0, dtype=torch.float64)
    noised = data.noised(process.alpha(t), process.sigma(t))
    pixel = 1 / min(abs(width), abs(up))  # the pointer stands on a whole one
    for x, y in [(0.5, 0.5), (2.5, -1.5), (-1.0, 2.0)]:
        page.mouse.move(x0 + x * width - 20, y0 + y * up)
        page.mouse.move(x0 + x * width, y0 + y * up, steps=5)
        page.wait_for_timeout(300)
        read, at = told(page), torch.tensor([[x, y]])
        score, log_prob = noised.score(at)[0], float(noised.log_prob(at))
        slack = 0.03 + 2 * pixel
        assert read["∇log p"] == pytest.approx(score.tolist(), abs=3 * slack)
        assert read["log p"][0] == pytest.approx(log_prob, abs=slack * (1 + float(score.norm())))
        assert read["mode 1"][0] + read["mode 2"][0] == pytest.approx(1, abs=0.02)
    assert watched.problems() == []


def test_the_label_follows_the_pointer_and_leaves_with_it(server: Server, open_page: OpenPage):
    page, watched = open_page(server, "/score_field")
    page.locator('.dxp[data-ready="1"]').wait_for()
    box = page.locator(".dxp-stage").first.bounding_box()
    label = page.locator(".dxp-tip").first
    texts = []
    for part in (0.35, 0.65):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 0.5 * box["height"], steps=4)
        page.wait_for_timeout(250)
        texts.append(label.inner_text())
    assert texts[0] != texts[1]
    page.mouse.move(4, 4)
    page.wait_for_timeout(250)
    assert not label.is_visible()
    assert watched.problems() == []
