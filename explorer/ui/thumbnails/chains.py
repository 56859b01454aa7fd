"""Drawing of the page on Markov chains."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, ORANGE
from explorer.ui.thumbnails.pen import HEIGHT, WIDTH, dots, line

MODES, RADIUS, STD = 8, 52.0, 8.5


def chains() -> str:
    """Two rings of modes: a leapfrog path that stays in one, and particles that reach them all."""
    rng = np.random.default_rng(44)
    angle = 2 * np.pi * np.arange(MODES) / MODES
    ring = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    left, right = np.array([WIDTH * 0.25, HEIGHT / 2]), np.array([WIDTH * 0.75, HEIGHT / 2])
    glow = "".join(
        dots((ring + centre).tolist(), AXIS, STD * wide, 0.16)
        for centre in (left, right)
        for wide in (1.0, 1.8)
    )
    start, path = ring[0] + left, []
    x = np.zeros(2)
    for _ in range(12):
        v = rng.standard_normal(2)
        t = np.linspace(0, 1.6, 9)[:, None]
        arc = x * np.cos(t) + v * np.sin(t)  # Hamilton's motion in a Gaussian
        path.append(arc)
        x = arc[-1]
    way = start + STD * np.concatenate(path)
    stuck = line(way[:, 0], way[:, 1], BLUE, 0.9, 1.4)
    stuck += dots((start + STD * np.array([arc[-1] for arc in path])).tolist(), BLUE, 2.0, 1)
    cloud = ring[rng.integers(0, MODES, 150)] + 0.8 * STD * rng.standard_normal((150, 2)) + right
    return glow + stuck + dots(cloud.tolist(), ORANGE, 1.7, 0.8)
