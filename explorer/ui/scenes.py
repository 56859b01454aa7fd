"""From specs to panes, computed once for equal requests of all sessions.

Every function here is a pure function of names, numbers and a seed. What it returns is shared
between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from torch import Generator

from explorer.data.spec import DistributionSpec
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score, forward
from explorer.figures import fields, runs, windows
from explorer.figures.layers import Arrows, Clock, Density, Pane, Particles
from explorer.figures.view import CLOCK_STEPS, View
from explorer.metrics import Coverage, Reading, Truth, mode_coverage

TUTORIAL_PATHS = 200

# Sessions share the cores: one thread each beats two that wait for each other by ten times.
torch.set_num_threads(1)


@dataclass(frozen=True)
class Scene:
    """Panes on one clock."""

    panes: tuple[Pane, ...]
    clock: Clock


def _clock(view: View) -> Clock:
    return Clock("t", tuple(view.grid.tolist()), steps=CLOCK_STEPS)


@st.cache_resource(max_entries=32, show_spinner=False)
def _view(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool
) -> View:
    return View(distribution.build(), process.build(), reverse, rescaled)


@st.cache_resource(max_entries=48, show_spinner=False)
def _density(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool, log: bool
) -> Density:
    """p_t on the plane, which no change of seed, steps or sampler touches."""
    return fields.density(_view(distribution, process, reverse, rescaled), log=log)


@st.cache_resource(max_entries=16, show_spinner=False)
def _survey(distribution: DistributionSpec, process: ProcessSpec, rescaled: bool) -> fields.Survey:
    return fields.survey(_view(distribution, process, True, rescaled))


@st.cache_resource(max_entries=48, show_spinner=False)
def _exact_1d(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool
) -> runs.Exact1D:
    """p_t on the line, likewise."""
    return runs.exact_1d(_view(distribution, process, reverse, rescaled))


@st.cache_resource(max_entries=48, show_spinner=False)
def _truth(distribution: DistributionSpec, particles: int) -> Truth:
    return Truth.of(distribution.build(), particles)


@st.cache_resource(max_entries=24, show_spinner=False)
def forward_scene(
    distribution: DistributionSpec,
    process: ProcessSpec,
    particles: int,
    seed: int,
    rescaled: bool,
    scale: float = 1.0,
) -> Scene:
    """Data becoming noise: 1D paths and histogram, or a 2D cloud beside its exact density."""
    view = _view(distribution, process, False, rescaled)
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(particles, rng)
    run = forward(view.process, x0, view.grid, rng)
    colours = runs.mode_colours(view, x0)
    if view.distribution.dim == 1:
        pane = runs.pane_1d(
            view,
            run,
            colours,
            _exact_1d(distribution, process, False, rescaled),
            link="x",
            title="Paths over the exact density, and their histogram",
            paths=TUTORIAL_PATHS,
            scale=scale,
        )
        return Scene((pane,), _clock(view))
    plane = windows.plane(view, link="x", scale=scale)
    cloud = runs.pane_2d(
        view, run, colours, None, plane=plane, title="Particles", trail=6, scale=scale
    )
    bands = _density(distribution, process, False, rescaled, True)
    exact = Pane(plane, (bands,), title="Logarithm of the exact density")
    return Scene((cloud, exact), _clock(view))


@st.cache_resource(max_entries=24, show_spinner=False)
def score_scene(
    distribution: DistributionSpec,
    process: ProcessSpec,
    at: str,
    by_mode: bool,
    seed: int,
    rescaled: bool,
    scale: float = 1.0,
) -> Scene:
    """∇ log p_t on a grid or at samples over log p_t, and the modes' shares in it."""
    view = _view(distribution, process, True, rescaled)
    bands = _density(distribution, process, True, rescaled, True)
    seen = _survey(distribution, process, rescaled)
    field = fields.score_arrows(view) if at == "grid" else None
    layers = (bands, field) if field else (bands, *_at_samples(view, seed))
    plane = windows.plane(view, link="x", scale=scale)
    whole = Pane(
        plane,
        (*layers, fields.readout(seen)),
        title="Score over the logarithm of the density",
    )
    if not by_mode:
        return Scene((whole,), _clock(view))
    parts = Pane(
        plane,
        (fields.participation(seen), *fields.mode_arrows(view)),
        title="Each mode's score × its participation",
    )
    return Scene((whole, parts), _clock(view))


