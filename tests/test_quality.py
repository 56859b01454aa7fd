"""Steps against quality: what is run, how often, and how far the ends lie from the truth."""

import math

import torch

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import LinearDDPM
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import exact_score
from explorer.metrics import Truth
from explorer.quality import steps_against_quality

PROCESS = LinearDDPM()


def runs(name="tutorial", score=None, **options):
    data = DISTRIBUTIONS[name].build()
    start = PROCESS.prior((600, data.dim), torch.Generator().manual_seed(3))
    score = score or exact_score(data, PROCESS)
    return list(steps_against_quality(PROCESS, score, Truth.of(data, 300), start, **options))


def test_every_sampler_runs_with_every_budget_and_keeps_to_it():
    found = runs(budgets=(6, 12))
    fixed = [name for name, entry in SAMPLERS.items() if not entry.adaptive]
    ran = [(q.sampler, q.budget) for q in found if q.sampler in fixed]
    assert ran == [(name, budget) for budget in (6, 12) for name in fixed]
    for quality in found:
        cost = SAMPLERS[quality.sampler].cost
        if cost:
            assert quality.budget - cost < quality.evaluations <= quality.budget
        assert quality.seconds > 0


def test_more_steps_come_closer_until_they_reach_the_floor():
    for name in ("ddim", "ddpm", "heun"):
        few, many = runs("moons", samplers=(name,), budgets=(4, 100))
        assert few.distance.value > 1.5 * many.distance.value
        assert many.distance.ratio < 1.5
    collapsed = runs("moons", samplers=("no-noise",), budgets=(100,))[0]
    assert collapsed.distance.ratio > 3


def test_an_adaptive_solver_gets_tighter_tolerances_until_the_largest_budget_is_spent():
    found = runs(samplers=("rk45",), budgets=(2, 5, 10, 60, 70, 80, 90, 100))
    spent = [quality.evaluations for quality in found]
    assert spent == sorted(spent)
    assert all(count < 100 for count in spent[:-1])
    assert len(found) <= 6


def test_one_seed_one_picture():
    def figures(seed):
        found = runs(samplers=("ddpm", "edm"), budgets=(8,), seed=seed)
        return [quality.distance.value for quality in found]

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


def test_the_distance_is_the_mean_over_parts_of_the_size_of_the_truth():
    data = DISTRIBUTIONS["normal-1d"].build()
    truth = Truth.of(data, 50)
    start = PROCESS.prior((100, 1), torch.Generator().manual_seed(3))
    score = exact_score(data, PROCESS)
    both, first, second = (
        next(steps_against_quality(PROCESS, score, truth, part, samplers=("flow",), budgets=(5,)))
        for part in (start, start[:50], start[50:])
    )
    mean = (first.distance.value + second.distance.value) / 2
    assert math.isclose(both.distance.value, mean, rel_tol=1e-6)


def test_a_run_that_breaks_down_has_no_distance():
    quality = runs(score=lambda x, t: torch.full_like(x, math.nan), samplers=("flow",))[0]
    assert math.isnan(quality.distance.value)


def test_it_can_be_stopped_after_any_run():
    data = DISTRIBUTIONS["normal-1d"].build()
    calls = []

    def counted(x, t):
        calls.append(t)
        return -x

    start = PROCESS.prior((20, 1), torch.Generator().manual_seed(3))
    going = steps_against_quality(PROCESS, counted, Truth.of(data, 20), start, budgets=(5, 500))
    next(going)
    going.close()
    assert len(calls) == 5
