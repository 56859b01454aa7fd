"""Runs as panes to play: forward paths, and the lanes of a race from noise to data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.data import mixture_stack
from explorer.diffusion.trajectory import Trajectory, evenly
from explorer.figures import windows
from explorer.figures.layers import Bars, Cursor, Curve, Density, Pane, Particles
from explorer.figures.view import CLOCK_STEPS, View

PALETTE = 8
BINS = 60
FRAMES = 121


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest value of p_t, as drawn, over the clock."""

    times: np.ndarray
    values: np.ndarray

    def at(self, clock: np.ndarray) -> np.ndarray:
        """(F,) at clock coordinates (F,), with the logarithm interpolated between the known."""
        return np.exp(np.interp(clock, self.times, np.log(self.values)))


@dataclass(frozen=True, eq=False)
class Exact1D:
    """p_t of a 1D distribution: over the strip, as a curve at each time, and how high it peaks."""

    density: Density
    curve: Curve
    peaks: Peaks


def mode_colours(view: View, x0: torch.Tensor) -> np.ndarray:
    """(B,) palette index of the mode that each x0 (B, D) came from."""
    data = view.noised(torch.zeros((), dtype=torch.float64))
    return (data.mode_of(x0) % PALETTE).numpy().astype(np.uint8)


def particles_2d(
    view: View, run: Trajectory, colours: np.ndarray, *, trail: int = 0, size: float = 3.5
) -> Particles:
    """A 2D run as moving points, at most `FRAMES` of its states.

    The player's clock has a hundred steps, with straight lines between; three lanes of 500 states
    would be 6 MB for each change of a control, and their way to the browser takes longer than they
    do.
    """
    pick = evenly(run.steps, FRAMES)
    ts = run.ts[pick]
    return Particles(
        view.clock(ts), view.place(ts, run.xs[pick]), colours=colours, trail=trail, size=size
    )


def cloud_density(view: View, run: Trajectory, *, side: int = 44, frames: int = 41) -> Density:
    """The density of a 2D run's particles: a histogram smoothed over one and a half cells."""
    pick = evenly(run.steps, frames)
    ts = run.ts[pick]
    xs = view.place(ts, run.xs[pick])
    half = view.half_width
    cells = _cells((xs + half) / (2 * half) * (side - 1) + 0.5, side)
    inside = ((cells >= 0) & (cells < side)).all(axis=-1)
    flat = cells[..., 1] * side + cells[..., 0] + side**2 * np.arange(len(pick))[:, None]
    counts = np.bincount(flat[inside], minlength=len(pick) * side**2)
    images = _smoothed(counts.reshape(len(pick), side, side).astype(np.float32), 1.5)
    peaks = images.max(axis=(1, 2), keepdims=True).clip(1e-12)
    window = (-half, half)
    return Density(
        view.clock(ts), np.sqrt(images / peaks), window, window, contours=(0.15, 0.4, 0.7)
    )


def _cells(positions: np.ndarray, count: int) -> np.ndarray:
    """The cell that each position falls into; −1 for what is not finite or left the window."""
    inside = (positions >= 0) & (positions < count)
    return np.where(inside, positions, -1).astype(int)


def _smoothed(images: np.ndarray, width: float) -> np.ndarray:
    """(F, H, W) images convolved with a Gaussian of `width` cells along both axes."""
    reach = int(3 * width) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    stack = torch.from_numpy(images)[:, None]
    line = torch.from_numpy((kernel / kernel.sum()).astype(np.float32))
    stack = torch.conv2d(stack, line[None, None, :, None], padding=(reach, 0))
    return torch.conv2d(stack, line[None, None, None, :], padding=(0, reach))[:, 0].numpy()


def pane_2d(
    view: View,
    run: Trajectory,
    colours: np.ndarray,
    background: Density | None,
    *,
    plane: go.Figure,
    title: str,
    note: str = "",
    trail: int = 0,
    scale: float = 1.0,
) -> Pane:
    """Points of a 2D run over a density, in the plane that `windows.plane` makes."""
    points = particles_2d(view, run, colours, trail=trail, size=3.5 * scale)
    layers = (background, points) if background is not None else (points,)
    return Pane(plane, layers, title=title, note=note)


def pane_1d(
    view: View,
    run: Trajectory,
    colours: np.ndarray,
    exact: Exact1D,
    *,
    link: str,
    title: str,
    note: str = "",
    paths: int = 120,
    scale: float = 1.0,
) -> Pane:
    """Paths of a 1D run over p_t; beside them its moving histogram and the exact density."""
    clock, xs = view.clock(run.ts), view.place(run.ts, run.xs)
    shown = xs[:, :paths, 0]
    across = np.broadcast_to(clock[:, None], shown.shape)
    moving = Particles(
        clock,
        np.stack([across, shown], axis=-1),
        colours=colours[:paths],
        trail="full",
        size=3.5 * scale,
    )
    layers = (
        exact.density,
        moving,
        Cursor(np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        histogram(view, run, exact.peaks),
        exact.curve,
    )
    return Pane(windows.strip(view, link=link, scale=scale), layers, title=title, note=note)


def histogram(view: View, run: Trajectory, peaks: Peaks, frames: int = 61) -> Bars:
    """The histogram of a 1D run at each time, lying sideways; the exact density's peak is 1."""
    pick = evenly(run.steps, frames)
    ts = run.ts[pick]
    xs = view.place(ts, run.xs[pick])[..., 0]
    half = view.half_width
    edges = np.linspace(-half, half, BINS + 1)
    cells = _cells((xs + half) / (2 * half) * BINS, BINS)
    inside = (cells >= 0) & (cells < BINS)
    flat = cells + BINS * np.arange(len(pick))[:, None]
    counts = np.bincount(flat[inside], minlength=len(pick) * BINS).reshape(-1, BINS)
    heights = counts / xs.shape[1] / (edges[1] - edges[0])
    clock = view.clock(ts)
    return Bars(
        clock,
        edges,
        (heights / peaks.at(clock)[:, None]).clip(0, 4),
        horizontal=True,
        xaxis="x2",
        yaxis="y2",
        colour=4,
    )


def exact_1d(view: View, points: int = 400, frames: int = CLOCK_STEPS + 1) -> Exact1D:
    """p_t of a 1D distribution at every step of the clock, looked at once for all that shows it."""
    ts, times = view.frames(frames)
    axis = np.linspace(-view.half_width, view.half_width, points)
    x, units = torch.from_numpy(axis).float()[:, None], view.unit(ts)
    logs = mixture_stack.log_probs(view.noised_at(ts), units[:, None, None].float() * x)
    logs = logs + units.log()[:, None]
    values = logs.exp().float().numpy()  # a density over the drawn coordinate
    peaks = values.max(axis=1).clip(1e-12)
    relative = values / peaks[:, None]
    density = Density(
        np.zeros(1),
        np.sqrt(relative.T)[None, ::2],
        (0.0, 1.0),
        (-view.half_width, view.half_width),
        opacity=0.6,
    )
    curve = Curve(
        times,
        axis,
        relative,
        horizontal=True,
        xaxis="x2",
        yaxis="y2",
        colour=1,
        name="exact",
    )
    return Exact1D(density, curve, Peaks(times, peaks))