def _at_samples(view: View, seed: int, count: int = 150) -> tuple[Particles, Arrows]:
    """Draws that follow x_t = α x_0 + σ ε with fixed ε, and the score at each draw."""
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(count, rng)
    noise = torch.randn(x0.shape, generator=rng)
    ts, times = view.frames(fields.FRAMES)
    alphas, sigmas = view.process.alpha(ts), view.process.sigma(ts)
    xs = (alphas[:, None, None] * x0 + sigmas[:, None, None] * noise).float()
    scores = torch.stack([view.noised(t).score(x) for t, x in zip(ts, xs, strict=True)])
    feet = view.place(ts, xs)
    vectors = fields.shortened(scores.numpy(), 0.11 * view.half_width)
    points = Particles(times, feet, colours=runs.mode_colours(view, x0), size=5)
    return points, Arrows(times, feet, vectors)


@dataclass(frozen=True)
class Lane:
    """One sampler of a race: its name, its numbers, and its colour's index."""

    sampler: str
    values: tuple[tuple[str, float | int], ...] = ()


@dataclass(frozen=True)
class Result:
    """How a lane ended, each figure as in `explorer.metrics`."""

    label: str
    steps: int
    evaluations: int
    distance: Reading
    spread: float
    coverage: Coverage


@dataclass(frozen=True)
class Race:
    scene: Scene
    results: tuple[Result, ...]


@st.cache_resource(max_entries=24, show_spinner=False)
def race_scene(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: tuple[Lane, ...],
    steps: int,
    particles: int,
    seed: int,
    *,
    true_start: bool,
    show: str,
    rescaled: bool,
    scale: float = 1.0,
) -> Race:
    """Samplers side by side from one x_T on one clock, with the exact score."""
    view = _view(distribution, process, True, rescaled)
    target, noise = view.distribution, view.process
    rng = Generator().manual_seed(seed)
    start = noise.prior((particles, target.dim), rng)
    if true_start:
        t = noise.grid(1)[0]
        start = noise.perturb(target.sample(particles, rng), t, rng)[0]
    score, truth = exact_score(target, noise), _truth(distribution, particles)
    background = exact = plane = None
    if target.dim == 1:
        exact = _exact_1d(distribution, process, True, rescaled)
    else:
        plane = windows.plane(view, link="x", scale=scale)
        if show == "particles":
            background = _density(distribution, process, True, rescaled, False)
    panes, results = [], []
    for lane in lanes:
        entry = SAMPLERS[lane.sampler]
        run = race(entry, entry.build(dict(lane.values)), noise, score, start, steps, seed + 1)
        end = run.xs[-1]
        result = Result(
            entry.label,
            run.steps,
            run.evaluations,
            truth.sliced_wasserstein(end),
            truth.spread(end),
            mode_coverage(end, view.noised(torch.zeros((), dtype=torch.float64))),
        )
        ratio = finite(result.distance.ratio, 1)
        note = f"{result.evaluations} evaluations · distance {ratio} × floor"
        colours = runs.mode_colours(view, end)
        if exact is not None:
            pane = runs.pane_1d(
                view,
                run,
                colours,
                exact,
                link="x",
                title=entry.label,
                note=note,
                scale=scale,
            )
        else:
            behind = background or runs.cloud_density(view, run)
            pane = runs.pane_2d(
                view,
                run,
                colours,
                behind,
                plane=plane,
                title=entry.label,
                note=note,
                trail=8 if show == "particles" else 0,
                scale=scale,
            )
        panes.append(pane)
        results.append(result)
    return Race(Scene(tuple(panes), _clock(view)), tuple(results))


def wide_noise(distribution: DistributionSpec, process: ProcessSpec) -> bool:
    """Whether the noise dwarfs the data so far that positions are better drawn rescaled."""
    view = _view(distribution, process, False, False)
    t = torch.tensor(view.process.t_max, dtype=torch.float64)
    return float(view.process.sigma(t)) > 4 * max(view.spread, 1e-9)


def finite(value: float, digits: int = 2) -> str:
    """A figure for a table; a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"
