"""Hamiltonian Monte Carlo: a random push, L leapfrog steps, and a check of the energy."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.mcmc.kernel import Here, Kernel, decide, look, normal


def leapfrog(
    target: ExactDistribution, x: Tensor, momentum: Tensor, step: float, leaps: int, here: Here
) -> tuple[Tensor, Tensor, Here]:
    """`leaps` leapfrog steps of size ε = `step` from x, momentum (B, D), under H = −log p + |p|²/2.

    Returns the positions on the way, (leaps + 1, B, D), the last momentum, and density and score
    at the last position. Time-reversible, volume-preserving, of second order; costs `leaps`
    evaluations of the score. Source: Neal 2011, section 2.3.
    """
    path = [x]
    momentum = momentum + step / 2 * here.score
    for _ in range(leaps - 1):
        path.append(path[-1] + step * momentum)
        momentum = momentum + step * target.score(path[-1])
    path.append(path[-1] + step * momentum)
    there = look(target, path[-1])
    return torch.stack(path), momentum + step / 2 * there.score, there


def energy(log_prob: Tensor, momentum: Tensor) -> Tensor:
    """(B,) H = −log p + |momentum|²/2, in nats."""
    return momentum.square().sum(dim=1) / 2 - log_prob


def hmc(step: float = 0.04, leaps: int = 6) -> Kernel:
    """Hamiltonian Monte Carlo with a fresh unit-mass momentum each time.

    step: leapfrog step ε, in units of the data.  leaps: leapfrog steps L to a proposal.
    Source: Duane et al. 1987; Neal 2011, figure 2.
    """
    if not 0 < step < math.inf:
        raise ValueError(f"step={step} must be a positive number")
    if leaps < 1:
        raise ValueError(f"leaps={leaps} is too few; give at least one leapfrog step")

    def kernel(target, x, rng, past=None, progress=0.0):
        known = past.here if past else None
        here = known or look(target, x)
        push = normal(x, rng)
        path, momentum, there = leapfrog(target, x, push, step, leaps, here)
        error = energy(there.log_prob, momentum) - energy(here.log_prob, push)
        cost = leaps if known else leaps + 1
        return decide(x, here, path[-1], there, error, cost, rng, path)

    return kernel
