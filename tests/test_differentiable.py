"""Gradients through samplers: against differences, closed forms, and the change of variables."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.differentiable import (
    SMOOTH,
    descend,
    endpoint,
    jacobian,
    path,
    stretching,
)
from explorer.diffusion.likelihood import log_density
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import exact_score

COSINE = PROCESSES["cosine"].build()


def built(name: str):
    return SAMPLERS[name].build()


def starts(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 2, generator=Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_is_that_of_differences(name: str):
    mixture = DISTRIBUTIONS["tutorial"].build()
    x, grid, h = starts(6), COSINE.grid(12), 1e-5
    _, slopes = jacobian(COSINE, exact_score(mixture, COSINE), built(name), x, grid, 3)
    for d in range(2):
        shift = h * torch.eye(2, dtype=torch.float64)[d]
        ends = [
            endpoint(COSINE, exact_score(mixture, COSINE), built(name), x + sign * shift, grid, 3)
            for sign in (1, -1)
        ]
        found = (ends[0] - ends[1]) / (2 * h)
        torch.testing.assert_close(slopes[:, :, d], found, rtol=1e-5, atol=1e-7)


def test_every_smooth_sampler_is_one_of_the_samplers_and_the_others_are_not():
    assert set(SMOOTH) < set(SAMPLERS)
    assert {"rk45", "pc"} == set(SAMPLERS) - set(SMOOTH)


@pytest.mark.parametrize(("name", "steps"), [("heun", 400), ("dpm", 400)])
def test_the_map_to_a_gaussian_is_linear_with_a_known_slope(name: str, steps: int):
    """Along the flow each axis scales as √(α² v + σ²), so the slope is √v/√(α_T² v + σ_T²)."""
    variances = torch.tensor([0.25, 4.0], dtype=torch.float64)
    gaussian = GaussianMixture.of([1.0], [[0.5, -1.0]], [torch.diag(variances).tolist()])
    end, slopes = jacobian(
        COSINE, exact_score(gaussian, COSINE), built(name), starts(4), COSINE.grid(steps), 0
    )
    level = COSINE.level(COSINE.grid(1)[0])
    wanted = (variances / (level.alpha**2 * variances + level.variance)).sqrt()
    torch.testing.assert_close(slopes, torch.diag(wanted).expand_as(slopes), rtol=5e-3, atol=1e-9)
    assert float(slopes.std(dim=0).max()) < 1e-10, "linear: the slope is the same everywhere"
    expected = gaussian.mean + wanted * (starts(4) - level.alpha * gaussian.mean)
    torch.testing.assert_close(end, expected, rtol=0, atol=2e-2)
    det = torch.linalg.det(slopes)
    torch.testing.assert_close(det, wanted.prod().expand(4), rtol=1e-2, atol=0)


def test_the_area_it_squeezes_is_the_density_it_gains():
    """log p_0(x_0) = log p_T(x_T) − log|det J|, with p_0 by the flow's divergence."""
    mixture = DISTRIBUTIONS["tutorial"].build()
    x = 0.8 * starts(12, seed=2)
    end, slopes = jacobian(
        COSINE, exact_score(mixture, COSINE), built("heun"), x, COSINE.grid(300), 0
    )
    sigma = COSINE.level(COSINE.grid(1)[0]).sigma
    prior = -0.5 * (x / sigma).square().sum(dim=1) - 2 * math.log(sigma * math.sqrt(2 * math.pi))
    by_map = prior - torch.linalg.slogdet(slopes).logabsdet
    by_flow = log_density(COSINE, exact_score(mixture, COSINE), end, spread=1.4)
    torch.testing.assert_close(by_map, by_flow, rtol=0, atol=0.03)


@pytest.mark.parametrize("name", ["heun", "ddpm"])
def test_differences_along_the_way_end_in_the_exact_jacobian(name: str):
    mixture, grid = DISTRIBUTIONS["tutorial"].build(), COSINE.grid(30)
    x = starts(20)
    found = stretching(COSINE, exact_score(mixture, COSINE), built(name), x, grid, 1)
    end, slopes = jacobian(COSINE, exact_score(mixture, COSINE), built(name), x, grid, 1)
    torch.testing.assert_close(found.run.xs[-1], end)
    torch.testing.assert_close(found.jacobians[-1], slopes, rtol=1e-4, atol=1e-5)
    eye = torch.eye(2, dtype=torch.float64).expand_as(slopes)
    torch.testing.assert_close(found.jacobians[0], eye, rtol=0, atol=1e-9)
    products = found.singular_values.log().sum(dim=-1)
    torch.testing.assert_close(products, found.log_det, rtol=1e-8, atol=1e-8)


def test_all_rows_meet_the_same_noise():
    """Of a Gaussian, equal seeds end equal and neighbours keep their order: one smooth map."""
    mixture, grid = DISTRIBUTIONS["tutorial"].build(), COSINE.grid(40)
    twice = starts(1).repeat(2, 1)
    run = path(COSINE, exact_score(mixture, COSINE), built("ddpm"), twice, grid, 5)
    torch.testing.assert_close(run.xs[:, 0], run.xs[:, 1])
    other = path(COSINE, exact_score(mixture, COSINE), built("ddpm"), twice, grid, 6)
    assert float((other.xs[-1] - run.xs[-1]).norm()) > 0.1


@pytest.mark.parametrize(("name", "values"), [("heun", {}), ("ddim", {"eta": 0.4})])
def test_descent_reaches_the_target_and_is_the_same_each_time(name: str, values: dict):
    mixture, grid = DISTRIBUTIONS["tutorial"].build(), COSINE.grid(20)
    target = torch.tensor([2.5, -0.5], dtype=torch.float64)

    def run():
        return descend(
            COSINE,
            exact_score(mixture, COSINE),
            SAMPLERS[name].build(values),
            starts(5),
            target,
            grid,
            iterations=60,
            rate=0.3,
            seed=2,
        )

    found, again = run(), run()
    assert torch.equal(found.paths, again.paths)
    assert found.starts.shape == (61, 5, 2)
    assert found.paths.shape == (61, 21, 5, 2)
    torch.testing.assert_close(found.paths[:, 0], found.starts)
    ends = found.paths[-1, -1]
    assert float((ends - target).norm(dim=1).max()) < 0.05
    assert bool((found.losses[-1] < 1e-3 * found.losses[0]).all())


def test_full_noise_forgets_where_it_started():
    """E[x_0 | x_T] hardly moves with x_T, and with all noise held the ancestral map does not."""
    mixture, grid = DISTRIBUTIONS["tutorial"].build(), COSINE.grid(100)
    sizes = {}
    for name in ("dpm", "ddpm"):
        score = exact_score(mixture, COSINE)
        _, slopes = jacobian(COSINE, score, built(name), starts(50), grid, 0)
        sizes[name] = float(torch.linalg.det(slopes).abs().median())
    assert sizes["dpm"] > 0.5
    assert sizes["ddpm"] < 1e-3


def test_nothing_to_do_is_said():
    with pytest.raises(ValueError, match="iterations=0"):
        descend(
            COSINE,
            lambda x, t: -x,
            built("heun"),
            starts(1),
            torch.zeros(2),
            COSINE.grid(2),
            iterations=0,
            rate=0.1,
            seed=0,
        )
