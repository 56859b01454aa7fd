"""Kernels against closed forms: reversibility, order, acceptance, moments, bias."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS, ExactDistribution
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.mcmc.chains import draws_in_one_mode, run
from explorer.mcmc.diagnostics import modes_over_time, occupancy
from explorer.mcmc.hmc import energy, hmc, leapfrog
from explorer.mcmc.kernel import Kernel, look
from explorer.mcmc.kernels import KERNELS
from explorer.mcmc.langevin import annealed, mala, noise_levels, ula

TILTED = GaussianMixture.of([1.0], [[1.0, -2.0]], [[[1.0, 0.4], [0.4, 0.5]]])
TWO = GaussianMixture.of(
    [1.0, 2.0], [[0.0, 1.0], [2.0, -1.0]], [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.5], [0.5, 1.0]]]
)
ADJUSTED: dict[str, Kernel] = {"mala": mala(0.4), "hmc": hmc(0.25, 5)}
N = 20_000


def rng(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def repeated(kernel: Kernel, target: ExactDistribution, x: Tensor, steps: int) -> Tensor:
    source, past = rng(1), None
    for _ in range(steps):
        past = kernel(target, x, source, past)
        x = past.x
    return x


def within_four_errors(x: Tensor, mean: Tensor, covariance: Tensor) -> None:
    """Mean and covariance of independent normal x (N, D), each entry within 4 standard errors."""
    n, x = len(x), x.double()
    variances = covariance.diagonal()
    assert ((x.mean(dim=0) - mean).abs() < 4 * (variances / n).sqrt()).all()
    errors = ((variances[:, None] * variances + covariance**2) / n).sqrt()
    assert ((torch.cov(x.T) - covariance).abs() < 4 * errors).all()


def test_leapfrog_comes_back_when_the_momentum_is_turned() -> None:
    x = 2 * torch.randn(50, 2, generator=rng(), dtype=torch.float64)
    push = torch.randn(50, 2, generator=rng(1), dtype=torch.float64)
    path, end, there = leapfrog(TWO, x, push, 0.1, 60, look(TWO, x))
    back, again, _ = leapfrog(TWO, path[-1], -end, 0.1, 60, there)
    assert (path[-1] - x).norm(dim=1).mean() > 1  # it went somewhere
    torch.testing.assert_close(back.flip(0), path, rtol=0, atol=1e-10)
    torch.testing.assert_close(again, -push, rtol=0, atol=1e-10)


def test_leapfrogs_energy_error_is_of_second_order() -> None:
    x = 2 * torch.randn(200, 2, generator=rng(), dtype=torch.float64)
    push = torch.randn(200, 2, generator=rng(1), dtype=torch.float64)
    here = look(TWO, x)
    leaps = (20, 40, 80, 160)
    errors = []
    for count in leaps:
        _, end, there = leapfrog(TWO, x, push, 3.0 / count, count, here)
        error = energy(there.log_prob, end) - energy(here.log_prob, push)
        errors.append(float(error.abs().mean()))
    slopes = [math.log2(a / b) for a, b in pairwise(errors)]
    assert slopes == pytest.approx([2, 2, 2], abs=0.05)


def test_leapfrog_follows_the_exact_motion_in_a_gaussian() -> None:
    """In N(0, 1) the motion is a rotation: x cos t + v sin t."""
    normal = DISTRIBUTIONS["normal-1d"].build()
    x = torch.randn(20, 1, generator=rng(), dtype=torch.float64)
    push = torch.randn(20, 1, generator=rng(1), dtype=torch.float64)
    path, end, _ = leapfrog(normal, x, push, 0.001, 1000, look(normal, x))
    exact = x * math.cos(1) + push * math.sin(1)
    torch.testing.assert_close(path[-1], exact, rtol=0, atol=1e-6)
    torch.testing.assert_close(end, push * math.cos(1) - x * math.sin(1), rtol=0, atol=1e-6)


def test_malas_acceptance_is_hastings_ratio() -> None:
    """Against densities of PyTorch's own normal distributions and automatic gradients."""
    parts = torch.distributions.MultivariateNormal(TWO.means, TWO.covariances)
    mixing = torch.distributions.Categorical(TWO.weights)
    p = torch.distributions.MixtureSameFamily(mixing, parts)
    h = 0.3

    def proposal_from(x: Tensor) -> torch.distributions.Normal:
        x = x.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(p.log_prob(x).sum(), x)
        return torch.distributions.Normal((x + h * slope).detach(), math.sqrt(2 * h))

    x = TWO.sample(500, rng()).double()
    result = mala(h)(TWO, x, rng(2))
    y = result.proposal
    forth = p.log_prob(x) + proposal_from(x).log_prob(y).sum(dim=1)
    back = p.log_prob(y) + proposal_from(y).log_prob(x).sum(dim=1)
    assert result.energy_error is not None
    torch.testing.assert_close(-result.energy_error, back - forth, rtol=0, atol=1e-9)
    accepted = result.accepted
    assert 0 < int(accepted.sum()) < 500
    chance = (back - forth).clamp_max(0).exp()
    error = float((chance * (1 - chance)).sum().sqrt())
    assert abs(float(accepted.sum() - chance.sum())) < 4 * error
    torch.testing.assert_close(result.x, torch.where(accepted[:, None], y, x))


def test_mala_is_hmc_with_one_leapfrog_step() -> None:
    x, h = TWO.sample(200, rng()).double(), 0.2
    one, other = mala(h)(TWO, x, rng(3)), hmc(math.sqrt(2 * h), 1)(TWO, x, rng(3))
    torch.testing.assert_close(one.proposal, other.proposal)
    torch.testing.assert_close(one.energy_error, other.energy_error)
    assert torch.equal(one.accepted, other.accepted)


