"""The pen of the home page's drawings: lines and dots as SVG, on a sheet of one size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

WIDTH, HEIGHT = 320, 168
STEPS = 90
"""Points of a curve."""


def line(x: np.ndarray, y: np.ndarray, stroke: str, opacity: float, width: float) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<polyline points="{points}" stroke="{stroke}" stroke-opacity="{opacity:g}" '
        f'stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"/>'
    )


def dots(points: Iterable[tuple[float, float]], fill: str, radius: float, opacity: float) -> str:
    return "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" '
        f'fill-opacity="{opacity:g}"/>'
        for x, y in points
    )


def height(x: np.ndarray, reach: float) -> np.ndarray:
    return HEIGHT / 2 * (1 - x / reach)
