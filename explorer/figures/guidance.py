"""Guided samples, fields and densities, as panes to play.

Samples that could be true are blue, strays vermillion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.labelled import of_class
from explorer.diffusion.guidance import tilted_log_density
from explorer.diffusion.parametrization import Score
from explorer.diffusion.trajectory import Trajectory
from explorer.figures import windows
from explorer.figures.base import axes_figure
from explorer.figures.fields import shortened
from explorer.figures.layers import Arrows, Curve, Density, Pane, Particles, Tint
from explorer.figures.view import View

INSIDE, STRAY, OTHER = 0, 1, 7
FRAMES = 31
STRAYS = 0.005
"""The share of true draws that count as strays, for they lie where fewest of them do."""


@dataclass(frozen=True, eq=False)
class Classes:
    """All classes together, and the one that is asked for, on one view of it."""

    mixture: GaussianMixture
    label: int
    view: View

    @property
    def conditional(self) -> GaussianMixture:
        return of_class(self.mixture, self.label)

    def stray(self, x: Tensor) -> Tensor:
        """(B,) whether x (B, D) lies where p(x | c) is less likely than all but few true draws."""
        conditional = self.conditional
        draws = conditional.sample(4000, Generator().manual_seed(5))
        limit = torch.quantile(conditional.log_prob(draws), STRAYS)
        return conditional.log_prob(x) < limit


def truth_layers(classes: Classes, scale: float, count: int = 1200) -> tuple[Particles, ...]:
    """Draws of the class and of the others at t = 0, which stand still: where samples should go."""
    rng = Generator().manual_seed(3)
    rest = [g for g in range(len(classes.mixture.mode_weights)) if g != classes.label]
    parts = ((OTHER, rest, 0.22), (4, [classes.label], 0.5))
    layers = []
    for colour, labels, opacity in parts:
        draws = torch.cat([of_class(classes.mixture, g).sample(count, rng) for g in labels])
        start = float(classes.view.unit(classes.view.grid[-1:])[0])
        still = (draws / start)[None].numpy()
        colours = np.full(len(draws), colour)
        layers.append(
            Particles(np.zeros(1), still, colours=colours, size=2.2 * scale, opacity=opacity)
        )
    return tuple(layers)


def cloud(
    classes: Classes, run: Trajectory, *, title: str, note: str, link: str, scale: float = 1.0
) -> Pane:
    """A guided 2D run over the truth; where it ends decides a particle's colour."""
    colours = np.where(classes.stray(run.xs[-1]).numpy(), STRAY, INSIDE)
    moving = Particles(
        classes.view.clock(run.ts),
        classes.view.place(run.ts, run.xs),
        colours=colours,
        size=3.4 * scale,
        trail=5,
    )
    plane = windows.plane(classes.view, link=link, scale=scale)
    return Pane(plane, (*truth_layers(classes, scale), moving), title=title, note=note)


@torch.inference_mode()
def field_panes(
    classes: Classes,
    guided: Score,
    unconditional: Score,
    conditional: Score,
    *,
    link: str,
    scale: float = 1.0,
    side: int = 19,
) -> tuple[Pane, Pane]:
    """The guided field beside its push, s_c − s_u = ∇ log p(c | x_t), over p(c | x_t)."""
    view = classes.view
    ts, times = view.frames(FRAMES)
    ts = ts.clamp_min(float(view.grid[view.grid > 0].min()))
    axis, points = view.mesh(side, view.half_width * (1 - 1 / side))
    xs = points * view.unit(ts)[:, None, None].float()
    whole = torch.stack([guided(x, t) for x, t in zip(xs, ts, strict=True)])
    push = torch.stack(
        [conditional(x, t) - unconditional(x, t) for x, t in zip(xs, ts, strict=True)]
    )
    arrows = np.split(
        shortened(torch.cat([whole, push], dim=1).numpy(), 0.95 * (axis[1] - axis[0])), 2, axis=1
    )
    figure = windows.plane(view, link=link, scale=scale)
    tint = _posterior(classes, ts, times)
    feet, width = points.numpy(), 1.2 * scale
    return (
        Pane(
            figure,
            (*truth_layers(classes, scale), Arrows(times, feet, arrows[0], colour=0, width=width)),
            title="Guided score s",
        ),
        Pane(
            figure,
            (tint, Arrows(times, feet, arrows[1], colour=1, width=width)),
            title="The push: conditional − unconditional",
            note="Shades: p(c | xₜ), of this class sky blue, of the other grey",
        ),
    )


