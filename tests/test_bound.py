"""The bound against closed forms, Bayes' rule by quadrature, and the exact likelihood."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Generator
from torch.distributions import Independent, Normal, kl_divergence

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.bound import (
    VARIANCES,
    bits_per_dimension,
    eps_weights,
    gaussian_kl,
    log_normal,
    posterior,
    reverse_variance,
    variational_bound,
)
from explorer.diffusion.likelihood import log_density
from explorer.diffusion.process import Level
from explorer.diffusion.processes import EDM, CosineVP, LambdaVE, LinearDDPM, StraightPath
from explorer.diffusion.trajectory import exact_score
from explorer.figures.bound import Rung, ladder_chart, shares_chart, terms_chart, weights_chart

ALL = [LambdaVE(25.0), LinearDDPM(), CosineVP(), EDM(), StraightPath()]
CHAIN = LinearDDPM(200, 1e-4, 0.1)


def names(value):
    return type(value).__name__


def levels(process, *times):
    return [process.level(torch.tensor(t, dtype=torch.float64)) for t in times]


def test_gaussian_formulas_are_torchs():
    rng = Generator().manual_seed(0)
    a, b = torch.randn(2, 7, 3, generator=rng, dtype=torch.float64)
    ours = [Independent(Normal(m, v**0.5), 1) for m, v in ((a, 0.3), (b, 1.7))]
    assert torch.allclose(gaussian_kl(a, 0.3, b, 1.7), kl_divergence(*ours))
    assert torch.allclose(log_normal(a, b, 1.7), ours[1].log_prob(a))


@pytest.mark.parametrize("process", ALL, ids=names)
@pytest.mark.parametrize(("t", "s"), [(0.5, 0.49), (0.9, 0.2), (0.1, 0.0)])
def test_the_posterior_is_bayes_rule_by_quadrature(process, t, s):
    now, then = levels(process, t, s)
    step = posterior(now, then)
    x0, xt = 0.7, now.alpha * 0.7 + 0.4 * now.sigma
    mean = step.on_xt * xt + step.on_x0 * x0
    if s == 0:
        assert mean == pytest.approx(x0)
        assert step.variance == 0
        return
    reach = torch.linspace(-9, 9, 4001, dtype=torch.float64)
    x = mean + step.variance**0.5 * reach
    log_joint = -0.5 * (x - then.alpha * x0).square() / then.variance
    log_joint -= 0.5 * (xt - now.alpha / then.alpha * x).square() / step.forward
    weight = torch.softmax(log_joint, dim=0)
    assert float(weight @ x) == pytest.approx(mean, abs=1e-6 * then.sigma)
    spread = float(weight @ (x - mean).square())
    assert spread == pytest.approx(step.variance, rel=1e-6)


def test_neighbours_on_the_chain_have_hos_numbers():
    betas = CHAIN.betas.tolist()
    for i in (2, 50, 200):
        kept = [math.prod(1 - b for b in betas[:k]) for k in (i - 1, i)]
        step = posterior(*levels(CHAIN, i / 200, (i - 1) / 200))
        beta = betas[i - 1]
        assert step.forward == pytest.approx(beta, rel=1e-9)
        assert step.variance == pytest.approx((1 - kept[0]) / (1 - kept[1]) * beta, rel=1e-9)
        assert step.on_x0 == pytest.approx(kept[0] ** 0.5 * beta / (1 - kept[1]), rel=1e-9)


def test_weights_are_hos_and_turn_the_noises_error_into_the_means():
    grid = CHAIN.grid(200)
    betas = CHAIN.betas.flip(0)
    kept = (1 - CHAIN.betas).cumprod(0).flip(0)
    wanted = betas.square() / (2 * betas * (1 - betas) * (1 - kept))
    assert torch.allclose(eps_weights(CHAIN, grid), wanted)
    eps, guess = torch.randn(2, 1, 3, generator=Generator().manual_seed(1), dtype=torch.float64)
    weights = eps_weights(CHAIN, grid, "posterior")
    for i in (0, 100, 198):
        now, then = levels(CHAIN, float(grid[i]), float(grid[i + 1]))
        step = posterior(now, then)
        xt = 0.3 + now.sigma * eps
        means = [
            step.on_xt * xt + step.on_x0 * (xt - now.sigma * e) / now.alpha for e in (eps, guess)
        ]
        kl = gaussian_kl(means[0], step.variance, means[1], step.variance)
        assert float(kl) == pytest.approx(
            float(weights[i] * (eps - guess).square().sum()), rel=1e-9
        )


def expected_for_a_gaussian(process, grid, std, variance):
    """L_T, Σ L_{t−1} and L_0 for data N(0, std²) and the exact score, in closed form.

    The mean of x̂_0's squared error is std² σ²/(α² std² + σ²).
    """
    steps = [process.level(t) for t in grid]
    total, last = 0.0, 0.0
    for now, then in pairwise(steps):
        step = posterior(now, then)
        v = reverse_variance(step, variance)
        error = std**2 * now.variance / (now.alpha**2 * std**2 + now.variance)
        off = step.on_x0**2 * error
        if step.variance > 0:
            ratio = step.variance / v
            total += 0.5 * (off / v + ratio - 1 - math.log(ratio))
        else:
            last = 0.5 * (off / v + math.log(2 * math.pi * v))
    return 0.5 * (steps[0].alpha * std / steps[0].sigma) ** 2, total, last


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("process", [CHAIN, CosineVP(), LambdaVE(25.0)], ids=names)
def test_for_gaussian_data_every_part_is_known(process, variance):
    std, n = 0.6, 4000
    data = GaussianMixture.isotropic(torch.ones(1), torch.zeros(1, 1), std)
    x0 = data.sample(n, Generator().manual_seed(3))
    grid = process.grid(50)
    rng = Generator().manual_seed(4)
    found = variational_bound(process, exact_score(data, process), x0, grid, rng, variance=variance)
    wanted = expected_for_a_gaussian(process, grid, std, variance)
    error = [
        float(v.std()) / n**0.5 for v in (found.prior, found.steps[:-1].sum(0), found.steps[-1])
    ]
    for ours, true, one in zip(found.parts, wanted, error, strict=True):
        assert ours == pytest.approx(true, abs=4 * one + 1e-9)
    entropy = 0.5 * math.log(2 * math.pi * math.e * std**2)
    assert sum(wanted) > entropy


def test_for_a_standard_normal_beta_makes_the_bound_tight():
    """Var(x_s | x_t) is β there, so that the gap is that of the prior, L_T's, and of L_0 alone."""
    parts = expected_for_a_gaussian(CHAIN, CHAIN.grid(200), 1.0, "forward")
    entropy = 0.5 * math.log(2 * math.pi * math.e)
    assert sum(parts) == pytest.approx(entropy, abs=2e-4)
    assert sum(expected_for_a_gaussian(CHAIN, CHAIN.grid(200), 1.0, "posterior")) > entropy + 0.05


