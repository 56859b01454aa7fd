"""Diagnostics against chains whose figures are known in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.mcmc.chains import draws_in_one_mode, run
from explorer.mcmc.diagnostics import (
    autocorrelation,
    effective_sample_size,
    misplaced,
    modes_over_time,
    occupancy,
    summary,
    visits,
    worth_in_truth,
)
from explorer.mcmc.hmc import hmc
from explorer.mcmc.langevin import mala

RING = DISTRIBUTIONS["ring"].build()


def ar1(phi: float, n: int, chains: int, seed: int = 0) -> Tensor:
    """(n, chains) of x' = φ x + √(1 − φ²) z in equilibrium, with variance 1."""
    rng = Generator().manual_seed(seed)
    z = torch.randn(n, chains, generator=rng, dtype=torch.float64)
    x = [z[0]]
    for i in range(1, n):
        x.append(phi * x[-1] + math.sqrt(1 - phi**2) * z[i])
    return torch.stack(x)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, -0.6])
def test_the_autocorrelation_of_an_ar1_chain_is_a_power(phi: float) -> None:
    n, chains, lags = 2000, 100, 12
    rho = autocorrelation(ar1(phi, n, chains))[:lags]
    exact = phi ** torch.arange(lags, dtype=torch.float64)
    # Bartlett: the variance of an estimate is at most (1 + φ²)/(1 − φ²) over all draws
    error = math.sqrt((1 + phi**2) / (1 - phi**2) / (n * chains))
    assert (rho - exact).abs().max() < 4 * error


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, -0.6])
def test_the_effective_sample_size_of_an_ar1_chain(phi: float) -> None:
    """N M (1 − φ)/(1 + φ); where chains are antithetic more than N M.

    With 400,000 draws the standard error is about 2 %, for each φ.
    """
    n, chains = 1000, 400
    exact = n * chains * (1 - phi) / (1 + phi)
    assert effective_sample_size(ar1(phi, n, chains)) == pytest.approx(exact, rel=0.08)


def test_chains_that_disagree_are_worth_as_many_draws_as_there_are_chains() -> None:
    places = torch.arange(20.0, dtype=torch.float64)
    stuck = places + 0.01 * ar1(0.0, 100, 20)
    assert autocorrelation(stuck)[:50].min() > 0.99
    assert effective_sample_size(stuck) == pytest.approx(20, rel=0.05)
    assert effective_sample_size(places.expand(100, 20)) == 20  # nothing moves at all
    assert effective_sample_size(torch.full((100, 3), 2.0)) == 3
    assert math.isnan(effective_sample_size(torch.full((100, 3), math.nan)))


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_what_an_average_is_worth_in_truth(phi: float) -> None:
    """σ²/Var(mean of n), Var = [n + 2 Σ (n − k) φᵏ]/n², with n finite and all."""
    n, chains = 60, 3000
    normal = DISTRIBUTIONS["normal-1d"].build()
    lags = torch.arange(1, n, dtype=torch.float64)
    exact = n**2 / (n + 2 * float(((n - lags) * phi**lags).sum()))
    found = worth_in_truth(ar1(phi, n, chains)[:, :, None], normal)
    assert found == pytest.approx(exact, rel=4 * math.sqrt(2 / chains))


def test_a_chain_in_one_mode_thinks_well_of_itself_and_is_worth_one_draw() -> None:
    """In one of the ring's modes the squared error of the mean is r², the variance r² + 2σ²."""
    start = draws_in_one_mode(RING, 200, Generator().manual_seed(0))
    chains = run(hmc(0.04, 6), RING, start, 600, Generator().manual_seed(1))
    found = summary(chains, RING, modes_over_time(chains.xs, RING))
    assert found.ess is not None
    assert found.worth is not None
    assert found.ess > 0.5 * found.draws
    assert found.worth == pytest.approx((4 + 2 * 0.15**2) / 4, rel=0.01)
    assert found.visits.share == 0
    assert found.visits.together == math.inf
    assert (found.visits.visited == 1).all()


def test_what_is_promised_comes_true_on_a_gaussian() -> None:
    target = GaussianMixture.of([1.0], [[0.0, 0.0]], [[[1.0, 0.3], [0.3, 0.5]]])
    start = target.sample(2000, Generator().manual_seed(0))
    chains = run(mala(0.3), target, start, 800, Generator().manual_seed(1))
    found = summary(chains, target, modes_over_time(chains.xs, target))
    assert found.ess is not None
    assert found.worth is not None
    # the promise is of the slower coordinate, the truth of both together
    assert 0.9 * found.ess < found.worth < 1.6 * found.ess
    assert found.acceptance == pytest.approx(float(chains.accepted.double().mean()), abs=0.01)
    assert found.energy is not None
    assert 0 < found.energy < 1


def test_annealed_chains_have_no_worth() -> None:
    start = RING.sample(20, Generator().manual_seed(0))
    chains = run(mala(0.01), RING, start, 60, Generator().manual_seed(1))
    found = summary(chains, RING, modes_over_time(chains.xs, RING), anneals=True)
    assert found.ess is None
    assert found.worth is None


def test_visits_by_hand() -> None:
    modes = torch.tensor([[0, 1, 0], [0, 0, 0], [1, 0, 0], [1, 2, -1], [2, 2, 0]])
    spent = torch.tensor([0, 3, 5, 7, 9])
    found = visits(modes, spent, torch.tensor([0.5, 0.25, 0.25, 0.0]))
    assert found.each.tolist() == [9, 7, math.inf]
    assert found.together == 7  # mode 2 was first seen then, by the second chain
    assert found.visited.tolist() == [3, 3, 1]
    assert found.share == pytest.approx(2 / 3)


def test_shares_and_what_is_misplaced() -> None:
    modes = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 0], [0, -1, -1, -1]])
    shares = occupancy(modes, 2)
    assert shares.tolist() == [[0.5, 0.5], [1, 0], [0.25, 0]]
    truth = torch.tensor([0.5, 0.5])
    assert misplaced(shares, truth).tolist() == [0, 0.5, 0.75]


def test_modes_are_found_state_by_state_and_lost_points_have_none() -> None:
    means = RING.sample(800, Generator().manual_seed(0)).reshape(4, 200, 2).clone()
    means[2, 7] = torch.nan
    means[3, 1, 0] = torch.inf
    modes = modes_over_time(means, RING)
    assert modes.shape == (4, 200)
    assert (modes == -1).nonzero().tolist() == [[2, 7], [3, 1]]
    assert torch.equal(modes[0], RING.mode_of(means[0]))
