"""What chains are worth: autocorrelation, effective sample size, and which modes they visited."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.mcmc.chains import Chains

BLOCK = 16384
"""Points whose modes are looked up at once."""


def _autocovariance(x: Tensor) -> Tensor:
    """(N, M) autocovariance of each chain about its own mean, divided by N at every lag."""
    n = len(x)
    centred = x - x.mean(dim=0)
    spectrum = torch.fft.rfft(centred, n=2 * n, dim=0)
    return torch.fft.irfft(spectrum.abs().square(), n=2 * n, dim=0)[:n] / n


def autocorrelation(x: Tensor) -> Tensor:
    """(N,) autocorrelation at lags 0 … N−1 of M chains of one quantity, x of shape (N, M).

    What the chains disagree about counts as correlation: ρ_t = 1 − (γ_0 − γ_t)/(γ_0 + B), with γ_t
    their mean autocovariance and B the variance of their means, so that ρ stays up where each chain
    keeps to a place of its own. γ_0 + B is the variance of all without bias. All 1 where nothing
    moves.
    Source: Gelman et al. 2013, section 11.5; after Vehtari et al. 2021, equation 10.
    """
    x = x.double()
    n, m = x.shape
    if n < 2:
        return torch.ones(n, dtype=torch.float64)
    gamma = _autocovariance(x).mean(dim=1)
    between = x.mean(dim=0).var() if m > 1 else torch.zeros((), dtype=torch.float64)
    total = gamma[0] + between
    if not math.isfinite(float(total)):
        return torch.full((n,), torch.nan, dtype=torch.float64)
    if not float(total) > 0:
        return torch.ones(n, dtype=torch.float64)
    return 1 - (gamma[0] - gamma) / total


def effective_sample_size(x: Tensor) -> float:
    """How many independent draws M chains of N draws, x (N, M), are worth, as they see themselves.

    N M / τ with τ = −1 + 2 Σ P_k, P_k = ρ_2k + ρ_2k+1 summed while positive and made to fall:
    Geyer's initial monotone sequence. Antithetic chains can be worth more than N M, at most
    N M log₁₀(N M); a chain that never moves is worth its one state.
    Source: Geyer 1992, section 3.3; Vehtari et al. 2021, equation 13.
    """
    n, m = x.shape
    rho = autocorrelation(x)
    if n < 4:
        return float(m)
    pairs = rho[: n - n % 2].reshape(-1, 2).sum(dim=1)
    negative = (pairs <= 0).nonzero()
    kept = pairs[: int(negative[0])] if len(negative) else pairs
    tau = -1 + 2 * float(kept.cummin(dim=0).values.sum()) if len(kept) else 0.0
    return n * m / min(max(tau, 1 / math.log10(max(n * m, 10))), n)


def worth_in_truth(xs: Tensor, target: ExactDistribution) -> float:
    """How many independent draws the average of one chain is really worth, by the known mean.

    Σ_d σ_d² / E‖mean of a chain − μ‖² over the chains of xs (N, B, D), with the target's mean μ and
    variances σ_d². A chain that keeps to one of several modes is worth less than a single draw,
    however its own autocorrelation looks.
    """
    error = (xs.double().mean(dim=0) - target.mean).square().sum(dim=1).mean()
    return float(target.covariance.diagonal().sum() / error)


def modes_over_time(xs: Tensor, target: ExactDistribution) -> Tensor:
    """(S, B) the mode with the largest share in each state xs (S, B, D); −1 where x is no number.

    A kernel with too large a step may throw its chains beyond all bounds.
    """
    points = xs.reshape(-1, xs.shape[2])
    if len(target.mode_weights) == 1:
        modes = torch.zeros(len(points), dtype=torch.long)
    else:
        modes = torch.cat([target.mode_of(block) for block in points.split(BLOCK)])
    return torch.where(points.isfinite().all(dim=1), modes, -1).reshape(xs.shape[:2])


def occupancy(modes: Tensor, count: int) -> Tensor:
    """(S, G) the share of chains in each of `count` modes, for modes (S, B); −1 is in none."""
    return torch.stack([(modes == mode).double().mean(dim=1) for mode in range(count)], dim=1)


def misplaced(shares: Tensor, truth: Tensor) -> Tensor:
    """(S,) total variation between shares (S, G) and the true weights (G,), from 0 to 1.

    What is missing from the shares has left all modes.
    """
    return ((shares - truth).abs().sum(dim=1) + (1 - shares.sum(dim=1))) / 2


@dataclass(frozen=True)
class Visits:
    """When modes were visited, in evaluations of the score.

    each: (B,) when a chain had been in all modes, ∞ where it never had.  together: when all chains
    taken together had.  visited: (B,) how many modes each chain saw.
    """

    each: Tensor
    together: float
    visited: Tensor

    @property
    def share(self) -> float:
        """Of the chains, those that saw all modes."""
        return float(self.each.isfinite().double().mean())


def visits(modes: Tensor, spent: Tensor, weights: Tensor) -> Visits:
    """Visits to all modes of positive weight (G,), for modes (S, B) reached at `spent` (S,)."""
    first = []
    for mode in (weights > 0).nonzero()[:, 0].tolist():
        inside = modes == mode
        when = spent[inside.int().argmax(dim=0)].double()
        first.append(torch.where(inside.any(dim=0), when, torch.inf))
    firsts = torch.stack(first)  # (G, B)
    return Visits(
        firsts.max(dim=0).values,
        float(firsts.min(dim=1).values.max()),
        firsts.isfinite().sum(dim=0),
    )


@dataclass(frozen=True)
class Summary:
    """What is known of chains, after their warm-up; None where a kernel has no such figure.

    acceptance: the share of proposals taken.  energy: the median of |ΔH|, in nats.
    ess: effective draws of one chain as it sees itself, the least over the coordinates.
    worth: the same in truth.  draws: of one chain.  visits: from the start on.
    """

    acceptance: float | None
    energy: float | None
    ess: float | None
    worth: float | None
    draws: int
    visits: Visits


def summary(
    chains: Chains, target: ExactDistribution, modes: Tensor, anneals: bool = False
) -> Summary:
    """The figures of `chains` on `target`, whose modes over time are `modes` (S+1, B).

    anneals: the target changed on the way, so that the draws are no sample of it.
    """
    taken = errors = None
    if chains.energy_errors is not None:
        taken = float(chains.accepted[chains.warmup :].double().mean())
        errors = float(chains.energy_errors[chains.warmup :].abs().nan_to_num(torch.inf).median())
    draws = chains.draws
    n, b, dims = draws.shape
    ess = worth = None
    if not anneals:
        ess = min(effective_sample_size(draws[:, :, d]) for d in range(dims)) / b
        worth = worth_in_truth(draws, target)
    reached = visits(modes, chains.spent, target.mode_weights)
    return Summary(taken, errors, ess, worth, n, reached)
