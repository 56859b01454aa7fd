"""Drawings of the pages on pictures: a digit of 8×8 pixels, its noise, and losses that fall."""

from __future__ import annotations

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, WIDTH, line

SHADES = 5
THREE = np.array(
    [
        [0, 0, 1, 1, 1, 1, 0, 0],
        [0, 1, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 1, 0, 0, 0, 1, 1, 0],
        [0, 0, 1, 1, 1, 1, 0, 0],
    ],
    dtype=float,
)


def _tile(values: np.ndarray, left: float, top: float, side: float, fill: str) -> str:
    """Pixels (8, 8) in [0, 1] as squares of `fill`, one path for each of a few opacities."""
    step = side / len(values)
    levels = np.clip((values * SHADES).round().astype(int), 0, SHADES)
    drawing = ""
    for level in range(1, SHADES + 1):
        rows, columns = np.nonzero(levels == level)
        squares = "".join(
            f"M{left + c * step:.1f} {top + r * step:.1f}h{step:.1f}v{step:.1f}h-{step:.1f}z"
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True)
        )
        if squares:
            opacity = 0.9 * level / SHADES
            drawing += f'<path d="{squares}" fill="{fill}" fill-opacity="{opacity:.2g}"/>'
    return drawing


def _noised(share: float, rng: np.random.Generator) -> np.ndarray:
    """The digit under noise, `share` = 1 being noise alone."""
    return (1 - share) * THREE + share * (0.5 + 0.35 * rng.standard_normal(THREE.shape))


def noising() -> str:
    """One digit, four noise levels, and below each the noise in it."""
    rng = np.random.default_rng(0)
    drawing = ""
    for k, share in enumerate((0.0, 0.35, 0.65, 1.0)):
        left = 22 + 72 * k
        drawing += _tile(_noised(share, rng), left, 20, 60, BLUE)
        drawing += _tile(share * rng.uniform(0, 1, THREE.shape), left, 90, 60, VERMILLION)
    return drawing


def sampling() -> str:
    """From noise to a digit in five pictures, growing as they clear."""
    rng = np.random.default_rng(1)
    drawing, left = "", 10.0
    for share, side in ((1.0, 38), (0.75, 46), (0.5, 54), (0.25, 64), (0.0, 76)):
        drawing += _tile(_noised(share, rng), left, (HEIGHT - side) / 2, side, GREEN)
        left += side + 6
    return drawing


def lanes() -> str:
    """One noise in the middle; by an ODE always one digit, by an SDE a different one each time."""
    rng = np.random.default_rng(2)
    drawing = _tile(_noised(1.0, rng), 20, (HEIGHT - 56) / 2, 56, ORANGE)
    for k, fill in enumerate((BLUE, VERMILLION)):
        y = 50 + 68 * k
        drawing += line(np.array([84, 122]), np.array([HEIGHT / 2, y]), AXIS, 0.9, 1.5)
        for j in range(3):
            digit = THREE if k == 0 else np.roll(THREE[:, ::-1] if j == 1 else THREE, j, axis=0)
            digit = digit if k == 0 or j != 2 else THREE.T
            drawing += _tile(digit, 130 + 60 * j, y - 25, 50, fill)
    return drawing


def losses() -> str:
    """Three networks' losses on logarithmic axes, and two targets."""
    rng = np.random.default_rng(3)
    x = np.linspace(0, 1, 70)
    drawing = ""
    for floor, rate, fill in ((0.55, 4.0, VERMILLION), (0.22, 3.2, BLUE), (0.06, 4.4, GREEN)):
        y = floor + (0.95 - floor) * np.exp(-rate * x) + 0.012 * rng.standard_normal(len(x))
        drawing += line(20 + (WIDTH - 40) * x, HEIGHT - 16 - (HEIGHT - 34) * y, fill, 0.9, 2.4)
    for place, level in ((0.62, 0.3), (0.9, 0.2)):
        a, b = 20 + (WIDTH - 40) * place, HEIGHT - 16 - (HEIGHT - 34) * level
        drawing += f'<circle cx="{a:.1f}" cy="{b:.1f}" r="5" fill="{ORANGE}" fill-opacity="0.95"/>'
    drawing += line(np.array([20, 20]), np.array([14, HEIGHT - 14]), AXIS, 0.8, 1)
    return drawing + line(
        np.array([20, WIDTH - 16]), np.array([HEIGHT - 14, HEIGHT - 14]), AXIS, 0.8, 1
    )
