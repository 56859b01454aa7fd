"""Errors of a score against closed forms, losses and brute force."""

import math

import pytest
import torch

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.comparison import (
    error_by_time,
    error_map,
    memorising_optimum,
    nearest_distance,
)
from explorer.diffusion.processes import CosineVP, LambdaVE, LinearDDPM
from explorer.diffusion.trajectory import exact_score

TS = torch.linspace(0.05, 0.95, 7, dtype=torch.float64)


def scaled(score, factor):
    return lambda x, t: factor * score(x, t)


def turned(score, angle):
    c, s = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[c, -s], [s, c]])
    return lambda x, t: score(x, t) @ turn.T


@pytest.mark.parametrize("process", [LambdaVE(), LinearDDPM(), CosineVP()])
def test_a_stretched_and_a_turned_field_err_as_geometry_says(process):
    data = DISTRIBUTIONS["tutorial"].build()
    exact = exact_score(data, process)
    longer = error_by_time(process, scaled(exact, 1.3), exact, data, TS)
    assert torch.allclose(longer.relative, torch.full_like(TS, 0.3), atol=1e-6)
    assert torch.allclose(longer.cosine, torch.ones_like(TS), atol=1e-6)
    askew = error_by_time(process, turned(exact, 0.5), exact, data, TS)
    assert torch.allclose(askew.cosine, torch.full_like(TS, math.cos(0.5)), atol=1e-6)
    assert torch.allclose(askew.relative, torch.full_like(TS, 2 * math.sin(0.25)), atol=1e-6)


def test_no_score_at_all_errs_by_one_and_the_least_loss_is_that_of_a_gaussian():
    """For N(0, 1) data under a variance-preserving process s* = −x, so E‖ε − ε*‖² = 1 − σ²."""
    data, process, draws = DISTRIBUTIONS["normal-1d"].build(), CosineVP(), 20_000
    error = error_by_time(
        process, lambda x, t: 0 * x, exact_score(data, process), data, TS, draws=draws
    )
    variance = process.sigma(TS) ** 2
    tolerance = 5 * math.sqrt(2 / draws)
    assert torch.allclose(error.relative, torch.ones_like(TS))
    assert torch.allclose(error.excess, variance, atol=tolerance)
    assert torch.allclose(error.least, 1 - variance, atol=tolerance)


def test_the_excess_is_what_a_loss_on_the_noise_lies_above_the_least():
    data, process, draws = DISTRIBUTIONS["moons"].build(), LinearDDPM(), 20_000
    exact = exact_score(data, process)

    def wrong(x, t):
        return exact(x, t) + torch.tensor([0.3, -0.2]) * x.sin()

    error = error_by_time(process, wrong, exact, data, TS, draws=draws)
    rng = torch.Generator().manual_seed(7)  # not the draws that the error was measured on
    for i, t in enumerate(TS):
        x, noise = process.perturb(data.sample(draws, rng), t, rng)
        losses = (noise + float(process.sigma(t)) * wrong(x, t)).square().sum(dim=1)
        spread = 5 * float(losses.std()) * math.sqrt(2 / draws)
        assert float(error.least[i] + error.excess[i]) == pytest.approx(
            float(losses.mean()), abs=spread
        )


def test_the_mean_over_time_is_an_integral():
    data, process = DISTRIBUTIONS["normal-1d"].build(), CosineVP()
    exact = exact_score(data, process)
    error = error_by_time(process, exact, exact, data, TS, draws=10)
    assert error.mean(3 * error.ts) == pytest.approx(3 * 0.5, rel=1e-12)
    assert error.mean(error.excess) == 0


def test_the_map_is_in_standard_deviations_of_the_noise():
    data, process = DISTRIBUTIONS["tutorial"].build(), LambdaVE()
    exact, shift = exact_score(data, process), torch.tensor([3.0, 4.0])
    xs = torch.randn(len(TS), 11, 2, generator=torch.Generator().manual_seed(0))
    found = error_map(process, lambda x, t: exact(x, t) + shift, exact, xs, TS)
    assert found.shape == (len(TS), 11)
    assert torch.allclose(found, 5 * process.sigma(TS)[:, None].float().expand(-1, 11), rtol=1e-4)


@pytest.mark.parametrize(("rows", "n"), [(5, 3), (3000, 2000)])
def test_the_nearest_of_many_is_the_nearest(rows, n):
    rng = torch.Generator().manual_seed(0)
    x, points = torch.randn(rows, 2, generator=rng), torch.randn(n, 2, generator=rng)
    found = nearest_distance(x, points)
    assert found.shape == (rows,)
    for i in range(0, rows, 500):
        differences = (points.double() - x[i].double()).square().sum(dim=1).sqrt()
        assert float(found[i]) == pytest.approx(float(differences.min()), rel=1e-5)
    assert float(nearest_distance(points, points).max()) == 0


def test_the_memorising_optimum_leads_into_a_training_point():
    points = torch.tensor([[0.0, 1.0], [2.0, -1.0], [-2.0, 0.0]], dtype=torch.float64)
    optimum, process = memorising_optimum(points), CosineVP()
    t = torch.tensor(0.02, dtype=torch.float64)
    alpha, sigma = process.level(t)
    x = alpha * points[1] + torch.tensor([[0.01, 0.02]], dtype=torch.float64)
    denoised = (x + sigma**2 * exact_score(optimum, process)(x, t)) / alpha
    assert torch.allclose(denoised, points[1:2], atol=1e-8)


def test_times_that_cannot_be_used_are_refused():
    data, process = DISTRIBUTIONS["normal-1d"].build(), CosineVP()
    exact = exact_score(data, process)
    for ts in ([0.0, 0.5], [0.5, 0.2]):
        with pytest.raises(ValueError, match="increase"):
            error_by_time(process, exact, exact, data, torch.tensor(ts, dtype=torch.float64))
