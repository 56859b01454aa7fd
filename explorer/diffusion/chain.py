"""What the closed form of a chain is checked against: noise added step by step, and E[ε | x_t]."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.process import Level
from explorer.diffusion.trajectory import Trajectory
from explorer.diffusion.variance_preserving import LinearDDPM

REACH = 8.0
"""How many standard deviations of ε are integrated over."""


def step_by_step(chain: LinearDDPM, x0: Tensor, rng: Generator, frames: int = 101) -> Trajectory:
    """Walk the chain's own kernels from x_0 (B, D): x_i = √(1 − β_i) x_{i−1} + √β_i ε_i.

    Nothing of ᾱ is used. All T steps are taken; at most `frames` states, evenly spread, are kept.
    Source: Ho et al. 2020, equation 2.
    """
    keep = set(torch.linspace(0, chain.steps, min(frames, chain.steps + 1)).round().int().tolist())
    x, states = x0, [x0]
    for i, beta in enumerate(chain.betas.tolist(), start=1):
        noise = torch.randn(x.shape, generator=rng, dtype=x.dtype, device=x.device)
        x = (1 - beta) ** 0.5 * x + beta**0.5 * noise
        if i in keep:
            states.append(x)
    ts = torch.tensor(sorted(keep), dtype=torch.float64) / chain.steps
    return Trajectory(ts, torch.stack(states))


def largest_gap(run: Trajectory, chain: LinearDDPM, x0: float) -> float:
    """The largest distance between the walkers' distribution function and the closed form's, over
    all times kept after the start, for x_0 a number and walkers in 1D (Kolmogorov's statistic)."""
    worst = 0.0
    n = run.xs.shape[1]
    below = torch.arange(n, dtype=torch.float64) / n
    for t, x in zip(run.ts[1:], run.xs[1:, :, 0], strict=True):
        level = chain.level(t)
        exact = torch.special.ndtr((x.double().sort().values - level.alpha * x0) / level.sigma)
        worst = max(worst, float((exact - below).max()), float((below + 1 / n - exact).max()))
    return worst


def mean_noise(
    distribution: ExactDistribution, level: Level, x: Tensor, nodes: int = 3001
) -> Tensor:
    """E[ε | x_t = x], (B,), of a distribution on the line at x (B,), by quadrature over ε.

    ∫ ε p_0((x − σ ε)/α) N(ε) dε over the same without the ε: Bayes' rule, and no score. The nodes
    of each x lie where x_0 may be, so that they are as near to each other as the data need it,
    however large σ/α is.
    """
    low, high = _extent(distribution)
    at = x.double()[:, None]
    first = ((at - level.alpha * high) / level.sigma).clamp(-REACH, REACH)
    last = ((at - level.alpha * low) / level.sigma).clamp(-REACH, REACH)
    eps = first + (last - first) * torch.linspace(0, 1, nodes, dtype=torch.float64)
    x0 = (at - level.sigma * eps) / level.alpha
    log_joint = distribution.log_prob(x0.reshape(-1, 1)).reshape(x0.shape) - 0.5 * eps.square()
    return (torch.softmax(log_joint, dim=1) * eps).sum(dim=1)


def _extent(distribution: ExactDistribution) -> tuple[float, float]:
    """Two numbers between which a distribution on the line lies, to `REACH` standard deviations."""
    mixture = getattr(distribution, "density", distribution)
    if isinstance(mixture, GaussianMixture):
        centres, widths = mixture.means[:, 0], REACH * mixture.variances[:, 0].sqrt()
    else:
        centres, widths = distribution.mean, REACH * distribution.covariance[0].sqrt()
    return float((centres - widths).min()), float((centres + widths).max())
