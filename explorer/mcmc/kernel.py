"""What a Markov kernel is: one step of many chains at once, and what was seen on the way.

A kernel is a pure function of a few lines. It hands on the density and the score at the new point,
so that the next step need not pay for them again; `gradients` counts what a step really paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution


class Here(NamedTuple):
    """What is known where the chains are: log p (B,) in nats, ∇ log p (B, D)."""

    log_prob: Tensor
    score: Tensor


@dataclass(frozen=True)
class StepResult:
    """One step of B chains in D coordinates.

    x: (B, D) where they are now.  proposal: (B, D) where the step led, taken or not.
    accepted: (B,) whether it was taken.  energy_error: (B,) ΔH = −log of the Metropolis ratio, in
    nats, or None where every proposal is taken.  gradients: evaluations of ∇ log p that the step
    cost each chain.  path: (L+1, B, D) from the old x to the proposal, where the step has L parts.
    here: density and score at x, where they are known.
    """

    x: Tensor
    proposal: Tensor
    accepted: Tensor
    energy_error: Tensor | None
    gradients: int
    path: Tensor | None = None
    here: Here | None = None


class Kernel(Protocol):
    def __call__(
        self,
        target: ExactDistribution,
        x: Tensor,
        rng: Generator,
        past: StepResult | None = None,
        progress: float = 0.0,
    ) -> StepResult:
        """One step from x (B, D); `past` is the step before, if any.

        progress: the share of the run's budget that is spent, in [0, 1).
        """
        ...


def look(target: ExactDistribution, x: Tensor) -> Here:
    """Density and score at x, for the price of one evaluation of the score."""
    found = target.look(x)
    return Here(found.log_prob, found.score)


def normal(x: Tensor, rng: Generator) -> Tensor:
    """Standard normal numbers of x's shape, dtype and device."""
    return torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)


def decide(
    x: Tensor,
    here: Here,
    proposal: Tensor,
    there: Here,
    energy_error: Tensor,
    gradients: int,
    rng: Generator,
    path: Tensor | None = None,
) -> StepResult:
    """Take each proposal with probability min(1, exp(−ΔH)), else stay (Metropolis et al. 1953).

    A proposal whose energy is not a number, since its path left all bounds, is not taken.
    """
    u = torch.rand(len(x), generator=rng, dtype=x.dtype, device=x.device)
    accepted = u.log() < -energy_error
    row = accepted[:, None]
    after = Here(
        torch.where(accepted, there.log_prob, here.log_prob),
        torch.where(row, there.score, here.score),
    )
    return StepResult(
        torch.where(row, proposal, x), proposal, accepted, energy_error, gradients, path, after
    )
