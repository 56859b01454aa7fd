"""Drawings of the pages on learning."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, STEPS, WIDTH, dots, line


def training() -> str:
    """A loss that falls, and what the network draws early and late."""
    rng = np.random.default_rng(5)
    t = np.linspace(0, 1, STEPS)
    loss = 0.16 + 0.8 * np.exp(-5 * t) + 0.05 * rng.standard_normal(STEPS) * (1 - 0.6 * t)
    across = 14 + t * (WIDTH - 28)
    curve = line(across, 8 + (HEIGHT - 24) * (1 - loss), BLUE, 0.9, 2.2)
    angle = np.pi * rng.random(90)
    ring = np.stack([np.cos(angle), -np.sin(angle)], axis=1) * 26
    ring[45:] = [26, 13] - ring[45:]
    places = ((110.0, 14.0), (195.0, 6.0), (268.0, 2.0))
    clouds = "".join(
        dots((ring + spread * rng.standard_normal(ring.shape) + [x, 52]).tolist(), fill, 1.5, 0.75)
        for (x, spread), fill in zip(places, (AXIS, ORANGE, VERMILLION), strict=True)
    )
    return curve + clouds


def learned() -> str:
    """The density of two modes, and the one that a score with some error stands for."""
    x = np.linspace(-3, 3, STEPS)
    exact = np.exp(-2.2 * (x + 1.2) ** 2) * 0.6 + np.exp(-2.2 * (x - 1.1) ** 2)
    bent = np.exp(-2.0 * (x + 1.1) ** 2) * 0.7 + np.exp(-2.6 * (x - 1.15) ** 2) * 0.93
    across, low, tall = 14 + (x + 3) / 6 * (WIDTH - 28), HEIGHT - 18, HEIGHT - 44
    frame = line(np.array([14, WIDTH - 14]), np.array([low, low]), AXIS, 1, 1)
    gap = "".join(
        line(np.array([a, a]), low - tall * np.array([u, v]), ORANGE, 0.5, 1.6)
        for a, u, v in zip(across[::2], exact[::2], bent[::2], strict=True)
    )
    exact_line = line(across, low - tall * exact, BLUE, 1, 2.8)
    return frame + gap + exact_line + line(across, low - tall * bent, VERMILLION, 1, 2.2)


def quality() -> str:
    """Distance against evaluations for solvers of higher and lower order, down to their floor."""
    n = np.linspace(0, 1, 12)
    across, low = 18 + n * (WIDTH - 36), HEIGHT - 24
    floor = line(np.array([18, WIDTH - 18]), np.array([low, low]), AXIS, 1, 1.2)
    lines = ""
    for rate, stroke in ((2.2, ORANGE), (4.0, GREEN), (8.0, BLUE)):
        y = low - 120 * np.exp(-rate * n)
        lines += line(across, y, stroke, 0.9, 2.2)
        lines += dots(zip(across.tolist(), y.tolist(), strict=True), stroke, 2.8, 1)
    return floor + lines