def _posterior(classes: Classes, ts: Tensor, times: np.ndarray, side: int = 48) -> Tint:
    """p(c | x_t): the class asked for in one colour, the others in another."""
    view = classes.view
    _, mesh = view.mesh(side)
    rows = []
    for t, (level, _) in zip(ts, view.process.remember(ts), strict=True):
        x = mesh * view.unit(t[None]).float()
        noised = classes.mixture.noised(level.alpha, level.sigma)
        rows.append(noised.responsibilities(x)[:, classes.label].float())
    share = torch.stack(rows).reshape(len(ts), side, side).numpy().clip(0, 1)
    weights = np.zeros((len(ts), 8, side, side), dtype=np.float32)
    weights[:, 4], weights[:, 7] = share, 1 - share
    window = (-view.half_width, view.half_width)
    return Tint(times, weights, window, window)


@torch.inference_mode()
def curves_pane(
    classes: Classes, scores: Sequence[tuple[str, Score, int]], *, scale: float = 1.0
) -> Pane:
    """1D scores, (label, score, colour) each, as the noise they read out of x: ε̂ = −σ s."""
    view, reach = classes.view, 5.0
    ts, times = view.frames(FRAMES)
    ts = ts.clamp_min(float(view.grid[view.grid > 0].min()))
    axis = np.linspace(-view.half_width, view.half_width, 300)
    x = torch.from_numpy(axis).float()[:, None]
    units, sigmas = view.unit(ts).float(), view.process.sigma(ts).tolist()
    layers = []
    for name, score, colour in scores:
        rows = [
            (-sigma * score(x * unit, t)[:, 0]).clamp(-3 * reach, 3 * reach).numpy()
            for t, unit, sigma in zip(ts, units, sigmas, strict=True)
        ]
        layers.append(
            Curve(times, axis, np.stack(rows), colour=colour, name=name, width=2.6 * scale)
        )
    figure = axes_figure(
        (-view.half_width, view.half_width),
        (-reach, reach),
        x_title="x",
        y_title="ε̂ = −σ s(x, t)",
        scale=scale,
    )
    return Pane(figure, tuple(layers), title="The noise that each score reads out of x")


def tilted_draws(
    classes: Classes, w: float, count: int, *, side: int = 400
) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Draws (count, D) of p(x) p(c | x)^w at t = 0, its log on a mesh, and the mesh's axis (side,).

    The mesh covers the window; the density on it is normalised, and a draw is spread evenly over
    its cell.
    """
    view, dim = classes.view, classes.mixture.dim
    half = view.half_width
    axis = torch.linspace(-half, half, side, dtype=torch.float64)
    points = torch.cartesian_prod(*[axis] * dim).reshape(-1, dim)
    if dim == 2:
        points = points.flip(1)  # rows from below
    unconditional = classes.mixture.log_prob(points)
    log = tilted_log_density(unconditional, classes.conditional.log_prob(points), w)
    cell = float(axis[1] - axis[0])
    log = log - torch.logsumexp(log, dim=0) - dim * np.log(cell)
    rng = Generator().manual_seed(7)
    at = torch.multinomial(log.exp(), count, replacement=True, generator=rng)
    jitter = (torch.rand(count, dim, generator=rng, dtype=torch.float64) - 0.5) * cell
    shaped = log.reshape([side] * dim).numpy()
    return (points[at] + jitter).float(), shaped, axis.numpy()


def density_panes(
    classes: Classes,
    run: Trajectory,
    draws: Tensor,
    log: np.ndarray,
    *,
    link: str,
    scale: float = 1.0,
) -> tuple[Pane, Pane]:
    """What p(x) p(c | x)^w would be, with draws of it, beside what the guided sampler draws."""
    view = classes.view
    window = (-view.half_width, view.half_width)
    relative = np.exp((log - log.max()).clip(-60) / 2)
    bands = Density(np.zeros(1), relative[None], window, window, colour=2, opacity=0.8)
    figure = windows.plane(view, link=link, scale=scale)
    still = Particles(
        np.zeros(1), draws[None].numpy(), colours=np.full(len(draws), 2), size=3 * scale
    )
    moving = Particles(
        view.clock(run.ts),
        view.place(run.ts, run.xs),
        colours=np.full(run.xs.shape[1], 1),
        size=3 * scale,
    )
    return (
        Pane(figure, (bands, still), title="Draws of p(x) p(c | x)ʷ at t = 0"),
        Pane(figure, (bands, moving), title="What the guided sampler draws"),
    )
