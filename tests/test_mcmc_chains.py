"""The loop over chains: its budget, its tuning, its starts, and the contest it takes part in."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Generator

from explorer.contest import common_start, diffuse, kernel_of, steps_within
from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import LinearDDPM, StraightPath
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import exact_score
from explorer.mcmc.chains import WARMUP, Tuning, acceptance, draws_in_one_mode, run
from explorer.mcmc.hmc import hmc
from explorer.mcmc.kernels import KERNELS
from explorer.mcmc.langevin import mala, ula
from explorer.mcmc.tuning import DualAveraging

RING = DISTRIBUTIONS["ring"].build()
NORMAL = DISTRIBUTIONS["ring"].build({"modes": 1, "radius": 0.0, "std": 1.0})


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


@pytest.mark.parametrize("name", KERNELS)
def test_chains_spend_their_budget_and_no_more(name: str) -> None:
    x = RING.sample(20, rng())
    chains = run(KERNELS[name].build(), RING, x, 100, rng(1), watched=3)
    cost = chains.spent.diff()
    assert int(chains.spent[-1]) <= 100 < int(chains.spent[-1] + cost[-1])
    assert chains.xs.shape == (chains.steps + 1, 20, 2)
    assert torch.equal(chains.xs[0], x)
    assert chains.spent[chains.warmup] <= WARMUP * 100 < chains.spent[chains.warmup + 1]
    assert len(chains.draws) == chains.steps - chains.warmup
    for i, path in enumerate(chains.paths):
        assert torch.equal(path[0], chains.xs[i, :3])
        assert torch.equal(path[-1], chains.proposals[i, :3])
    moved = torch.where(chains.accepted[..., None], chains.proposals, chains.xs[:-1])
    assert torch.equal(chains.xs[1:], moved)


def test_a_budget_below_one_step_is_refused() -> None:
    with pytest.raises(ValueError, match="does not hold one step of 51"):
        run(hmc(0.1, 50), RING, RING.sample(2, rng()), 50, rng())


def test_the_same_seed_gives_the_same_chains() -> None:
    x = RING.sample(10, rng())
    one, other = (run(mala(0.01), RING, x, 60, rng(4)) for _ in range(2))
    assert torch.equal(one.xs, other.xs)


def test_dual_averaging_finds_the_step_with_the_acceptance_it_aims_at() -> None:
    """Where acceptance is exp(−step), that of 0.7 is −ln 0.7, from any start."""
    for first in (1e-3, 10.0):
        state = DualAveraging.of(first, 0.7)
        for _ in range(2000):
            state = state.updated(math.exp(-state.step))
        assert state.average == pytest.approx(-math.log(0.7), rel=0.02)


def test_dual_averaging_follows_the_papers_recursion() -> None:
    state, gap, log_average = DualAveraging.of(0.3, 0.8), 0.0, 0.0
    for m, seen in enumerate((0.1, 0.9, 0.5, 1.0), start=1):
        gap = (1 - 1 / (m + 10)) * gap + (0.8 - seen) / (m + 10)
        log_step = math.log(3.0) - math.sqrt(m) / 0.05 * gap
        log_average = m**-0.75 * log_step + (1 - m**-0.75) * log_average
        state = state.updated(seen)
        assert state.step == pytest.approx(math.exp(log_step))
        assert state.average == pytest.approx(math.exp(log_average))
    for step, aim in ((0.0, 0.5), (math.inf, 0.5), (0.1, 1.0)):
        with pytest.raises(ValueError, match="acceptance between 0 and 1"):
            DualAveraging.of(step, aim)


@pytest.mark.parametrize("first", [0.01, 5.0])
def test_a_tuned_chain_reaches_its_acceptance_whatever_its_first_step(first: float) -> None:
    tuning = Tuning(partial(mala), first, 0.574)
    chains = run(tuning, NORMAL, NORMAL.sample(200, rng()), 800, rng(1))
    assert chains.step_sizes is not None
    kept = chains.step_sizes[chains.warmup + 1 :]
    assert len(kept.unique()) == 1
    assert float(chains.step_sizes[0]) == pytest.approx(first)
    taken = float(chains.accepted[chains.warmup + 1 :].double().mean())
    assert taken == pytest.approx(0.574, abs=0.08)


def test_the_mean_acceptance_stands_a_broken_path() -> None:
    result = mala(0.4)(NORMAL, NORMAL.sample(50, rng()), rng(1))
    assert result.energy_error is not None
    whole = float((-result.energy_error).exp().clamp_max(1).mean())
    assert acceptance(result) == pytest.approx(whole, rel=1e-5)
    assert acceptance(hmc(40.0, 50)(NORMAL, NORMAL.sample(50, rng()), rng(1))) == 0
    assert acceptance(ula(0.1)(NORMAL, NORMAL.sample(5, rng()), rng(1))) == 1


def test_draws_in_one_mode_are_true_draws_of_it() -> None:
    x = draws_in_one_mode(RING, 4000, rng())
    assert (RING.mode_of(x) == 0).all()
    error = 0.15 / math.sqrt(4000)
    assert (x.double().mean(dim=0) - torch.tensor([2.0, 0.0])).abs().max() < 4 * error


def test_all_start_from_the_same_cloud() -> None:
    process = LinearDDPM(500, 1e-4, 0.02)
    wide = common_start(RING, process, False, 500, rng())
    torch.testing.assert_close(wide.x0 / wide.x0.std(), wide.x_t / wide.x_t.std())
    one = common_start(RING, StraightPath(), True, 20_000, rng())
    assert (RING.mode_of(one.x0) == 0).all()
    left = 0.001 * torch.tensor([2.0, 0.0])  # of the mean, at t = 0.999
    assert (one.x_t.mean(dim=0) - left).abs().max() < 4 / math.sqrt(20_000)


@pytest.mark.parametrize("name", [n for n, entry in SAMPLERS.items() if not entry.adaptive])
def test_a_sampler_keeps_to_the_budget(name: str) -> None:
    entry, process = SAMPLERS[name], LinearDDPM(100, 1e-4, 0.05)
    start = common_start(RING, process, True, 10, rng()).x_t
    steps = steps_within(entry, 41)
    way = diffuse(process, RING, entry.build(), start, steps, rng(1))
    assert way.evaluations <= 41
    assert way.evaluations > 41 - 2 * entry.cost
    same = race(entry, entry.build(), process, exact_score(RING, process), start, steps, 1)
    assert torch.equal(way.xs, same.xs)


def test_an_adaptive_sampler_has_no_budget() -> None:
    with pytest.raises(ValueError, match="no budget binds it"):
        steps_within(SAMPLERS["rk45"], 100)


def test_a_kernel_is_built_as_told_and_tuned_as_told() -> None:
    entry = KERNELS["hmc"]
    x = RING.sample(5, rng())
    built = kernel_of(entry, {"step": 0.1, "leaps": 3})
    tuned = kernel_of(entry, {"step": 0.1, "leaps": 3}, 0.7)
    assert isinstance(tuned, Tuning)
    assert (tuned.step, tuned.aim) == (0.1, 0.7)
    assert not isinstance(built, Tuning)
    one, other = built(RING, x, rng(2)), tuned.make(0.1)(RING, x, rng(2))
    assert torch.equal(one.proposal, other.proposal)
