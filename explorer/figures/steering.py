"""Gradients through a sampler as panes to play: descent in the noise, and the map it goes down."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.diffusion.differentiable import Descent, Stretching
from explorer.figures import windows
from explorer.figures.base import axes_layout
from explorer.figures.handle import Handle
from explorer.figures.layers import Cursor, Curve, Density, Pane, Particles, Readout
from explorer.figures.view import View

LINES, ALONG = 15, 90
"""Lines each way of the grid that is carried along, and points on each."""
TARGET_REACH = 4.0
"""How far out a target may be put, on both axes."""
LEAST = -12.0
"""The power of ten below which a determinant is nothing but rounding."""


def reach(view: View) -> float:
    """Half the side of the window on the noise: three of its standard deviations."""
    return 3.0 * view.process.level(view.grid[0]).sigma


def grid_points(view: View) -> Tensor:
    """(2 · LINES · ALONG, 2) points of the lines x₁ = const., then of the lines x₂ = const."""
    half = reach(view)
    ticks, fine = torch.linspace(-half, half, LINES), torch.linspace(-half, half, ALONG)
    upright = torch.cartesian_prod(ticks, fine)
    return torch.cat([upright, upright.flip(1)])


def mesh_points(view: View, side: int) -> Tensor:
    """(side², 2) points of the noise's window, rows from below."""
    return view.mesh(side, reach(view))[1]


@lru_cache(maxsize=32)
def _noise_plane(half: float, scale: float) -> go.Figure:
    window = (-half, half)
    layout = axes_layout(
        window,
        window,
        x_title="x<sub>T</sub>, first coordinate",
        y_title="x<sub>T</sub>, second coordinate",
        equal=True,
        scale=scale,
    )
    return go.Figure(layout=layout)


def data_pane(
    view: View, found: Descent, target: tuple[float, float], behind: Density, *, scale: float = 1.0
) -> Pane:
    """The trajectory from each start at every iteration: clock = iteration."""
    count, steps = len(found.paths), found.paths.shape[1]
    times = np.linspace(0, 1, count)
    batch = found.paths.shape[2]
    flat = found.paths.flatten(0, 1)
    placed = view.place(found.ts.repeat(count), flat).reshape(count, steps * batch, 2)
    colours = np.tile(np.arange(batch) % 8, steps)
    ends = placed.reshape(count, steps, batch, 2)[:, -1]
    trails = Particles(times, placed, colours=colours, size=2.4 * scale, opacity=0.55)
    heads = Particles(times, ends, colours=np.arange(batch) % 8, size=9 * scale, opacity=1.0)
    still = Density(np.zeros(1), behind.values[-1:], behind.x, behind.y, contours=behind.contours)
    return Pane(
        windows.plane(view, link="data", scale=scale, held=True),
        (still, trails, heads, Handle(np.zeros(1), target, TARGET_REACH, size=24 * scale)),
        title="Drag the star: where x₀ is to be",
        note="Lines: trajectories from noise to x₀. Large dots: x₀. Shade: the data",
    )


def noise_pane(view: View, found: Descent, losses: np.ndarray, *, scale: float = 1.0) -> Pane:
    """x_T of each start over the loss of every x_T (S, S), dark where it is small."""
    half, count = reach(view), len(found.starts)
    logs = np.log10(losses.clip(1e-3))
    dark = 1 - (logs - logs.min()) / max(float(np.ptp(logs)), 1e-9)
    batch = found.starts.shape[1]
    times = np.linspace(0, 1, count)
    window = (-half, half)
    places = found.starts.float().numpy()
    return Pane(
        _noise_plane(half, scale),
        (
            Density(
                np.zeros(1),
                dark[None],
                window,
                window,
                contours=tuple(np.arange(2, 10) / 10),
                bands=False,
            ),
            Particles(
                times,
                places,
                colours=np.arange(batch) % 8,
                size=8 * scale,
                trail="full",
                opacity=1.0,
            ),
            Readout(np.zeros(1), window, window, {"loss": losses[None].clip(0, 999)}),
        ),
        title="Descent of the noise over the loss",
        note="Deeper colour: this noise ends nearer the target, by the logarithm",
    )


@lru_cache(maxsize=32)
def _loss_axes(last: int, low: int, top: int, scale: float) -> go.Figure:
    """Iterations across and powers of ten upwards, wide enough for all between `low` and `top`."""
    layout = axes_layout(
        (0, last), (low, top), x_title="iteration", y_title="½‖x₀ − target‖²", scale=scale
    )
    powers = list(range(low, top + 1, 2 if top - low > 5 else 1))
    layout["margin"]["l"] = 84 * scale
    layout["yaxis"] |= {"tickvals": powers, "ticktext": [f"10<sup>{p}</sup>" for p in powers]}
    layout["yaxis"]["title"]["standoff"] = 16 * scale
    return go.Figure(layout=layout)


def loss_pane(found: Descent, *, scale: float = 1.0) -> Pane:
    """The loss of each start over the iterations, on a log axis, with a cursor on the clock."""
    last = len(found.losses) - 1
    logs = found.losses.clamp_min(1e-8).log10().numpy()
    low, top = int(np.floor(logs.min())) - 1, int(np.ceil(logs.max()))
    ends = np.array([0.0, 1.0])
    # as layers of the player: as traces they would make another figure of every descent
    curves = [
        Curve(np.zeros(1), np.arange(last + 1.0), line[None], colour=i % 8, width=2.4 * scale)
        for i, line in enumerate(logs.T)
    ]
    cursor = Cursor(ends, ends * last)
    return Pane(_loss_axes(last, low, top, scale), (*curves, cursor), title="Loss")


def warp_pane(view: View, ts: Tensor, xs: Tensor, *, scale: float = 1.0) -> Pane:
    """Grid lines of the noise, xs (S+1, N, 2) of `grid_points`, as the sampler carries them."""
    half = len(grid_points(view)) // 2
    colours = np.repeat([0, 1], half)
    lines = Particles(
        view.clock(ts), view.place(ts, xs), colours=colours, size=1.9 * scale, opacity=0.8
    )
    return Pane(
        windows.plane(view, link="data", scale=scale),
        (lines,),
        title="Lines of the noise plane, carried to xₜ",
        note="Blue: the first coordinate of the noise is constant. Vermillion: its second",
    )


def stretch_pane(view: View, found: Stretching, side: int, *, scale: float = 1.0) -> Pane:
    """log₁₀|det ∂x_t/∂x_T| over x_T (side² of `mesh_points`), with the singular values to read."""
    half = reach(view)
    window = (-half, half)
    times = view.clock(found.run.ts)
    shape = (len(times), side, side)
    logs = (found.log_det / np.log(10)).clamp_min(LEAST).float().numpy().reshape(shape)
    largest, least = (
        values.float().numpy().reshape(shape) for values in found.singular_values.unbind(dim=-1)
    )
    limit = max(float(np.quantile(np.abs(logs), 0.99)), 0.1)
    grown, shrunk = (
        Density(times, (sign * logs / limit).clip(0, 1), window, window, opacity=0.85, colour=hue)
        for sign, hue in ((1, 1), (-1, 0))
    )
    return Pane(
        _noise_plane(half, scale),
        (
            shrunk,
            grown,
            Readout(
                times,
                window,
                window,
                {"log₁₀|det J|": logs, "σ₁": largest.clip(0, 999), "σ₂": least.clip(0, 999)},
                digits=3,
            ),
        ),
        title="How area changes: log₁₀|det J|",
        note=f"Blue: area shrinks, vermillion: it grows; full colour at {10**limit:.2g}-fold",
    )
