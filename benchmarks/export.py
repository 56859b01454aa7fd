"""A GIF of 2,000 particles in 100 frames, made on one thread: seconds and bytes.

Twice: bare particles, and one lane of the reverse race as the page shows it, with a tail behind
every particle and the density below.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from explorer.export.film import Film, gif
from explorer.export.look import Look
from explorer.figures.base import axes_figure
from explorer.figures.layers import Clock, Density, Pane, Particles

FRAMES, PARTICLES = 100, 2000
LOOK = Look(640, 480)


def _pane(behind: bool) -> Pane:
    """Two thousand points that go from one blob to eight on a ring."""
    rng = np.random.default_rng(0)
    times = np.linspace(0, 1, 101)
    modes = rng.integers(0, 8, PARTICLES)
    angle = modes * np.pi / 4
    ends = 2 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.2 * rng.normal(size=(PARTICLES, 2))
    starts = rng.normal(size=(PARTICLES, 2))
    u = times[:, None, None]
    wobble = np.cumsum(rng.normal(size=(101, PARTICLES, 2)), axis=0) * 0.02 * (1 - u)
    xy = (1 - u) * starts + u * ends + wobble
    axis = np.linspace(-3.5, 3.5, 100)
    x, y = np.meshgrid(axis, axis)
    spread = np.exp(-(x**2 + y**2)[None] / (2 * (0.5 + times[:25, None, None]) ** 2))
    field = Density(np.linspace(0, 1, 25), spread, (-3.5, 3.5), (-3.5, 3.5))
    points = Particles(times, xy, colours=modes, trail=8 if behind else 0)
    figure = axes_figure((-3.5, 3.5), (-3.5, 3.5), x_title="x₁", y_title="x₂", equal=True)
    return Pane(figure, (field, points) if behind else (points,), title="Eight modes")


def run() -> dict[str, Any]:
    """Seconds and bytes of both films; the first frame's preparation is in them."""
    import explorer.export.stage  # noqa: F401  what a server loads once is not counted

    found: dict[str, Any] = {"frames": FRAMES, "particles": PARTICLES, "size": "640x480"}
    clock = Clock("t", (1.0, 0.0))
    with tempfile.TemporaryDirectory() as folder:
        for name, behind in (("particles", False), ("with_density_and_tails", True)):
            file = Path(folder) / f"{name}.gif"
            film = Film(LOOK, seconds=5.0, frames=FRAMES)
            panes = [_pane(behind)]
            start = time.perf_counter()
            for _ in gif(panes, clock, film, file):
                pass
            found[name] = {
                "seconds": round(time.perf_counter() - start, 2),
                "bytes": file.stat().st_size,
            }
    return found