@pytest.mark.parametrize("name", ["mixture-1d", "tutorial"])
def test_the_exact_score_stays_above_the_entropy_and_nears_it_with_more_steps(name):
    data, process, n = DISTRIBUTIONS[name].build(), CosineVP(), 3000
    x0 = data.sample(n, Generator().manual_seed(5))
    gaps = []
    for steps in (4, 40):
        rng = Generator().manual_seed(6)
        with torch.inference_mode():
            bound = variational_bound(
                process,
                exact_score(data, process),
                x0,
                process.grid(steps),
                rng,
                variance="forward",
            )
        gap = bound.total + data.log_prob(x0.double())
        gaps.append((float(gap.mean()), float(gap.std()) / n**0.5))
    assert gaps[0][0] > 4 * gaps[0][1]
    assert gaps[1][0] > -3 * gaps[1][1]
    assert gaps[1][0] < gaps[0][0]


def test_it_is_no_smaller_than_what_the_flow_says_of_the_same_score():
    """For the exact score the flow's density is the data's, whose surprise the bound bounds."""
    data, process = DISTRIBUTIONS["mixture-1d"].build(), CHAIN
    x0 = data.sample(1000, Generator().manual_seed(7))
    score = exact_score(data, process)
    rng = Generator().manual_seed(8)
    with torch.inference_mode():
        bound = variational_bound(process, score, x0, process.grid(200), rng, variance="forward")
    flow = log_density(process, exact_score(data, process), x0, spread=0.5)
    gap = bound.total + flow
    assert float(gap.mean()) > -3 * float(gap.std()) / 1000**0.5
    assert float(gap.mean()) < 0.2


