"""The drawing of the glossary."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, VERMILLION
from explorer.ui.thumbnails.pen import STEPS, WIDTH, dots, line


def words() -> str:
    """Three entries: a sign each (a bell, a fading signal, points), and words beside it."""
    drawing = ""
    u = np.linspace(0, 1, STEPS)
    rng = np.random.default_rng(4)
    for row, (stroke, lengths) in enumerate(
        ((BLUE, (0.5, 0.95, 0.7)), (VERMILLION, (0.35, 1.0, 0.55)), (GREEN, (0.45, 0.85, 0.9)))
    ):
        foot = 50 + 50 * row
        if row == 0:
            drawing += line(22 + 52 * u, foot - 32 * np.exp(-18 * (u - 0.5) ** 2), stroke, 1, 2.4)
        elif row == 1:
            drawing += line(22 + 52 * u, foot - 16 - 16 * np.cos(np.pi * u), stroke, 1, 2.4)
        else:
            places = zip(
                48 + 14 * rng.normal(size=14), foot - 16 + 8 * rng.normal(size=14), strict=True
            )
            drawing += dots(places, stroke, 2.4, 0.9)
        for number, length in enumerate(lengths):
            y = foot - 31 + 14 * number
            ends = np.array([98, 98 + (WIDTH - 122) * length])
            looks = (stroke, 1, 5) if number == 0 else (AXIS, 0.55, 3.2)
            drawing += line(ends, np.array([y, y]), *looks)
    return drawing
