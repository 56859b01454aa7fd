"""Targets, units and weightings against their papers, and the losses' closed forms."""

import math

import pytest
import torch
from torch import Generator

from explorer.diffusion.losses import (
    GAMMA,
    WEIGHTINGS,
    eps_per_unit,
    squared_error,
    target,
    unit,
)
from explorer.diffusion.parametrization import KINDS, convert
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.rescaled import Rescaled

TIMES = torch.tensor([1e-3, 0.05, 0.3, 0.7, 0.95], dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize("kind", KINDS)
def test_targets_are_the_conversions_of_the_noise(name, kind):
    process = PROCESSES[name].build()
    x0, eps = normal(64, 2), normal(64, 2, seed=1)
    for t in TIMES:
        alpha, sigma = process.alpha(t), process.sigma(t)
        x = alpha * x0 + sigma * eps
        wanted = target(kind, x0, eps, alpha, sigma)
        torch.testing.assert_close(wanted, convert(eps, "eps", kind, x, alpha, sigma))
        back = convert(wanted, kind, "eps", x, alpha, sigma)
        torch.testing.assert_close(back, eps, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_is_the_width_of_the_target_and_moves_eps_as_said(kind):
    process = PROCESSES["edm"].build()
    x0, eps = normal(40_000, 2), normal(40_000, 2, seed=1)
    for t in TIMES:
        alpha, sigma = process.alpha(t), process.sigma(t)
        wanted, size = target(kind, x0, eps, alpha, sigma), unit(kind, alpha, sigma)
        # the standard deviation of n draws is off by 1/√(2n) of itself
        n = wanted.numel()
        assert float((wanted / size).std()) == pytest.approx(1, abs=5 / math.sqrt(2 * n))
        x = alpha * x0 + sigma * eps
        off = convert(wanted + size, kind, "eps", x, alpha, sigma) - eps
        expected = float(eps_per_unit(kind, alpha, sigma))
        torch.testing.assert_close(off.abs(), torch.full_like(off, expected), rtol=1e-6, atol=1e-6)


def test_v_in_units_is_edms_preconditioning():
    """x̂_0 = c_skip x + c_out F with Karras et al. 2022, table 1, at σ_data = 1."""
    x, f = normal(8, 2), normal(8, 2, seed=1)
    for sigma in (0.01, 1.0, 50.0):
        x0_hat = convert(f * unit("v", 1.0, sigma), "v", "x0", x, 1.0, sigma)
        c_skip, c_out = 1 / (sigma**2 + 1), -sigma / math.sqrt(sigma**2 + 1)
        torch.testing.assert_close(x0_hat, c_skip * x + c_out * f)


@pytest.mark.parametrize("kind", KINDS)
def test_one_point_has_a_score_of_no_loss(kind):
    """All data at one point: the score −(x − α x_0)/σ² leaves nothing to be learned."""
    process, point = PROCESSES["ve"].build({"lam": 10.0}), torch.tensor([[0.5, -2.0]]).double()
    t = TIMES[:, None]
    alpha, sigma = process.alpha(t), process.sigma(t)
    x0, eps = point.expand(len(TIMES), 2), normal(len(TIMES), 2)
    x = alpha * x0 + sigma * eps
    value = convert(-(x - alpha * x0) / sigma**2, "score", kind, x, alpha, sigma)
    loss = squared_error(kind, value, x0, eps, alpha, sigma)
    assert loss.shape == (len(TIMES),)
    assert float(loss.max()) < 1e-20
    assert float(squared_error(kind, value + 1, x0, eps, alpha, sigma).min()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_same_whatever_is_predicted(kind):
    process = PROCESSES["cosine"].build()
    t = TIMES[:, None]
    alpha, sigma = process.alpha(t), process.sigma(t)
    x0, eps, guess = normal(5, 2), normal(5, 2, seed=1), normal(5, 2, seed=2)
    x = alpha * x0 + sigma * eps
    value = convert(guess, "eps", kind, x, alpha, sigma)
    loss = squared_error(kind, value, x0, eps, alpha, sigma)
    torch.testing.assert_close(loss, (guess - eps).square().mean(dim=1))


@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weights_are_positive_and_finite(name, weighting):
    weight = WEIGHTINGS[weighting].build()(PROCESSES[name].build(), TIMES)
    assert weight.shape == TIMES.shape
    assert weight.isfinite().all()
    assert (weight > 0).all()


def test_weights_are_those_of_their_papers():
    """Each on the loss its paper writes: x_0 for min-SNR and EDM, the score for the others."""
    process = PROCESSES["ddpm"].build()
    alpha, sigma = process.alpha(TIMES), process.sigma(TIMES)
    snr, on = alpha**2 / sigma**2, {n: e.build()(process, TIMES) for n, e in WEIGHTINGS.items()}
    x0_per_eps, score_per_eps = sigma**2 / alpha**2, 1 / sigma**2
    torch.testing.assert_close(on["min-snr"], snr.clamp_max(GAMMA) * x0_per_eps)
    level = sigma / alpha  # EDM's σ
    torch.testing.assert_close(on["edm"], (level**2 + 1) / level**2 * x0_per_eps)
    torch.testing.assert_close(on["eps"], sigma**2 * score_per_eps)
    torch.testing.assert_close(on["likelihood"], process.diffusion(TIMES) ** 2 * score_per_eps)


def test_an_unknown_kind_is_refused():
    for refuse in (
        lambda: target("noise", TIMES, TIMES, 1.0, 1.0),
        lambda: unit("noise", 1.0, 1.0),
        lambda: eps_per_unit("noise", 1.0, 1.0),
    ):
        with pytest.raises(ValueError, match="'noise' is no parametrization; choose one of eps"):
            refuse()


@pytest.mark.parametrize("name", PROCESSES)
def test_a_rescaled_process_is_the_process_of_smaller_data(name):
    process, t = PROCESSES[name].build(), TIMES
    inner = Rescaled(process, 5.0)
    x0 = normal(5, 2)
    x, _ = process.perturb(x0, t, Generator().manual_seed(3))
    y, _ = inner.perturb(x0 / 5, t, Generator().manual_seed(3))
    torch.testing.assert_close(y, x / 5)
    torch.testing.assert_close(inner.time_at(inner.sigma(t) / inner.alpha(t)), t)
    # g² = dσ²/dt − 2fσ² must hold in the new units too
    h = 1e-6
    slope = (inner.sigma(t[1:] + h) ** 2 - inner.sigma(t[1:] - h) ** 2) / (2 * h)
    expected = slope - 2 * inner.drift(t[1:]) * inner.sigma(t[1:]) ** 2
    torch.testing.assert_close(inner.diffusion(t[1:]) ** 2, expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(inner.grid(7), process.grid(7))


def test_a_unit_of_no_length_is_refused():
    with pytest.raises(ValueError, match="unit=0 must be a positive number"):
        Rescaled(PROCESSES["ve"].build(), 0)