def test_an_error_in_the_score_costs_what_the_weights_say():
    data, process = DISTRIBUTIONS["mixture-1d"].build(), CHAIN
    x0 = data.sample(50, Generator().manual_seed(9))
    grid = process.grid(200)
    exact = exact_score(data, process)

    def off(x, t):
        return exact(x, t) + 0.3 / process.level(t).sigma

    true, worse = (
        variational_bound(process, s, x0, grid, Generator().manual_seed(1), variance="forward")
        for s in (exact, off)
    )
    # ‖ε − ε̂ + 0.3‖² − ‖ε − ε̂‖² = 0.09 + 0.6 (ε − ε̂): the second part is 0 in the mean alone
    extra = (worse.steps - true.steps).mean(dim=1)
    again = variational_bound(
        process,
        lambda x, t: exact(x, t) - 0.3 / process.level(t).sigma,
        x0,
        grid,
        Generator().manual_seed(1),
        variance="forward",
    )
    both = (extra + (again.steps - true.steps).mean(dim=1)) / 2
    assert torch.allclose(both, 0.09 * eps_weights(process, grid), rtol=1e-6)


def test_what_cannot_be_is_refused():
    data = DISTRIBUTIONS["mixture-1d"].build()
    x0 = data.sample(2, Generator().manual_seed(0))
    score = exact_score(data, CHAIN)
    with pytest.raises(ValueError, match="must lead to the data"):
        variational_bound(CHAIN, score, x0, CHAIN.grid(5)[:-1], Generator())
    with pytest.raises(ValueError, match="choose one of posterior, forward"):
        reverse_variance(posterior(Level(0.5, 0.9), Level(0.9, 0.2)), "large")


def test_bits_per_dimension():
    assert bits_per_dimension(math.log(2) * 6, 3) == pytest.approx(2)


def test_charts_draw_the_numbers_they_are_given():
    data = DISTRIBUTIONS["mixture-1d"].build()
    x0 = data.sample(50, Generator().manual_seed(9))
    score = exact_score(data, CHAIN)
    bound = variational_bound(CHAIN, score, x0, CHAIN.grid(20), Generator().manual_seed(1))
    terms = terms_chart(bound, bound, height=300)
    assert list(terms.data[0].y) == pytest.approx(bound.steps[:-1].mean(dim=1).tolist())
    weights = weights_chart(CHAIN, height=300)
    at = int(list(weights.data[0].x).index(200))
    beta, kept = 0.1, float((1 - CHAIN.betas).prod())
    assert weights.data[0].y[at] == pytest.approx(beta / (2 * (1 - beta) * (1 - kept)))
    shares = shares_chart(CHAIN, height=300)
    assert shares.data[0].y[-1] == pytest.approx(1)
    assert (shares.data[0].y[20]) > 0.1
    ladder = ladder_chart(
        [Rung("a", -1.0, 0.1, "#000000"), Rung("b", 2.0, 0.0, "#000000")], height=300
    )
    assert [trace.x[0] for trace in ladder.data] == [-1.0, 2.0]
