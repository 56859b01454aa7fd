"""The drawing of the page on density estimation."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, SKY, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, STEPS, WIDTH, dots, line


def estimation() -> str:
    """A few points, their histogram, and a smooth curve through it."""
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(-1.1, 0.45, 24), rng.normal(1.0, 0.55, 46)])
    heights, edges = np.histogram(x, np.linspace(-2.8, 2.8, 19))
    low, tall = HEIGHT - 26, (HEIGHT - 48) / heights.max()

    def across(value: np.ndarray) -> np.ndarray:
        return WIDTH / 2 + value * (WIDTH - 28) / 5.6

    steps = line(
        across(np.repeat(edges, 2)), low - tall * np.r_[0, np.repeat(heights, 2), 0], SKY, 1, 2
    )
    axis = np.linspace(-2.8, 2.8, STEPS)
    kernels = np.exp(-0.5 * ((axis[:, None] - x) / 0.3) ** 2).sum(axis=1)
    density = kernels / 0.3 / (2 * np.pi) ** 0.5 * (edges[1] - edges[0])
    curve = line(across(axis), low - tall * density, VERMILLION, 1, 3)
    rug = dots(((float(a), low + 9.0) for a in across(x)), AXIS, 1.8, 1)
    return steps + curve + rug
