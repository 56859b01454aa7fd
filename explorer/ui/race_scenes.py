"""The reverse race: samplers side by side from one start, by the exact score or a learned one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator

from explorer.data.spec import DistributionSpec
from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score
from explorer.figures import runs, windows
from explorer.figures.layers import Pane
from explorer.metrics import Coverage, Reading, mode_coverage
from explorer.ui.cache import cached
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


@dataclass(frozen=True)
class _Course:
    """What all lanes of a race have in common."""

    distribution: DistributionSpec
    process: ProcessSpec
    steps: int
    particles: int
    seed: int
    true_start: bool
    show: str
    rescaled: bool
    network: str
    scale: float


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
    course = _Course(
        distribution,
        process,
        steps,
        particles,
        seed,
        true_start,
        show,
        rescaled,
        network,
        scale,
    )
    panes, results = zip(*_runs(course, lanes), strict=True)
    view = shared_view(distribution, process, True, rescaled)
    return Race(Scene(panes, clock(view)), results)


@cached(grows=True)
def _exact_score(distribution: DistributionSpec, process: ProcessSpec, steps: int) -> Score:
    """One for all lanes, since it keeps each p_t that it was asked for."""
    noise = process.build()
    return exact_score(distribution.build(), noise, noise.grid(steps))


@cached(away=lambda course, lanes: course.network == EXACT)
def _runs(course: _Course, lanes: tuple[Lane, ...]) -> tuple[tuple[Pane, Result], ...]:
    """All lanes, of which one helper computes what they have in common once."""
    return tuple(_run(course, lane) for lane in lanes)


@cached
def _run(course: _Course, lane: Lane) -> tuple[Pane, Result]:
    """One lane, whichever others are raced."""
    where = (course.distribution, course.process, True, course.rescaled)
    view = shared_view(*where)
    target, noise = view.distribution, view.process
    rng = Generator().manual_seed(course.seed)
    start = noise.prior((course.particles, target.dim), rng)
    if course.true_start:
        t = noise.grid(1)[0]
        start = noise.perturb(target.sample(course.particles, rng), t, rng)[0]
    if course.network == EXACT:
        score = _exact_score(course.distribution, course.process, course.steps)
    else:
        score = model(course.network).score
    entry = SAMPLERS[lane.sampler]
    step = entry.build(dict(lane.values))
    most = runs.FRAMES if target.dim == 2 else None  # in one dimension paths are drawn whole
    run = race(entry, step, noise, score, start, course.steps, course.seed + 1, most=most)
    end = run.xs[-1]
    known = truth(course.distribution, course.particles)
    result = Result(
        entry.label,
        run.steps if run.taken is None else run.taken,
        run.evaluations,
        known.sliced_wasserstein(end),
        known.spread(end),
        mode_coverage(end, view.noised(torch.zeros((), dtype=torch.float64))),
    )
    ratio = finite(result.distance.ratio, 1)
    note = f"{result.evaluations} evaluations · distance {ratio} × floor"
    colours = runs.mode_colours(view, end)
    if target.dim == 1:
        exact = exact_1d(*where)
        pane = runs.pane_1d(
            view,
            run,
            colours,
            exact,
            link="x",
            title=entry.label,
            note=note,
            scale=course.scale,
        )
        return pane, result
    particles = course.show == "particles"
    pane = runs.pane_2d(
        view,
        run,
        colours,
        plane_density(*where, False) if particles else runs.cloud_density(view, run),
        plane=windows.plane(view, link="x", scale=course.scale),
        trail=8 if particles else 0,
        title=entry.label,
        note=note,
        scale=course.scale,
    )
    return pane, result


def rows(race: Race) -> list[dict[str, object]]:
    """The table under a race: a row for each lane."""
    return [
        {
            "Sampler": result.label,
            "Steps": result.steps,
            "Evaluations": result.evaluations,
            "Distance": finite(result.distance.value, 3),
            "Noise floor": finite(result.distance.floor, 3),
            "× floor": finite(result.distance.ratio, 1),
            "Spread in modes": finite(result.spread),
            "Modes found": f"{result.coverage.found} of {len(result.coverage.truth)}",
            "Share misplaced": f"{result.coverage.error:.1%}",
        }
        for result in race.results
    ]


def finite(value: float, digits: int = 2) -> str:
    """A figure for a table; a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"
