"""The drawing of the page on the mathematics."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, STEPS, WIDTH, dots, line


def mathematics() -> str:
    """Three bells: what x_0 says of x_{t−1}, what x_t says of it, and both together."""
    x = np.linspace(-3, 3, 2 * STEPS)
    across, low = 14 + (x + 3) / 6 * (WIDTH - 28), HEIGHT - 18
    precision = 1 / 0.9**2 + 1 / 0.6**2
    both = (1.1 / 0.9**2 - 0.9 / 0.6**2) / precision
    drawing = line(np.array([14, WIDTH - 14]), np.array([low, low]), AXIS, 1, 1)
    for mean, width, stroke, thick in (
        (1.1, 0.9, BLUE, 2.2),
        (-0.9, 0.6, GREEN, 2.2),
        (both, precision**-0.5, VERMILLION, 3.2),
    ):
        bell = np.exp(-0.5 * ((x - mean) / width) ** 2) / width
        drawing += line(across, low - 66 * bell, stroke, 1, thick)
        at = 14 + (mean + 3) / 6 * (WIDTH - 28)
        drawing += dots([(at, low)], stroke, 3.4, 1)
    return drawing
