"""Noise added step by step, and the mean of the noise by Bayes' rule, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.bound import posterior
from explorer.diffusion.chain import largest_gap, mean_noise, step_by_step
from explorer.diffusion.processes import CosineVP, LinearDDPM, StraightPath
from explorer.diffusion.trajectory import Trajectory
from explorer.figures.mathematics import closed_form_pane, noise_pane, posterior_chart
from explorer.figures.view import View

CHAIN = LinearDDPM(40, 1e-4, 0.25)
WALKERS = 20_000


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return step_by_step(CHAIN, torch.full((WALKERS, 1), 2.0), Generator().manual_seed(0))


def test_walkers_have_the_closed_forms_moments_at_every_step(run):
    kept = torch.cat([torch.ones(1).double(), (1 - CHAIN.betas).cumprod(0)])
    means, variances = run.xs[..., 0].double().mean(dim=1), run.xs[..., 0].double().var(dim=1)
    off = (means - 2 * kept.sqrt()).abs()[1:] / ((1 - kept[1:]) / WALKERS).sqrt()
    assert float(off.max()) < 4.5
    spread = (variances[1:] / (1 - kept[1:]) - 1).abs() / (2 / WALKERS) ** 0.5
    assert float(spread.max()) < 4.5


def test_the_gap_is_kolmogorovs_and_grows_where_the_walk_is_wrong(run):
    from scipy.stats import kstest

    t = run.ts[-1:]
    last = Trajectory(torch.cat([torch.zeros(1).double(), t]), run.xs[[0, -1]])
    level = CHAIN.level(t[0])
    known = kstest(run.xs[-1, :, 0].double().numpy(), "norm", (2 * level.alpha, level.sigma))
    assert largest_gap(last, CHAIN, 2.0) == pytest.approx(known.statistic, abs=1e-9)
    assert largest_gap(run, CHAIN, 2.0) < 2.2 / WALKERS**0.5
    assert largest_gap(run, CHAIN, 1.5) > 0.1


def test_only_as_many_states_are_kept_as_can_be_shown():
    found = step_by_step(LinearDDPM(500), torch.zeros(3, 2), Generator().manual_seed(0), frames=51)
    assert found.xs.shape == (51, 3, 2)
    assert found.ts.tolist() == pytest.approx(np.linspace(0, 1, 51).tolist())


@pytest.mark.parametrize("process", [LinearDDPM(), CosineVP(), StraightPath()])
@pytest.mark.parametrize("name", ["mixture-1d", "gaussians-1d"])
def test_the_mean_noise_is_the_score(process, name):
    data = DISTRIBUTIONS[name].build()
    for t in (0.02, 0.3, 0.9, 0.999):  # where noise is all, σ/α is 640 and more
        level = process.level(torch.tensor(t, dtype=torch.float64))
        noised = data.noised(*level)
        x = noised.sample(200, Generator().manual_seed(1)).double()
        by_density = -level.sigma * noised.score(x)[:, 0]
        assert torch.allclose(mean_noise(data, level, x[:, 0]), by_density, atol=1e-6)


def test_for_a_gaussian_it_is_the_regression_line():
    data = DISTRIBUTIONS["normal-1d"].build()
    level = LinearDDPM().level(torch.tensor(0.4, dtype=torch.float64))
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    slope = level.sigma / (level.alpha**2 + level.variance)
    assert torch.allclose(mean_noise(data, level, x), slope * x, atol=1e-8)


def test_the_closed_forms_pane_lays_histogram_and_curve_on_one_scale(run):
    pane = closed_form_pane(CHAIN, 2.0, run)
    bars = next(layer for layer in pane.layers if type(layer).__name__ == "Bars")
    curve = next(layer for layer in pane.layers if type(layer).__name__ == "Curve")
    middles = (bars.edges[1:] + bars.edges[:-1]) / 2
    drawn = np.interp(middles, curve.x, curve.y[-1])
    chance = 4 * np.sqrt(bars.heights[-1].max() / (WALKERS * (middles[1] - middles[0]) * 0.4))
    assert np.abs(bars.heights[-1] - drawn).max() < chance


def test_dots_lie_where_their_noise_puts_them_and_the_curves_are_one():
    view = View(DISTRIBUTIONS["mixture-1d"].build(), LinearDDPM(), reverse=False)
    pane, apart = noise_pane(view, seed=0, points=60, frames=11)
    assert apart < 1e-6
    dots = next(layer for layer in pane.layers if type(layer).__name__ == "Particles")
    # the noise of a dot never changes, and at the end it is next to all there is of its place
    assert np.ptp(dots.xy[..., 1], axis=0).max() == 0
    assert np.corrcoef(dots.xy[-1].T)[0, 1] > 0.99
    hill, _, score, mean = pane.layers
    assert hill.y.shape == score.y.shape == mean.y.shape


def test_the_posterior_chart_holds_densities():
    now, then = (CHAIN.level(torch.tensor(t).double()) for t in (0.5, 0.475))
    chart = posterior_chart(posterior(now, then), then, 2.0, 0.5, reach=6.0)
    for trace in chart.data:
        assert np.trapezoid(trace.y, trace.x) == pytest.approx(1, abs=1e-3)
    prior, likelihood, both = (np.asarray(trace.x)[np.argmax(trace.y)] for trace in chart.data)
    assert min(prior, likelihood) < both < max(prior, likelihood)
