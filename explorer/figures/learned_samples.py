"""What a score makes of noise: its density beside the exact one, its samples among the points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.diffusion.likelihood import LEAST_RATIO, log_density
from explorer.diffusion.trajectory import Trajectory
from explorer.figures import windows
from explorer.figures.layers import Density, Pane, Particles
from explorer.figures.learned import EXACT, LEARNED, Rivals
from explorer.figures.runs import particles_2d

STEPS = 32
"""Steps of the flow to a density: its error is then below what a picture can show."""


@dataclass(frozen=True, eq=False)
class Densities:
    """log p at t = 0 on a mesh of the window, learned and exact: each (S,) in 1D, (S, S) in 2D.

    axis: (S,) coordinates, in units of the data.
    """

    axis: np.ndarray
    learned: np.ndarray
    exact: np.ndarray


def densities(rivals: Rivals, *, side: int) -> Densities:
    """The two densities on the window in 2D, where the data lie in 1D.

    Both with the noise of half the mesh's distance, below which no mesh could show a finite set.
    """
    view = rivals.view
    data, process, dim = view.distribution, view.process, view.distribution.dim
    half = view.half_width if dim == 2 else min(view.half_width, 1.1 * _farthest(rivals))
    axis, points = view.mesh(side, half)
    x = points if dim == 2 else torch.from_numpy(axis).float()[:, None]
    least = max(LEAST_RATIO * view.spread, half / (side - 1))
    t = process.time_at(torch.tensor(least, dtype=torch.float64))
    level = process.level(t)
    learned = log_density(
        process, rivals.learned, level.alpha * x, float(t), spread=view.spread, steps=STEPS
    )
    exact = data.noised(*level).log_prob(level.alpha * x)
    shape = (side,) * dim
    volume = dim * math.log(level.alpha)  # of x_t back to that of x_t/α
    return Densities(
        axis, (learned + volume).reshape(shape).numpy(), (exact + volume).reshape(shape).numpy()
    )


def _farthest(rivals: Rivals) -> float:
    draws = rivals.view.distribution.sample(2000, Generator().manual_seed(0))
    return float(draws.abs().max())


def density_panes(
    rivals: Rivals,
    known: Densities,
    run: Trajectory,
    *,
    note: str,
    scale: float = 1.0,
) -> tuple[Pane, Pane]:
    """The learned and the exact density of the data on one scale, and a run that ends on them."""
    view = rivals.view
    half = float(known.axis[-1])
    grey = np.full(run.xs.shape[1], 7)
    points = particles_2d(view, run, grey, size=3.0 * scale)
    peak = known.exact.max()

    def pane(log_prob: np.ndarray, colour: int, title: str, note: str) -> Pane:
        relative = np.exp(np.minimum(log_prob - peak, 0)) ** 0.5
        heat = Density(
            np.zeros(1),
            relative[None],
            (-half, half),
            (-half, half),
            contours=(0.15, 0.4, 0.7),
            opacity=0.8,
            colour=colour,
        )
        figure = windows.plane(view, link="density", scale=scale)
        return Pane(figure, (heat, points), title=title, note=note)

    return (
        pane(known.learned, LEARNED, "Density that the score stands for", note),
        pane(known.exact, EXACT, "Exact density", ""),
    )


def memory_pane(
    rivals: Rivals, run: Trajectory, points: Tensor, *, title: str, scale: float = 1.0
) -> Pane:
    """A 2D run under the points (n, 2) that were trained on, which stand still."""
    view = rivals.view
    colours = np.full(run.xs.shape[1], LEARNED)
    still = Particles(
        np.zeros(1),
        points[None].numpy(),
        colours=np.full(len(points), EXACT),
        shapes=np.full(len(points), 3),
        size=9 * scale if len(points) <= 100 else 2.5 * scale,
        opacity=1.0 if len(points) <= 100 else 0.25,
        name="training points",
    )
    moving = particles_2d(view, run, colours, size=3.5 * scale)
    return Pane(windows.plane(view, link="memory", scale=scale), (moving, still), title=title)
