"""Drawings of the pages on latents and guidance."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, WIDTH, dots, line

FOUR = (BLUE, VERMILLION, GREEN, ORANGE)


def latents() -> str:
    """Four classes of latents that tile one bell: two share the middle, two lie beside them."""
    rng = np.random.default_rng(2)
    means = np.array([(0, -0.95), (1.3, 0), (0, 0.95), (-1.3, 0)])
    widths = np.array([(0.32, 0.5), (0.36, 0.85)] * 2)
    drawing = ""
    for mean, width, fill in zip(means, widths, FOUR, strict=True):
        points = mean + rng.standard_normal((70, 2)) * width
        places = np.array([WIDTH / 2, HEIGHT / 2]) + points * np.array([62, -34])
        inside = np.abs(places - [WIDTH / 2, HEIGHT / 2]) < [WIDTH / 2 - 6, HEIGHT / 2 - 6]
        drawing += dots(places[inside.all(axis=1)].tolist(), fill, 2.1, 0.8)
    return drawing


def seeds() -> str:
    """Seeds by the class they end in: regions without noise, salt and pepper with it."""
    rng = np.random.default_rng(3)
    drawing, side, step = "", 13, 10.5
    axis = (np.arange(side) - (side - 1) / 2) * step
    x, y = (part.ravel() for part in np.meshgrid(axis, axis))
    angle = (np.arctan2(y, x) + 0.5 + 0.004 * x) % (2 * np.pi)
    clean = (angle / (np.pi / 2)).astype(int) % 4
    for centre, ends in ((88, clean), (232, rng.integers(0, 4, len(x)))):
        for k, fill in enumerate(FOUR):
            mine = ends == k
            places = zip((centre + x[mine]).tolist(), (HEIGHT / 2 + y[mine]).tolist(), strict=True)
            drawing += dots(places, fill, 4.3, 0.85)
    middle = np.array([WIDTH / 2, WIDTH / 2])
    return drawing + line(middle, np.array([24, HEIGHT - 24]), AXIS, 0.8, 1)
