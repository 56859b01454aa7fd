"""α, σ, f and g of every process against numerical derivatives, integrals and each other."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import Generator

from explorer.diffusion.process import Process
from explorer.diffusion.processes import (
    EDM,
    PROCESSES,
    CosineVP,
    LambdaVE,
    LinearDDPM,
    StraightPath,
)

EXTREMES = [
    *(LambdaVE(lam) for lam in (0.01, 0.5, 1 - 1e-12, 1.0, 1 + 1e-12, 1 + 1e-6, 10.0, 50.0)),
    *(LinearDDPM(steps) for steps in (1, 2, 10, 1000)),
    LinearDDPM(200, 1e-4, 0.2),
    LinearDDPM(1000, 1e-5, 0.5),
    LinearDDPM(50, 0.02, 0.02),
    LinearDDPM(50, 0.02, 0.001),
    *(CosineVP(offset) for offset in (0.0, 0.008, 0.1)),
    EDM(),
    EDM(0.1, 1.0, 1.0),
    StraightPath(),
]
ALL = [*(entry.build() for entry in PROCESSES.values()), *EXTREMES]

every_process = pytest.mark.parametrize("process", ALL, ids=repr)


def inside(process: Process, count: int = 41) -> torch.Tensor:
    """Times between 0 and t_max, away from the knots of a chain, where f and g have kinks."""
    return process.t_max * (torch.arange(count, dtype=torch.float64) + 0.4377) / count


@every_process
def test_drift_and_diffusion_are_those_of_alpha_and_sigma(process):
    t, h = inside(process), 1e-6
    log_alpha = process.alpha(t + h).log() - process.alpha(t - h).log()
    drift = log_alpha / (2 * h)
    torch.testing.assert_close(process.drift(t), drift, rtol=1e-5, atol=1e-6)
    variance = (process.sigma(t + h) ** 2 - process.sigma(t - h) ** 2) / (2 * h)
    g_squared = variance - 2 * process.drift(t) * process.sigma(t) ** 2
    torch.testing.assert_close(process.diffusion(t) ** 2, g_squared, rtol=1e-5, atol=1e-6)


@every_process
def test_data_at_zero_and_growing_noise(process):
    zero = torch.zeros((), dtype=torch.float64)
    assert float(process.sigma(zero)) == 0
    assert float(process.alpha(zero)) == pytest.approx(1, abs=1e-15)
    t = process.t_max * torch.linspace(0, 1, 400, dtype=torch.float64)
    assert (process.sigma(t)[1:] > 0).all()
    assert ((process.sigma(t) / process.alpha(t)).diff() > 0).all()
    g = process.diffusion(t)
    assert g.isfinite().all()
    assert (g >= 0).all()


@every_process
def test_time_at_inverts_the_noise_to_signal_ratio(process):
    t = inside(process)
    ratio = process.sigma(t) / process.alpha(t)
    found = process.time_at(ratio)
    assert found.dtype == torch.float64
    # compared as ratios: with λ = 0.01 the ratio is nearly flat in t at the end
    torch.testing.assert_close(
        process.sigma(found) / process.alpha(found), ratio, rtol=1e-8, atol=0
    )
    torch.testing.assert_close(found, t, rtol=1e-6, atol=1e-7)


def test_no_time_has_more_noise_than_a_fading_process_ever_reaches():
    assert math.isinf(float(LambdaVE(0.01).time_at(torch.tensor(1.0))))


@every_process
@pytest.mark.parametrize("steps", [1, 2, 7, 50, 500, 1500])
def test_grids_fall_from_t_max_to_zero(process, steps):
    grid = process.grid(steps)
    assert grid.dtype == torch.float64
    assert len(grid) == steps + 1
    assert float(grid[0]) == process.t_max
    assert float(grid[-1]) == 0
    assert (grid.diff() < 0).all()


@every_process
def test_a_grid_has_at_least_one_step(process):
    with pytest.raises(ValueError, match="steps=0"):
        process.grid(0)


@every_process
def test_every_shape_and_dtype_of_time(process):
    for dtype, shape in ((torch.float32, ()), (torch.float32, (3,)), (torch.float64, (2, 3))):
        t = torch.full(shape, 0.37 * process.t_max, dtype=dtype)
        for function in (process.alpha, process.sigma, process.drift, process.diffusion):
            assert function(t).shape == shape
            assert function(t).dtype == dtype


@every_process
def test_levels_and_rates_are_the_functions_as_numbers(process):
    for time in (0.0, 0.3, 0.71 * process.t_max, process.t_max):
        t = torch.tensor(time, dtype=torch.float64)
        for _ in range(2):  # computed, then remembered
            assert process.level(t) == (float(process.alpha(t)), float(process.sigma(t)))
            assert process.rates(t) == (float(process.drift(t)), float(process.diffusion(t)))
    assert process.level(t).variance == process.level(t).sigma ** 2


@every_process
def test_a_start_leaves_signal_to_divide_by_in_float32(process):
    assert float(process.alpha(torch.tensor(process.t_max, dtype=torch.float64))) >= 1e-5


@pytest.mark.parametrize("lam", [0.01, 0.1, 0.5, 1.0, 1.5, 10.0, 50.0])
def test_variance_of_lambda_ve_is_the_integral_of_g_squared(lam):
    process = LambdaVE(lam)
    for t in (0.01, 0.3, 0.7, 1.0):
        expected, _ = quad(lambda u: lam ** (2 * u), 0, t, epsabs=1e-13, epsrel=1e-13)
        variance = float(process.sigma(torch.tensor(t, dtype=torch.float64))) ** 2
        assert variance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1e-15, 1e-12, 1e-10, 1e-8, -1e-12, -1e-8])
def test_variance_of_lambda_ve_has_the_limit_t(gap):
    t = torch.linspace(0, 1, 11, dtype=torch.float64)
    torch.testing.assert_close(LambdaVE(1 + gap).sigma(t) ** 2, t, rtol=2e-8, atol=0)


@pytest.mark.parametrize("steps", [1, 2, 10, 500, 1000])
def test_alpha_bar_is_the_cumulative_product_at_every_step(steps):
    process = LinearDDPM(steps)
    product = np.cumprod(1 - np.linspace(1e-4, 0.02, steps))
    t = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    np.testing.assert_allclose(process.alpha_bar(t).numpy(), product, rtol=1e-12)
    np.testing.assert_allclose(process.alpha(t).numpy() ** 2, product, rtol=1e-12)
    np.testing.assert_allclose(process.sigma(t).numpy() ** 2, 1 - product, rtol=1e-11)


@pytest.mark.parametrize("count", [1, 3, 20, 333, 500])
def test_grids_of_a_chain_hit_its_steps(count):
    process = LinearDDPM(500)
    i = process.grid(count) * 500
    torch.testing.assert_close(i, i.round(), rtol=0, atol=1e-9)


def test_the_full_chain_walks_every_step():
    grid = LinearDDPM(500).grid(500)
    for i, (t, s) in enumerate(pairwise(grid.tolist())):
        assert t == pytest.approx((500 - i) / 500, abs=1e-15)
        assert s == pytest.approx((499 - i) / 500, abs=1e-15)


def test_edm_grid_is_that_of_the_paper():
    """Equation 5 of Karras et al. 2022, with its own numbers."""
    low, high = 0.002 ** (1 / 7), 80 ** (1 / 7)
    sigmas = [(high + i / 17 * (low - high)) ** 7 for i in range(18)] + [0.0]
    np.testing.assert_allclose((80 * EDM().grid(18)).numpy(), sigmas, rtol=1e-12, atol=1e-15)


@every_process
def test_perturb_draws_the_marginal(process):
    x0 = torch.full((20_000, 2), 1.5)
    t = torch.cat([torch.full((10_000,), 0.2), torch.full((10_000,), 0.8)])
    x, noise = process.perturb(x0, t, Generator().manual_seed(0))
    assert x.dtype == noise.dtype == torch.float32
    expected = process.alpha(t)[:, None] * x0 + process.sigma(t)[:, None] * noise
    torch.testing.assert_close(x, expected)
    assert abs(float(noise.mean())) < 4.5 / math.sqrt(40_000)
    assert abs(float(noise.var()) - 1) < 4.5 * math.sqrt(2 / 40_000)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: LambdaVE(0.0),
        lambda: LambdaVE(-1.0),
        lambda: LambdaVE(math.nan),
        lambda: LinearDDPM(0),
        lambda: LinearDDPM(10, 0.0, 0.02),
        lambda: LinearDDPM(10, 0.02, 1.0),
        lambda: CosineVP(-0.1),
        lambda: EDM(0.0),
        lambda: EDM(2.0, 1.0),
        lambda: EDM(rho=0.0),
    ],
)
def test_impossible_numbers_are_refused(bad):
    with pytest.raises(ValueError, match=r"must|too few"):
        bad()


@pytest.mark.parametrize("name", PROCESSES)
def test_every_entry_builds_at_both_ends_of_its_parameters(name):
    entry = PROCESSES[name]
    assert entry.latex
    assert entry.build().latex
    for param in entry.params:
        for value in (param.low, param.high, *param.choices):
            t = torch.tensor(0.5, dtype=torch.float64)
            process = entry.build({param.name: value})
            assert process.sigma(t).isfinite()
            assert process.latex
