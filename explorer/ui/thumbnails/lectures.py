"""The drawing of the stories."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, WIDTH, dots, line


def steps() -> str:
    """Noise becomes two modes from step to step, over the steps' own row of dots."""
    rng = np.random.default_rng(3)
    noise, side = rng.standard_normal((26, 2)), rng.integers(0, 2, 26) * 2 - 1
    centres, low = np.linspace(38, WIDTH - 38, 5), HEIGHT - 26
    drawing = line(np.array([38, WIDTH - 38]), np.array([low, low]), AXIS, 1, 1.4)
    for k, centre in enumerate(centres):
        share = k / 4
        x = centre + (1 - 0.78 * share) * 11 * noise[:, 0] + share * 13 * side
        y = 58 + (1 - 0.7 * share) * 19 * noise[:, 1] + share * 22 * side
        for sign, fill in ((-1, BLUE), (1, VERMILLION)):
            cloud = np.stack([x, y], axis=1)[side == sign]
            drawing += dots(cloud.tolist(), fill, 1.7, 0.35 + 0.5 * share)
        drawing += dots([(float(centre), low)], BLUE if k < 3 else AXIS, 6.5 if k == 2 else 4.5, 1)
    return drawing