@pytest.mark.parametrize("name", ADJUSTED)
def test_as_many_chains_go_from_here_to_there_as_back(name: str) -> None:
    """Detailed balance: among chains in equilibrium every flow equals its reverse."""
    x = TWO.sample(4 * N, rng())
    y = ADJUSTED[name](TWO, x, rng(1)).x
    edges = torch.tensor([-1.0, 0.5, 2.0])
    cells = [torch.bucketize(points[:, 0].contiguous(), edges) for points in (x, y)]
    flows = torch.zeros(4, 4).index_put(tuple(cells), torch.ones(len(x)), accumulate=True)
    assert float(flows.sum() - flows.diagonal().sum()) > 0.2 * len(x)  # they do move
    assert ((flows - flows.T).abs() <= 4 * (flows + flows.T).sqrt()).all()


@pytest.mark.parametrize("name", ADJUSTED)
def test_chains_from_one_point_settle_on_a_gaussian(name: str) -> None:
    """N independent chains, so that standard errors are those of N independent draws."""
    x = repeated(ADJUSTED[name], TILTED, torch.full((N, 2), 2.0), 60)
    within_four_errors(x, TILTED.mean, TILTED.covariance)


@pytest.mark.parametrize(("variance", "h"), [(1.0, 0.5), (2.25, 1.5)])
def test_ulas_variance_is_too_large_by_its_closed_form(variance: float, h: float) -> None:
    """x' = (1 − h/v) x + √(2h) z settles at 2h/(1 − (1 − h/v)²) = v/(1 − h/2v)."""
    target = GaussianMixture.of([1.0], [[0.0]], [[[variance]]])
    x = repeated(ula(h), target, torch.zeros(N, 1), 60)
    settled = torch.tensor([[variance / (1 - h / (2 * variance))]], dtype=torch.float64)
    within_four_errors(x, torch.zeros(1), settled)
    assert float(x.var()) > variance * (1 + 10 * math.sqrt(2 / N))  # and MALA's would not be


class Counting:
    """A target that counts how often its score is asked for."""

    def __init__(self, inner: ExactDistribution) -> None:
        self.inner, self.calls = inner, 0

    def __getattr__(self, name: str) -> Any:
        if name in ("score", "look"):
            self.calls += 1
        if name == "noised":
            return lambda alpha, sigma: self
        return getattr(self.inner, name)


@pytest.mark.parametrize("name", KERNELS)
def test_a_step_costs_what_it_says(name: str) -> None:
    target, kernel = Counting(TWO), KERNELS[name].build()
    x, source, past = TWO.sample(4, rng()), rng(1), None
    for _ in range(3):
        before = target.calls
        past = kernel(target, x, source, past)  # type: ignore[arg-type]
        x = past.x
        assert past.gradients == target.calls - before
    assert past is not None
    leaps = len(past.path) - 1 if past.path is not None else 1
    assert past.gradients == leaps  # what the step before knew is not paid for again


@pytest.mark.parametrize("name", ADJUSTED)
def test_what_is_handed_on_belongs_to_where_the_chains_are(name: str) -> None:
    x = TWO.sample(300, rng())
    result = ADJUSTED[name](TWO, x, rng(1))
    assert result.here is not None
    torch.testing.assert_close(result.here.score, TWO.score(result.x))
    torch.testing.assert_close(result.here.log_prob, TWO.log_prob(result.x))
    assert 0 < int(result.accepted.sum()) < 300


def test_a_path_that_leaves_all_bounds_is_rejected() -> None:
    x = TWO.sample(20, rng())
    result = hmc(40.0, 50)(TWO, x, rng(1))
    assert not result.proposal.isfinite().all()
    assert not result.accepted.any()
    assert torch.equal(result.x, x)
    assert result.here is not None
    assert result.here.score.isfinite().all()


def test_annealing_reaches_all_modes_where_ula_stays() -> None:
    ring = DISTRIBUTIONS["ring"].build()
    start = draws_in_one_mode(ring, 400, rng())
    shares = {}
    for name in ("ula", "annealed"):
        end = run(KERNELS[name].build(), ring, start, 400, rng(1)).xs[-1:]
        shares[name] = occupancy(modes_over_time(end, ring), 8)[0]
    assert float(shares["ula"].max()) == 1
    error = math.sqrt(1 / 8 * 7 / 8 / 400)
    assert (shares["annealed"] - 1 / 8).abs().max() < 4 * error


def test_annealed_steps_are_ula_on_the_noised_density() -> None:
    kernel = annealed(sigma_max=2.0, sigma_min=0.5, levels=3, ratio=0.1)
    x = TWO.sample(10, rng())
    for progress, sigma in ((0.0, 2.0), (0.4, 1.0), (0.99, 0.5)):
        ours = kernel(TWO, x, rng(5), None, progress).x
        assert torch.equal(ours, ula(0.1 * sigma**2)(TWO.noised(1.0, sigma), x, rng(5)).x)
    assert noise_levels(2.0, 0.5, 3) == pytest.approx((2.0, 1.0, 0.5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ula(0.0),
        lambda: mala(math.nan),
        lambda: hmc(-1.0),
        lambda: hmc(0.1, 0),
        lambda: annealed(1.0, 2.0),
        lambda: annealed(levels=0),
        lambda: annealed(ratio=-0.1),
    ],
)
def test_unusable_numbers_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"must|give|fall"):
        make()
