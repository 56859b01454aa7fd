"""The flow's log-density against closed forms, its order, and what it must integrate to."""

import math

import pytest
import torch

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.likelihood import LEAST_RATIO, log_density, with_divergence
from explorer.diffusion.processes import EDM, CosineVP, LambdaVE, LinearDDPM, StraightPath
from explorer.diffusion.trajectory import exact_score
from explorer.networks.mlp import SinusoidalMLP

ALL = [LambdaVE(25.0), LinearDDPM(), CosineVP(), EDM(), StraightPath()]


def names(process):
    return type(process).__name__


def moment(distribution):
    second = distribution.covariance.diagonal() + distribution.mean.square()
    return float(second.mean().sqrt())


def errors(process, name, steps, t=0.0):
    """Errors of log p_t at draws of p_t, in float64, from the exact p at t_max on."""
    data = DISTRIBUTIONS[name].build()
    spread = moment(data)
    level = process.level(torch.tensor(t, dtype=torch.float64))
    x = level.alpha * data.sample(200, torch.Generator().manual_seed(0)).double()
    x += level.sigma * torch.randn(
        x.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    noise = max(level.sigma, LEAST_RATIO * spread * level.alpha)
    last = process.level(torch.tensor(process.t_max, dtype=torch.float64))
    found = log_density(
        process,
        exact_score(data, process),
        x,
        t,
        spread=spread,
        steps=steps,
        end=data.noised(*last).log_prob,
    )
    return found - data.noised(level.alpha, noise).log_prob(x)


@pytest.mark.parametrize("process", ALL, ids=names)
@pytest.mark.parametrize("name", ["mixture-1d", "tutorial"])
def test_the_exact_score_gives_back_the_exact_density(process, name):
    assert errors(process, name, 48).abs().max() < 1e-3
    assert errors(process, name, 48, t=0.2).abs().max() < 1e-3


@pytest.mark.parametrize("process", ALL, ids=names)
def test_it_converges_with_the_fourth_order(process):
    coarse, fine = (errors(process, "tutorial", steps).square().mean().sqrt() for steps in (24, 48))
    assert math.log2(coarse / fine) > 3.6


def test_the_spread_that_is_assumed_changes_nothing_but_rounding():
    data, process = DISTRIBUTIONS["mixture-1d"].build(), CosineVP()
    x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    one, other = (
        log_density(process, exact_score(data, process), x, 0.1, spread=s, steps=96)
        for s in (0.5, 2.0)
    )
    assert torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("process", ALL, ids=names)
def test_a_density_integrates_to_one_whatever_the_score(process):
    """A wrong score's flow, too, carries a distribution to a distribution."""
    data = DISTRIBUTIONS["mixture-1d"].build()
    score, spread = exact_score(data, process), moment(data)
    torch.manual_seed(0)
    network = SinusoidalMLP(1, 32, 3).requires_grad_(False).double()

    def bent(x, t):
        level = process.level(t)
        unit = math.hypot(level.alpha * spread, level.sigma)
        normal = -x / unit**2
        return normal + (score(x, t) - normal) * (1 + torch.tanh(8 * network(x / unit, t)))

    x = torch.linspace(-4, 4, 1201, dtype=torch.float64)[:, None]
    t = float(process.time_at(torch.tensor(0.1, dtype=torch.float64)))
    found, true = (log_density(process, s, x, t, spread=spread).exp() for s in (bent, score))
    assert float(torch.trapezoid(found, x[:, 0])) == pytest.approx(1, abs=2e-3)
    assert (found - true).abs().max() > 0.1


def test_the_divergence_is_the_trace_of_the_jacobian():
    network = SinusoidalMLP(2, 16, 2).requires_grad_(False)
    x, t = torch.randn(7, 2, generator=torch.Generator().manual_seed(0)), torch.tensor(0.3)
    value, divergence = with_divergence(network, x, t)
    assert torch.equal(value, network(x, t))
    for row, found in zip(x, divergence, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda y: network(y[None], t)[0], row)
        assert float(found) == pytest.approx(float(jacobian.trace()), abs=1e-6)


def test_it_works_inside_inference_mode():
    data, process = DISTRIBUTIONS["tutorial"].build(), LinearDDPM()
    score = exact_score(data, process)
    x = data.sample(20, torch.Generator().manual_seed(0))
    outside = log_density(process, score, x)
    with torch.inference_mode():
        inside = log_density(process, exact_score(data, process), x + 0)
    assert torch.equal(outside, inside)


def test_what_cannot_be_used_is_refused():
    process, x = CosineVP(), torch.zeros(3, 2)

    @torch.no_grad()
    def silent(x, t):
        return -x

    with pytest.raises(ValueError, match="differentiated"):
        log_density(process, silent, x)
    with pytest.raises(ValueError, match="too few"):
        log_density(process, lambda x, t: -x, x, steps=3)
    with pytest.raises(ValueError, match=r"0\.999"):
        log_density(process, lambda x, t: -x, x, 1.0)
