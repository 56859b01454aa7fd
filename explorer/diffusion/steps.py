"""Sampler steps: pure functions that take x from time t to an earlier time s.

Every step has one signature and differs from the others in a few lines, each with its equation's
source. α, σ at t and s are numbers; x has any shape (B, *D). `samplers.SAMPLERS` lists them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Generator, Tensor

from explorer.diffusion.parametrization import Score, x0_from_score
from explorer.diffusion.process import Process


@dataclass(frozen=True)
class StepResult:
    """x at the earlier time, and what was seen on the way.

    `info["x0_hat"]`: the estimate of the data made at t, of x's shape.
    `info["inner"]`: the (ts, xs) of steps that an adaptive solver took inside this one.
    """

    x: Tensor
    info: Mapping[str, Any] = field(default_factory=dict)


class Step(Protocol):
    def __call__(
        self,
        process: Process,
        score: Score,
        x: Tensor,
        t: Tensor,
        s: Tensor,
        rng: Generator,
        past: tuple[Tensor, StepResult] | None = None,
    ) -> StepResult:
        """x at s < t; `past` holds the time and the result of the step before, if any."""
        ...


class SharedNoise(Generator):
    """Gives every row of a batch the same noise: a sampler is then one map of its start."""


def _noise(x: Tensor, rng: Generator) -> Tensor:
    shape = (1, *x.shape[1:]) if isinstance(rng, SharedNoise) else x.shape
    z = torch.randn(shape, generator=rng, dtype=x.dtype, device=x.device)
    return z.expand_as(x)


def _posterior(
    process: Process, score: Score, x: Tensor, t: Tensor, s: Tensor
) -> tuple[Tensor, Tensor, float, float]:
    """Mean of q(x_s | x_t, x̂_0), x̂_0, the forward variance β = σ²_{t|s}, and the posterior's β̃.

    Ho et al. 2020, equations 6 and 7, for any α and σ (Kingma et al. 2021, appendix A). With
    x̂_0 = (x + σ_t² score)/α_t the mean comes to (x + β score)/α_{t|s}.
    """
    now, then = process.level(t), process.level(s)
    keep = now.alpha / then.alpha
    beta = now.variance - keep**2 * then.variance
    grad = score(x, t)
    mean = torch.add(x, grad, alpha=beta) / keep
    x0_hat = torch.add(x, grad, alpha=now.variance) / now.alpha
    return mean, x0_hat, beta, beta * then.variance / now.variance


def ancestral(variance: str = "beta") -> Step:
    """Ancestral sampling with σ² = β or σ² = β̃ (Ho et al. 2020, algorithm 2 and section 3.2)."""
    if variance not in ("beta", "posterior"):
        raise ValueError(f"variance={variance!r} is unknown; choose 'beta' or 'posterior'")

    def step(process, score, x, t, s, rng, past=None):
        mean, x0_hat, beta, beta_tilde = _posterior(process, score, x, t, s)
        var = beta if variance == "beta" else beta_tilde
        if process.level(s).sigma > 0:
            mean = torch.add(mean, _noise(x, rng), alpha=math.sqrt(var))
        return StepResult(mean, {"x0_hat": x0_hat})

    return step


def noise_left_out() -> Step:
    """The ancestral mean with its noise left out. Not DDIM, not the probability flow.

    The mean shrinks the sample's spread at every step and only the noise restores it, so without
    noise the variance collapses. It samples nothing; it is here to be seen.
    """

    def step(process, score, x, t, s, rng, past=None):
        mean, x0_hat, _, _ = _posterior(process, score, x, t, s)
        return StepResult(mean, {"x0_hat": x0_hat})

    return step


def ddim(eta: float = 0.0) -> Step:
    """DDIM with stochasticity η from 0 (deterministic) to 1 (Song et al. 2021, eq. 12, 16)."""
    if not 0 <= eta <= 1:
        raise ValueError(f"η={eta} must lie between 0 (deterministic) and 1 (DDPM's noise)")

    def step(process, score, x, t, s, rng, past=None):
        now, then = process.level(t), process.level(s)
        keep = now.alpha / then.alpha
        beta_tilde = (now.variance - keep**2 * then.variance) * then.variance / now.variance
        fresh = eta**2 * beta_tilde
        old = math.sqrt(max(then.variance - fresh, 0))
        grad = score(x, t)
        x0_hat = torch.add(x, grad, alpha=now.variance) / now.alpha
        # α_s x̂_0 + old ε̂, with ε̂ = −σ_t score
        x_s = torch.add(x / keep, grad, alpha=now.variance / keep - old * now.sigma)
        if eta > 0 and then.sigma > 0:
            x_s = torch.add(x_s, _noise(x, rng), alpha=math.sqrt(fresh))
        return StepResult(x_s, {"x0_hat": x0_hat})

    return step


def euler_maruyama() -> Step:
    """The reverse SDE dx = (f x − g² score) dt + g dW̄ by Euler–Maruyama (Anderson 1982)."""

    def step(process, score, x, t, s, rng, past=None):
        grad, (drift, diffusion) = score(x, t), process.rates(t)
        dt = float(t - s)
        x_s = torch.add(x - (drift * dt) * x, grad, alpha=diffusion**2 * dt)
        if process.level(s).sigma > 0:
            x_s = torch.add(x_s, _noise(x, rng), alpha=diffusion * math.sqrt(dt))
        return StepResult(x_s, {"x0_hat": x0_from_score(process, grad, x, t)})

    return step


def predictor_corrector(snr: float = 0.16) -> Step:
    """An ancestral step, then one of Langevin at the new noise level (Song et al. 2021, alg. 4, 5).

    The Langevin step size ε = 2 (r ‖z‖/‖score‖)² keeps the ratio r of score to noise.
    """
    predict = ancestral("beta")

    def step(process, score, x, t, s, rng, past=None):
        result = predict(process, score, x, t, s, rng)
        if not process.level(s).sigma > 0:
            return result
        grad, z = score(result.x, s), _noise(x, rng)
        norms = [v.reshape(len(v), -1).norm(dim=1).mean() for v in (z, grad)]
        size = 2 * (snr * norms[0] / norms[1].clamp_min(1e-12)) ** 2
        return StepResult(result.x + size * grad + (2 * size).sqrt() * z, result.info)

    return step


def dpm_solver_2m() -> Step:
    """DPM-Solver++(2M): second order from one evaluation a step (Lu et al. 2022, algorithm 2)."""

    def step(process, score, x, t, s, rng, past=None):
        x0_hat = x0_from_score(process, score(x, t), x, t)
        estimate = x0_hat
        now, then = process.level(t), process.level(s)
        if past is not None and then.sigma > 0:
            before, result = past
            levels = (process.level(before), now, then)
            lam = [math.log(level.alpha / level.sigma) for level in levels]
            ratio = (lam[1] - lam[0]) / (lam[2] - lam[1])
            estimate = torch.lerp(result.info["x0_hat"], x0_hat, 1 + 1 / (2 * ratio))
        shrink = then.sigma / now.sigma
        x_s = torch.add(shrink * x, estimate, alpha=then.alpha - shrink * now.alpha)
        return StepResult(x_s, {"x0_hat": x0_hat})

    return step


def _raised(process: Process, t: Tensor, ratio: float, gamma: float) -> tuple[Tensor, float]:
    """The time at which σ/α is (1 + γ) `ratio`, at most t_max, and σ/α there."""
    at = torch.tensor((1 + gamma) * ratio, dtype=torch.float64)
    hat = process.time_at(at).clamp_max(process.t_max)
    level = process.level(hat)
    raised = level.sigma / level.alpha
    return (hat, raised) if gamma > 0 and raised > ratio else (t, ratio)


def edm(churn: float = 0.4, s_noise: float = 1.0) -> Step:
    """EDM's stochastic sampler (Karras et al. 2022, algorithm 2), for any α and σ.

    Each step first raises the noise-to-signal ratio by a factor 1 + γ, γ = `churn` ≤ √2 − 1, with
    fresh noise, then takes Heun's step of the flow in x/α and σ/α down to s.
    """
    gamma = min(churn, math.sqrt(2) - 1)

    def step(process, score, x, t, s, rng, past=None):
        def denoised(y: Tensor, at: Tensor) -> Tensor:
            scaled = y * process.level(at).alpha
            return x0_from_score(process, score(scaled, at), scaled, at)

        now, then = process.level(t), process.level(s)
        ratio_t, ratio_s = now.sigma / now.alpha, then.sigma / then.alpha
        hat, ratio = _raised(process, t, ratio_t, gamma)
        y = x / now.alpha
        if ratio > ratio_t:
            y = y + math.sqrt(ratio**2 - ratio_t**2) * s_noise * _noise(x, rng)
        x0_hat = denoised(y, hat)
        slope = (y - x0_hat) / ratio
        y_s = y + slope * (ratio_s - ratio)
        if ratio_s > 0:
            y_s = y + (slope + (y_s - denoised(y_s, s)) / ratio_s) / 2 * (ratio_s - ratio)
        return StepResult(y_s * then.alpha, {"x0_hat": x0_hat})

    return step
