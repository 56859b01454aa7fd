"""Markov chains as panes to play: clouds, the paths of a few chains, and what they rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.data import mixture_stack
from explorer.diffusion.trajectory import Trajectory, evenly
from explorer.figures import fields, runs, windows
from explorer.figures.layers import Bars, Cursor, Density, Layer, Pane, Particles
from explorer.figures.view import View
from explorer.mcmc.chains import Chains

FRAMES = 160
BINS = 60
MEMORY = 3
"""Rejected proposals that are shown of each watched chain."""
CHAINS = (3, 2, 4, 1)
"""Palette indices of the watched chains, to be told apart in one mode."""
REJECTED = 5
"""Palette index of the rejected proposals."""
TAIL = 30
"""Frames of a watched chain's path that stay behind it, or four steps where those are longer."""
INSTANT = 0.01
"""A moment on the clock, in evaluations of the score, in which a path may break."""


def thinned(run: Trajectory, frames: int = FRAMES) -> Trajectory:
    """At most `frames` + 1 states of a run, its ends among them."""
    pick = evenly(run.steps, frames + 1)
    return Trajectory(run.ts[pick], run.xs[pick])


def plane_pane(
    view: View,
    chains: Chains,
    behind: Density,
    *,
    plane: go.Figure,
    title: str,
    note: str,
    scale: float = 1.0,
) -> Pane:
    """2D chains over a density; of the watched ones the paths and the rejected proposals."""
    colours = runs.mode_colours(view, chains.xs[-1])
    pick = evenly(len(chains.xs) - 1, FRAMES + 1)
    cloud = Particles(
        _clock(chains)[pick],
        chains.xs[pick].float().numpy(),
        colours=colours,
        size=3.2 * scale,
        opacity=0.6,
    )
    routes = _routes(chains, scale)
    return Pane(plane, (behind, cloud, routes, *_crosses(chains, scale)), title=title, note=note)


