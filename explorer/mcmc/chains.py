"""The one loop: run a kernel on many chains until a budget of gradient evaluations is spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution
from explorer.mcmc.kernel import Kernel, StepResult
from explorer.mcmc.tuning import DualAveraging

WARMUP = 0.25
"""The share of the budget whose draws are not counted, and in which a step size is tuned."""


@dataclass(frozen=True)
class Tuning:
    """A step size to tune: `make(step)` gives a kernel, `step` is the first, `aim` the goal."""

    make: Callable[[float], Kernel]
    step: float
    aim: float


@dataclass(frozen=True)
class Chains:
    """B chains over S steps, in D coordinates.

    xs: (S+1, B, D), the start first.  spent: (S+1,) evaluations of the score that each chain had
    paid when it got there.  proposals: (S, B, D).  accepted: (S, B).  energy_errors: (S, B) ΔH in
    nats, or None where every proposal is taken.  paths: for each step the (L+1, W, D) positions of
    the W first chains from the old x to the proposal.  step_sizes: (S,) of a tuned kernel, or None.
    """

    xs: Tensor
    spent: Tensor
    proposals: Tensor
    accepted: Tensor
    energy_errors: Tensor | None
    paths: tuple[Tensor, ...]
    budget: int
    step_sizes: Tensor | None = None

    @property
    def steps(self) -> int:
        return len(self.accepted)

    @property
    def warmup(self) -> int:
        """How many of the first steps are not counted; at least one step is."""
        early = int((self.spent[1:] <= WARMUP * self.budget).sum())
        return min(early, self.steps - 1)

    @property
    def draws(self) -> Tensor:
        """(N, B, D) the states that count."""
        return self.xs[self.warmup + 1 :]


def run(
    kernel: Kernel | Tuning,
    target: ExactDistribution,
    x: Tensor,
    budget: int,
    rng: Generator,
    *,
    watched: int = 0,
) -> Chains:
    """Chains from x (B, D) that spend at most `budget` evaluations of the score each.

    A `Tuning` finds its step size in the first quarter of the budget and keeps it from then on.
    watched: of how many chains the paths are kept.  Raises ValueError where the budget does not
    hold a single step.
    """
    averaging = DualAveraging.of(kernel.step, kernel.aim) if isinstance(kernel, Tuning) else None
    step_kernel = kernel.make(kernel.step) if isinstance(kernel, Tuning) else kernel
    states, results, spent, sizes = [x], [], [0], []
    past: StepResult | None = None
    while past is None or spent[-1] + past.gradients <= budget:
        past = step_kernel(target, states[-1], rng, past, spent[-1] / budget)
        states.append(past.x)
        results.append(past)
        spent.append(spent[-1] + past.gradients)
        if isinstance(kernel, Tuning) and averaging is not None:
            tunes = spent[-2] < WARMUP * budget
            size = averaging.step if tunes else averaging.average
            sizes.append(size)
            if tunes:
                averaging = averaging.updated(acceptance(past))
                still = spent[-1] < WARMUP * budget
                step_kernel = kernel.make(averaging.step if still else averaging.average)
    if spent[-1] > budget:
        raise ValueError(f"a budget of {budget} does not hold one step of {spent[-1]} evaluations")
    errors = [r.energy_error for r in results if r.energy_error is not None]
    return Chains(
        torch.stack(states),
        torch.tensor(spent),
        torch.stack([r.proposal for r in results]),
        torch.stack([r.accepted for r in results]),
        torch.stack(errors) if errors else None,
        tuple(_path(r, state, watched) for r, state in zip(results, states, strict=False)),
        budget,
        torch.tensor(sizes) if sizes else None,
    )


def acceptance(result: StepResult) -> float:
    """The mean of min(1, exp(−ΔH)) over the chains: steadier than the share that was taken."""
    if result.energy_error is None:
        return 1.0
    ratio = (-result.energy_error).clamp_max(0).exp().nan_to_num(nan=0.0)
    return float(ratio.mean())


def _path(result: StepResult, before: Tensor, watched: int) -> Tensor:
    """(L+1, W, D) of the first chains, a straight line where the kernel has no path of its own."""
    if result.path is not None:
        return result.path[:, :watched]
    return torch.stack([before[:watched], result.proposal[:watched]])


def draws_in_one_mode(target: ExactDistribution, n: int, rng: Generator) -> Tensor:
    """(n, D) true draws from the mode that holds the largest share, the first of equal ones."""
    mode = int(target.mode_weights.argmax())
    found = target.sample(16, rng)[:0]
    while len(found) < n:
        draws = target.sample(n, rng)
        found = torch.cat([found, draws[target.mode_of(draws) == mode]])
    return found[:n]
