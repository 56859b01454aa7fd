"""The variational bound on −log p(x_0) of a chain that goes back by Gaussian steps.

Any process walked on any grid is such a chain: x_t given x_s is Gaussian, hence also x_s given x_t
and x_0. The data here are continuous: L_0 is the logarithm of a Gaussian density, so that the bound
is one on the differential entropy and may be negative. Ho et al. 2020 bin their pixels instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from explorer.diffusion.parametrization import Score, x0_from_score
from explorer.diffusion.process import Level, Process

VARIANCES = ("posterior", "forward")
"""What the reverse step may take for its variance: β̃, or β as in the forward step."""


def gaussian_kl(mean: Tensor, variance: float, other_mean: Tensor, other_variance: float) -> Tensor:
    """KL(N(mean, variance I) ‖ N(other_mean, other_variance I)) in nats, (B,), for means (B, D)."""
    apart = (mean - other_mean).square().sum(dim=1) / other_variance
    ratio = variance / other_variance
    return 0.5 * (apart + mean.shape[1] * (ratio - 1 - math.log(ratio)))


def log_normal(x: Tensor, mean: Tensor, variance: float) -> Tensor:
    """log N(x; mean, variance I) in nats, (B,), for x and mean (B, D)."""
    square = (x - mean).square().sum(dim=1) / variance
    return -0.5 * (square + x.shape[1] * math.log(2 * math.pi * variance))


class Posterior(NamedTuple):
    """q(x_s | x_t, x_0) = N(`on_xt` x_t + `on_x0` x_0, `variance` I), for s < t.

    keep: α_{t|s} = α_t/α_s and forward: σ²_{t|s}, of the forward step x_t = keep x_s + noise.
    In Ho's letters, for neighbours on the chain: √α_t, β_t, and the variance is β̃_t.
    """

    on_xt: float
    on_x0: float
    variance: float
    keep: float
    forward: float


def posterior(now: Level, then: Level) -> Posterior:
    """The posterior of x_s given x_t and x_0, from α, σ at t (`now`) and at s (`then`).

    Ho et al. 2020, equations 6 and 7; for any α and σ, Kingma et al. 2021, appendix A.
    """
    keep = now.alpha / then.alpha
    forward = now.variance - keep**2 * then.variance
    return Posterior(
        on_xt=keep * then.variance / now.variance,
        on_x0=then.alpha * forward / now.variance,
        variance=forward * then.variance / now.variance,
        keep=keep,
        forward=forward,
    )


def reverse_variance(step: Posterior, variance: str) -> float:
    """The variance of the reverse step; β for the last one, whose β̃ is zero.

    ValueError for another name than those of `VARIANCES`.
    """
    if variance not in VARIANCES:
        raise ValueError(f"{variance!r} is no variance; choose one of {', '.join(VARIANCES)}")
    return step.variance if variance == "posterior" and step.variance > 0 else step.forward


def eps_weights(process: Process, grid: Tensor, variance: str = "forward") -> Tensor:
    """(S,) the weight of ‖ε − ε̂‖² in the bound, for the steps along a decreasing grid (S + 1,).

    β²/(2 v α_{t|s}² σ_t²), with v the reverse variance. With v = β that is Ho et al. 2020,
    equation 12: β_t²/(2 β_t α_t (1 − ᾱ_t)). The simple loss, equation 14, puts 1 in its place.
    """
    levels = [level for level, _ in process.remember(grid)]
    weights = []
    for now, then in pairwise(levels):
        step = posterior(now, then)
        v = reverse_variance(step, variance)
        weights.append(step.forward**2 / (2 * v * step.keep**2 * now.variance))
    return torch.tensor(weights, dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class Bound:
    """The parts of the bound for each of B data points, in nats.

    ts: (S,) the times t that the steps start from, decreasing.  prior: (B,) L_T.  steps: (S, B),
    L_{t−1} of each step, the last one being L_0.
    """

    ts: Tensor
    prior: Tensor
    steps: Tensor

    @property
    def total(self) -> Tensor:
        """(B,) L_T + Σ L_{t−1} + L_0: no smaller than −log p(x_0), in the mean over its noise."""
        return self.prior + self.steps.sum(dim=0)

    @property
    def parts(self) -> tuple[float, float, float]:
        """L_T, Σ L_{t−1} and L_0 in the mean over the data."""
        steps = self.steps.mean(dim=1)
        return float(self.prior.mean()), float(steps[:-1].sum()), float(steps[-1])


def variational_bound(
    process: Process,
    score: Score,
    x0: Tensor,
    grid: Tensor,
    rng: Generator,
    *,
    variance: str = "posterior",
) -> Bound:
    """The bound of the chain along a decreasing grid (S + 1,) that ends at 0, at x_0 (B, D).

    Each term is estimated with one draw of x_t for each x_0. The chain starts from the samplers'
    prior N(0, σ² I) at grid[0], and goes back by N(μ_θ, v I): μ_θ is the posterior's mean at x̂_0,
    the estimate that `score` stands for; v is by `variance`. Source: Ho et al. 2020, equation 5.
    """
    if float(grid[-1]) != 0:
        raise ValueError(f"the grid ends at t={float(grid[-1]):g}; it must lead to the data at 0")
    levels = [level for level, _ in process.remember(grid)]
    x0 = x0.double()
    first = levels[0]
    prior = gaussian_kl(first.alpha * x0, first.variance, torch.zeros_like(x0), first.variance)
    terms = []
    for t, now, then in zip(grid[:-1], levels[:-1], levels[1:], strict=True):
        eps = torch.randn(x0.shape, generator=rng, dtype=torch.float64)
        xt = now.alpha * x0 + now.sigma * eps
        x0_hat = x0_from_score(process, score(xt, t), xt, t)
        step = posterior(now, then)
        v = reverse_variance(step, variance)
        mean = step.on_xt * xt + step.on_x0 * x0_hat
        if step.variance > 0:
            true = step.on_xt * xt + step.on_x0 * x0
            terms.append(gaussian_kl(true, step.variance, mean, v))
        else:
            terms.append(-log_normal(x0, mean, v))
    return Bound(grid[:-1], prior, torch.stack(terms))


def bits_per_dimension(nats: float, dim: int) -> float:
    """Nats for a whole point as bits for each of its `dim` coordinates."""
    return nats / (dim * math.log(2))
