"""Markov chains beside a diffusion sampler: panes on one clock, a table, and charts.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Generator

from explorer.contest import common_start, diffuse, first_states, kernel_of, steps_within
from explorer.data.spec import DistributionSpec
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.figures import mcmc_charts
from explorer.figures.layers import Clock, Pane
from explorer.figures.mcmc_charts import Traced, Tuned
from explorer.mcmc import diagnostics
from explorer.mcmc.chains import Chains, run
from explorer.mcmc.diagnostics import Summary
from explorer.mcmc.kernels import KERNELS
from explorer.registry import Values
from explorer.ui import mcmc_panes as panes_of
from explorer.ui.cache import cached
from explorer.ui.mcmc_panes import Row
from explorer.ui.scenes import Scene, truth

WATCHED = 4
"""Of how many chains the paths are drawn."""


@dataclass(frozen=True)
class ChainLane:
    """A kernel and its numbers; `aim` is the acceptance that its step is tuned to, 0: not tuned."""

    kernel: str
    values: Values = ()
    aim: float = 0.0


@dataclass(frozen=True)
class DiffusionLane:
    """A sampler of the reverse process and its numbers."""

    sampler: str
    values: Values = ()


@dataclass(frozen=True, eq=False)
class Contest:
    scene: Scene
    rows: tuple[Row, ...]
    traces: tuple[Traced, ...]
    weights: np.ndarray
    budget: int


@dataclass(frozen=True, eq=False)
class Shown:
    """A lane: what plays, its line in the table, and its part in the charts."""

    pane: Pane
    row: Row
    trace: Traced


def contest(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: tuple[ChainLane, ...],
    sampler: DiffusionLane,
    in_one_mode: bool,
    budget: int,
    count: int,
    seed: int,
    scale: float = 1.0,
) -> Contest:
    """Chains and a diffusion sampler from one start, `budget` evaluations of the score each.

    Each lane is computed once, so that a change of one leaves the others alone.
    """
    common = (distribution, process, in_one_mode, budget, count, seed, scale)
    shown = [_chains_shown(lane, place, *common) for place, lane in enumerate(lanes)]
    shown.append(_diffusion_shown(sampler, *common))
    return Contest(
        Scene(
            tuple(lane.pane for lane in shown),
            Clock("evaluations", (0.0, float(budget)), steps=100, digits=0),
        ),
        tuple(lane.row for lane in shown),
        tuple(lane.trace for lane in shown),
        distribution.build().mode_weights.numpy(),
        budget,
    )


@dataclass(frozen=True, eq=False)
class _Ran:
    """Chains and what is known of them, whatever process is raced against them."""

    chains: Chains
    row: Row
    trace: Traced


@cached(away=lambda *_: True)
@torch.inference_mode()
def _ran(
    lane: ChainLane,
    place: int,
    distribution: DistributionSpec,
    in_one_mode: bool,
    budget: int,
    count: int,
    seed: int,
) -> _Ran:
    target, entry, values = distribution.build(), KERNELS[lane.kernel], dict(lane.values)
    x0, _ = first_states(target, in_one_mode, count, _rng(seed))
    kernel = kernel_of(entry, values, lane.aim)
    chains = run(kernel, target, x0, budget, _rng(seed + 1), watched=WATCHED)
    modes = diagnostics.modes_over_time(chains.xs, target)
    found = diagnostics.summary(chains, target, modes, entry.anneals)
    label = f"{entry.label}, tuned" if lane.aim else entry.label
    trace = _traced(label, place, chains, modes, target.mode_weights, entry.anneals)
    row = _row(label, int(chains.spent[-1]), chains.xs[-1], distribution, trace, found)
    return _Ran(chains, row, trace)


@cached
def _chains_shown(
    lane: ChainLane,
    place: int,
    distribution: DistributionSpec,
    process: ProcessSpec,
    in_one_mode: bool,
    budget: int,
    count: int,
    seed: int,
    scale: float,
) -> Shown:
    ran = _ran(lane, place, distribution, in_one_mode, budget, count, seed)
    entry, values = KERNELS[lane.kernel], dict(lane.values)
    pane = panes_of.chain_pane(distribution, process, entry, values, ran.chains, ran.row, scale)
    return Shown(pane, ran.row, ran.trace)


@cached(away=lambda *_: True)
def _diffusion_shown(
    sampler: DiffusionLane,
    distribution: DistributionSpec,
    process: ProcessSpec,
    in_one_mode: bool,
    budget: int,
    count: int,
    seed: int,
    scale: float,
) -> Shown:
    target, entry = distribution.build(), SAMPLERS[sampler.sampler]
    start = common_start(target, process.build(), in_one_mode, count, _rng(seed))
    step, steps = entry.build(dict(sampler.values)), steps_within(entry, budget)
    way = diffuse(process.build(), target, step, start.x_t, steps, _rng(seed + 1))
    end = way.xs[-1]
    modes = diagnostics.modes_over_time(end[None], target)
    shares = diagnostics.occupancy(modes, len(target.mode_weights))
    trace = Traced(
        entry.label,
        2,
        shares[-1].numpy(),
        np.array([way.evaluations]),
        diagnostics.misplaced(shares, target.mode_weights).numpy(),
    )
    row = _row(entry.label, way.evaluations, end, distribution, trace, None)
    return Shown(panes_of.diffusion_pane(distribution, process, way, row, scale), row, trace)


def chart(found: Contest, kind: str, height: int, scale: float = 1.0) -> go.Figure:
    """One of the charts by its name: time, shares, memory, tuning."""
    looks: dict[str, Any] = {"height": height, "scale": scale}
    charts: dict[str, Callable[[], go.Figure]] = {
        "time": lambda: mcmc_charts.modes_chart(found.traces, found.budget, **looks),
        "shares": lambda: mcmc_charts.shares_chart(found.traces, found.weights, **looks),
        "memory": lambda: mcmc_charts.memory_chart(found.traces, found.budget, **looks),
        "tuning": lambda: mcmc_charts.tuning_chart(found.traces, found.budget, **looks),
    }
    return charts[kind]()


def _rng(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def _traced(
    label: str,
    place: int,
    chains: Chains,
    modes: torch.Tensor,
    weights: torch.Tensor,
    anneals: bool,
) -> Traced:
    shares = diagnostics.occupancy(modes, len(weights))
    wrong = diagnostics.misplaced(shares, weights).numpy()
    spent = chains.spent.numpy()
    lags = memory = None
    if not anneals:
        draws = chains.draws
        each = [diagnostics.autocorrelation(draws[:, :, d]) for d in range(draws.shape[2])]
        memory = torch.stack(each).mean(dim=0)[: len(draws) // 2 + 1].numpy()
        lags = np.arange(len(memory)) * float(chains.spent[-1] - chains.spent[-2])
    tuned = None
    if chains.step_sizes is not None:
        taken = chains.accepted.double().mean(dim=1).numpy()
        tuned = Tuned(spent[1:], chains.step_sizes.numpy(), taken)
    return Traced(
        label,
        place,
        shares[-1].numpy(),
        spent,
        wrong,
        lags,
        memory,
        tuned,
    )


def _row(
    label: str,
    evaluations: int,
    end: torch.Tensor,
    distribution: DistributionSpec,
    trace: Traced,
    summary: Summary | None,
) -> Row:
    known = truth(distribution, len(end))
    weights = known.distribution.mode_weights.numpy()
    found = int(((trace.shares >= 0.1 * weights) & (weights > 0)).sum())
    return Row(
        label,
        evaluations,
        known.sliced_wasserstein(end),
        float(trace.misplaced[-1]),
        found,
        known.spread(end),
        summary,
    )
