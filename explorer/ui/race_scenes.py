"""The reverse race: samplers side by side from one start, by the exact score or a learned one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from torch import Generator

from explorer.data.spec import DistributionSpec
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score
from explorer.figures import runs, windows
from explorer.metrics import Coverage, Reading, mode_coverage
from explorer.ui.learned_scenes import model
from explorer.ui.scenes import Scene, clock, exact_1d, plane_density, shared_view, truth

EXACT = "exact"


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
    network: str = EXACT,
    scale: float = 1.0,
) -> Race:
    """Samplers side by side from one x_T on one clock, with the exact score or a learned one."""
    view = shared_view(distribution, process, True, rescaled)
    target, noise = view.distribution, view.process
    rng = Generator().manual_seed(seed)
    start = noise.prior((particles, target.dim), rng)
    if true_start:
        t = noise.grid(1)[0]
        start = noise.perturb(target.sample(particles, rng), t, rng)[0]
    known = truth(distribution, particles)
    score = exact_score(target, noise) if network == EXACT else model(network).score
    background = exact = plane = None
    if target.dim == 1:
        exact = exact_1d(distribution, process, True, rescaled)
    else:
        plane = windows.plane(view, link="x", scale=scale)
        if show == "particles":
            background = plane_density(distribution, process, True, rescaled, False)
    panes, results = [], []
    for lane in lanes:
        entry = SAMPLERS[lane.sampler]
        run = race(entry, entry.build(dict(lane.values)), noise, score, start, steps, seed + 1)
        end = run.xs[-1]
        result = Result(
            entry.label,
            run.steps,
            run.evaluations,
            known.sliced_wasserstein(end),
            known.spread(end),
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
    return Race(Scene(tuple(panes), clock(view)), tuple(results))


def finite(value: float, digits: int = 2) -> str:
    """A figure for a table; a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"
