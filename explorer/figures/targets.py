"""Score matching at single places of the plane: targets as arrows, their mean, and the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion import denoising
from explorer.diffusion.process import Level
from explorer.figures import fields, windows
from explorer.figures.layers import Arrows, Pane
from explorer.figures.palette import BLUE, OKABE_ITO, VERMILLION
from explorer.figures.view import View

SIDE, FRAMES = 5, 41
"""Places along each axis at which targets are drawn, and times."""
SHOWN, DRAWN = 14, 600
"""Targets at a place that are drawn as arrows, and that are averaged."""


@dataclass(frozen=True)
class Taught:
    """The pane; how far the score is from the targets' exact mean at worst, times σ, and from the
    mean of `DRAWN` of them, on average."""

    pane: Pane
    apart: float
    chance: float


def places(view: View) -> tuple[Tensor, float]:
    """(SIDE², 2) places as drawn, and the distance of neighbours."""
    gap = 0.32 * view.half_width
    axis = gap * (torch.arange(SIDE, dtype=torch.float64) - (SIDE - 1) / 2)
    return torch.cartesian_prod(axis, axis), gap


def at_level(
    mixture: GaussianMixture, level: Level, x: Tensor, seed: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Targets (M, B, 2), their exact mean, the mean of those drawn and the score, (B, 2) each."""
    found = denoising.posterior(mixture, level, x)
    drawn = found.targets(DRAWN, Generator().manual_seed(seed))
    score = mixture.noised(*level).score(x)
    return drawn, found.mean_target, drawn.mean(dim=0), score


def targets_pane(mixture: GaussianMixture, view: View, *, seed: int, scale: float = 1.0) -> Taught:
    """At each of a few places x: single −ε/σ with which x_t comes there, their mean, the score.

    All are drawn times σ, so that a target is as long as its noise at every time.
    """
    points, gap = places(view)
    ts, clock = view.frames(FRAMES)
    ts = ts.clamp_min(float(view.grid[view.grid > 0].min()))
    singles, means, scores, apart, chance = [], [], [], [], []
    for t, unit in zip(ts, view.unit(ts).tolist(), strict=True):
        level = view.process.level(t)
        drawn, exact, mean, score = at_level(mixture, level, points * unit, seed)
        singles.append((level.sigma * drawn[:SHOWN]).flatten(0, 1).numpy())
        means.append((level.sigma * mean).numpy())
        scores.append((level.sigma * score).numpy())
        apart.append(level.sigma * float((score - exact).abs().max()))
        chance.append(level.sigma * float((score - mean).norm(dim=1).mean()))
    feet = points.numpy()
    # a noise of 1 has this length, so that no arrow crosses the whole picture at its longest
    length = gap * min(0.3, 1.2 / float(np.linalg.norm(scores, axis=-1).max()))
    layers = (
        fields.density(view, side=48, frames=FRAMES),
        Arrows(clock, np.tile(feet, (SHOWN, 1)), length * np.stack(singles), width=0.9 * scale),
        _arrows(clock, feet, length * np.stack(scores), BLUE, 5.5 * scale),
        _arrows(clock, feet, length * np.stack(means), VERMILLION, 2.2 * scale),
    )
    pane = Pane(
        windows.plane(view, link="targets", scale=scale),
        layers,
        title="What a network is told at 25 places, and what it learns there",
        note=f"Thin: {SHOWN} single targets −ε/σ. Vermillion: the mean of {DRAWN}. Wide blue: the "
        "score ∇log pₜ, from the density. All arrows times σ. Shade: pₜ",
    )
    return Taught(pane, max(apart), float(np.mean(chance)))


def _arrows(
    clock: np.ndarray, feet: np.ndarray, vectors: np.ndarray, colour: str, width: float
) -> Arrows:
    return Arrows(clock, feet, vectors, colour=OKABE_ITO.index(colour), width=width)