def strip_pane(
    view: View,
    chains: Chains,
    exact: runs.Exact1D,
    *,
    link: str,
    title: str,
    note: str,
    scale: float = 1.0,
) -> Pane:
    """The paths of the watched 1D chains over evaluations, and the histogram of all chains."""
    clock = _clock(chains)
    colours = runs.mode_colours(view, chains.xs[-1])
    times, xy = _paths(chains)
    across = np.broadcast_to(times[:, None], xy.shape[:2])
    paths = Particles(
        times,
        np.stack([across, xy[..., 0]], axis=-1),
        colours=colours[: xy.shape[1]],
        trail="full",
        size=4 * scale,
    )
    last = exact.density.values[:, :, -1:]
    layers: tuple[Layer, ...] = (
        replace(exact.density, values=np.concatenate([last, last], axis=2)),
        paths,
        *_crosses_over_time(chains, scale),
        Cursor(np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        _histogram(chains, clock, view.half_width, float(exact.peaks.values[-1])),
        replace(exact.curve, times=np.zeros(1), y=exact.curve.y[-1:]),
    )
    return Pane(_strip(view, chains.budget, link, scale), layers, title=title, note=note)


def plane(view: View, *, link: str, scale: float = 1.0) -> go.Figure:
    """The window of chains, which are in units of the data at all times."""
    return windows.plane(view, link=link, scale=scale, plain=True)


def still(density: Density) -> Density:
    """The last frame of a density, for all the time."""
    return replace(density, times=np.zeros(1), values=density.values[-1:])


def ladder(view: View, sigmas: Sequence[float], side: int = fields.SIDE) -> Density:
    """The densities of the data with noise σ, each for an equal share of the clock."""
    axis, points = view.mesh(side)
    rungs = [view.distribution.noised(1.0, sigma) for sigma in sigmas]
    logs = mixture_stack.log_probs(rungs, points.expand(len(rungs), *points.shape))
    below = (logs - logs.max(dim=1, keepdim=True).values).exp().sqrt()
    times = (np.arange(len(rungs)) + 0.5) / len(rungs)
    window = (float(axis[0]), float(axis[-1]))
    values = below.reshape(len(rungs), side, side).float().numpy()
    return Density(times, values, window, window, contours=(0.15, 0.4, 0.7))


def _clock(chains: Chains) -> np.ndarray:
    """(S+1,) clock coordinates of the states."""
    return chains.spent.numpy() / chains.budget


def _paths(chains: Chains) -> tuple[np.ndarray, np.ndarray]:
    """(F,) times and (F, W, D) places of the watched chains, through every part of every step.

    A rejected path goes out to its proposal, and breaks before the chain goes on from where it
    was.
    """
    paths = torch.stack(chains.paths)  # (S, L+1, W, D)
    parts, watched = paths.shape[1:3]
    taken = chains.accepted[:, None, :watched, None]
    gaps = torch.where(taken, paths[:, -1:], torch.nan)
    places = torch.cat([paths, gaps], dim=1).flatten(0, 1)
    spent = chains.spent.double().numpy()
    begin, end = spent[:-1, None], spent[1:, None]
    on_path = begin + (end - 2 * INSTANT - begin) * np.linspace(0, 1, parts)
    times = np.append(np.concatenate([on_path, end - INSTANT], axis=1), spent[-1])
    places = torch.cat([places, chains.xs[-1:, :watched]])
    return times / chains.budget, places.float().numpy()


def _routes(chains: Chains, scale: float) -> Particles:
    times, xy = _paths(chains)
    chain = np.arange(xy.shape[1])
    return Particles(
        times,
        xy,
        colours=np.array(CHAINS, dtype=np.uint8)[chain % len(CHAINS)],
        trail=max(TAIL, 4 * (len(chains.paths[0]) + 1)),
        size=7 * scale,
        opacity=0.95,
        name="a few chains and their paths",
    )


def _rejections(chains: Chains) -> np.ndarray:
    """(S, W, D) proposals of the watched chains that were rejected, NaN where they were taken."""
    watched = chains.paths[0].shape[1]
    taken = chains.accepted[:, :watched, None]
    return torch.where(taken, torch.nan, chains.proposals[:, :watched]).float().numpy()


def _crosses(chains: Chains, scale: float) -> tuple[Particles, ...]:
    """The last few rejected proposals of each watched chain, from when they were rejected."""
    rejected = _rejections(chains)
    if not np.isfinite(rejected).any():
        return ()
    steps, watched, dims = rejected.shape
    held = np.full((watched, MEMORY, dims), np.nan, dtype=np.float32)
    frames = [held.copy()]
    for row in rejected:
        new = np.isfinite(row).all(axis=1)
        held[new, 1:] = held[new, :-1]
        held[new, 0] = row[new]
        frames.append(held.copy())
    spent = chains.spent.numpy()
    # each frame stands until the next one, so that a cross does not glide
    times = np.stack([spent[:-1], spent[1:] - INSTANT], axis=1).ravel()
    shown = np.repeat(np.stack(frames[:-1]), 2, axis=0)
    xy = np.concatenate([shown, frames[-1][None]]).reshape(2 * steps + 1, -1, dims)
    return (_crossed(np.append(times, spent[-1]) / chains.budget, xy, scale),)


def _crosses_over_time(chains: Chains, scale: float) -> tuple[Particles, ...]:
    """All rejected proposals of the watched 1D chains, where and when they were made."""
    rejected = _rejections(chains)[..., 0]
    step, chain = np.nonzero(np.isfinite(rejected))
    if not len(step):
        return ()
    times = _clock(chains)
    when = times[step + 1]
    there = times[:, None] >= when - 1e-12
    place = np.stack([when, rejected[step, chain]], axis=-1)
    return (_crossed(times, np.where(there[..., None], place, np.nan), 0.7 * scale),)


def _crossed(times: np.ndarray, xy: np.ndarray, scale: float) -> Particles:
    count = xy.shape[1]
    return Particles(
        times,
        xy,
        colours=np.full(count, REJECTED, dtype=np.uint8),
        shapes=np.full(count, 3, dtype=np.uint8),
        size=7 * scale,
        opacity=0.9,
        name="rejected proposals",
    )


def _histogram(chains: Chains, clock: np.ndarray, half: float, peak: float) -> Bars:
    """The histogram of all 1D chains at each time, lying sideways; the exact peak is 1."""
    pick = evenly(len(clock) - 1, 61)
    edges = np.linspace(-half, half, BINS + 1)
    xs = chains.xs[pick, :, 0].double().nan_to_num(nan=2 * half).numpy()
    counts = np.stack([np.histogram(row, edges)[0] for row in xs])
    heights = counts / xs.shape[1] / (edges[1] - edges[0]) / peak
    return Bars(
        clock[pick],
        edges,
        heights.clip(0, 4),
        horizontal=True,
        xaxis="x2",
        yaxis="y2",
        colour=4,
    )


def _strip(view: View, budget: int, link: str, scale: float) -> go.Figure:
    """The strip of a 1D run, ticked in evaluations."""
    figure = go.Figure(windows.strip(view, link=link, scale=scale))
    ticks = np.linspace(0, 1, 5)
    figure.layout.xaxis.update(
        tickvals=ticks.tolist(), ticktext=[f"{tick * budget:.0f}" for tick in ticks]
    )
    figure.layout.xaxis.title.text = "evaluations of the score"
    figure.layout.yaxis.title.text = "x"
    return figure
