"""Langevin kernels: unadjusted, adjusted by Metropolis, and annealed over noised densities."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.mcmc.kernel import Kernel, StepResult, decide, look, normal


def _positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={value} must be a positive number")
    return value


def ula(step: float = 0.005) -> Kernel:
    """The unadjusted Langevin step x' = x + h ∇log p(x) + √(2h) z, h = `step`.

    It takes every proposal, so that its chains settle on something else than p: for a Gaussian of
    variance v on one of variance v/(1 − h/2v). Source: Roberts and Tweedie 1996, section 1.4.1.
    """
    h = _positive("step", step)

    def kernel(target, x, rng, past=None, progress=0.0):
        proposal = x + h * target.score(x) + math.sqrt(2 * h) * normal(x, rng)
        everyone = torch.ones(len(x), dtype=torch.bool, device=x.device)
        return StepResult(proposal, proposal, everyone, None, 1)

    return kernel


def _log_transition(from_x: Tensor, score: Tensor, to_x: Tensor, h: float) -> Tensor:
    """(B,) log q(to | from) of a Langevin proposal, up to a constant."""
    return -(to_x - from_x - h * score).square().sum(dim=1) / (4 * h)


def mala(step: float = 0.01) -> Kernel:
    """The Langevin step as a proposal, taken by Metropolis and Hastings's rule.

    ΔH = −log[p(x') q(x | x') / p(x) q(x' | x)]. It equals one leapfrog step of size √(2h).
    Source: Roberts and Tweedie 1996, section 1.4.2.
    """
    h = _positive("step", step)

    def kernel(target, x, rng, past=None, progress=0.0):
        known = past.here if past else None
        here = known or look(target, x)
        noise = normal(x, rng)
        proposal = torch.add(x, here.score, alpha=h).add_(noise, alpha=math.sqrt(2 * h))
        there = look(target, proposal)
        forth = here.log_prob - noise.square().sum(dim=1) / 2
        back = there.log_prob + _log_transition(proposal, there.score, x, h)
        return decide(x, here, proposal, there, forth - back, 1 if known else 2, rng)

    return kernel


def noise_levels(sigma_max: float, sigma_min: float, levels: int) -> tuple[float, ...]:
    """`levels` noise levels that fall geometrically from `sigma_max` to `sigma_min`."""
    if not 0 < sigma_min <= sigma_max < math.inf:
        raise ValueError(
            f"σ from {sigma_max} down to {sigma_min} does not fall; give 0 < σ_min ≤ σ_max"
        )
    if levels < 1:
        raise ValueError(f"levels={levels} is too few; give at least one noise level")
    fall = (sigma_min / sigma_max) ** (1 / max(levels - 1, 1))
    return tuple(sigma_max * fall**level for level in range(levels))


def annealed(
    sigma_max: float = 3.0, sigma_min: float = 0.05, levels: int = 20, ratio: float = 0.1
) -> Kernel:
    """Annealed Langevin dynamics: the unadjusted step on p noised by σ, σ falling over the run.

    The `levels` noise levels fall geometrically from `sigma_max` to `sigma_min`, each for an equal
    share of the budget, with steps h = `ratio` σ². They are the densities of every diffusion
    process in the coordinates x_t/α_t, where σ is σ_t/α_t.
    Source: Song and Ermon 2019, algorithm 1 (whose step α_i is 2h).
    """
    _positive("ratio", ratio)
    sigmas = noise_levels(sigma_max, sigma_min, levels)

    @lru_cache(maxsize=levels)
    def rung(target: ExactDistribution, level: int) -> tuple[ExactDistribution, Kernel]:
        sigma = sigmas[level]
        return target.noised(1.0, sigma), ula(ratio * sigma**2)

    def kernel(target, x, rng, past=None, progress=0.0):
        noised, step = rung(target, min(int(progress * levels), levels - 1))
        return step(noised, x, rng)

    return kernel
