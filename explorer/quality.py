"""Steps against quality: what each sampler makes of how many evaluations of one score."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.samplers import RTOL, SAMPLERS
from explorer.diffusion.trajectory import CountedScore, sample
from explorer.metrics import Reading, Truth

BUDGETS = (5, 10, 20, 50, 100, 200, 500)
TOLERANCES = tuple(float(tolerance) for tolerance in RTOL.choices)


@dataclass(frozen=True)
class Quality:
    """One run of `sampler`, an entry of `SAMPLERS`.

    budget: the evaluations it was offered.  evaluations: those it took.  distance: sliced
    Wasserstein to true draws beside its floor, in units of the data; NaN where the run broke down.
    seconds: how long the run took.
    """

    sampler: str
    budget: int
    evaluations: int
    distance: Reading
    seconds: float


def steps_against_quality(
    process: Process,
    score: Score,
    truth: Truth,
    start: Tensor,
    *,
    samplers: Sequence[str] = tuple(SAMPLERS),
    budgets: Sequence[int] = BUDGETS,
    seed: int = 0,
) -> Iterator[Quality]:
    """Run each sampler from `start` (B, D) at t_max with each budget, the small budgets first.

    Every run draws its noise from the same seed, so one seed gives one picture. Where a step takes
    two evaluations there are half as many of them. An adaptive solver chooses its own steps: in the
    place of the i-th budget it gets the i-th of `TOLERANCES`, as long as it keeps to the largest
    budget. truth: of the data, from n draws; the distance is the mean over parts of n of `start`,
    for that of one part alone is a matter of luck: it strays by a third of the floor.
    """
    spent: dict[str, int] = {}
    for place, budget in enumerate(budgets):
        for name in samplers:
            entry = SAMPLERS[name]
            over = spent.get(name, 0) >= max(budgets)
            if entry.adaptive and (place >= len(TOLERANCES) or over):
                continue
            values = {"rtol": TOLERANCES[place]} if entry.adaptive else {}
            step, counted = entry.build(values), CountedScore(score)
            grid = entry.grid(process, max(budget // max(entry.cost, 1), 1))
            begun = time.perf_counter()
            with torch.inference_mode():
                rng = Generator(device=start.device).manual_seed(seed)
                end = sample(process, counted, step, start, grid, rng)
            seconds = time.perf_counter() - begun
            spent[name] = counted.calls
            yield Quality(name, budget, counted.calls, _distance(truth, end), seconds)


def _distance(truth: Truth, end: Tensor) -> Reading:
    if not bool(end.isfinite().all()):
        return Reading(float("nan"), truth.floor)
    parts = end.cpu().split(len(truth.draws[0]))
    values = [truth.sliced_wasserstein(part).value for part in parts]
    return Reading(sum(values) / len(values), truth.floor)
