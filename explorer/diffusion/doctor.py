"""Does a process reach its noise? How far p_1 is from the prior that samplers start from.

A sampler starts from N(0, σ(1)² I), the forward process ends at p_1. What is left of the data in
p_1 (its mean, its width, its modes) is error before the first step, and no sampler can mend it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES

HEALTHY, ILL = 0.05, 0.15


@dataclass(frozen=True)
class Diagnosis:
    """What is left of the data at the end of a process.

    alpha_bar: α(1)².  mean_left: ‖α(1) E x_0‖ and  noise: σ(1), both in data widths (the data's
    standard deviation), NaN for a single point, which has none.  told_apart: an upper bound on the
    total variation distance between p_1 and the prior, from 0 (the same) to 1, by Pinsker's
    inequality √(KL/2).
    """

    alpha_bar: float
    mean_left: float
    noise: float
    told_apart: float

    @property
    def verdict(self) -> str:
        """ "healthy", "weak" or "ill"."""
        if self.told_apart < HEALTHY:
            return "healthy"
        return "weak" if self.told_apart < ILL else "ill"


def diagnose(process: Process, distribution: ExactDistribution, draws: int = 2000) -> Diagnosis:
    """Compare p at `t_max` with the prior: KL(p_1 ‖ N(0, σ² I)) by the mean over seeded draws.

    With r the ratio of prior to p_1, the mean of r − 1 − log r over draws of p_1 is the divergence
    without bias, and its terms are all positive, so that a small divergence keeps its digits.
    """
    t = torch.tensor(process.t_max, dtype=torch.float64)
    alpha, sigma = process.alpha(t), process.sigma(t)
    rng = Generator().manual_seed(0)
    data = distribution.sample(draws, rng).double()
    x = alpha * data + sigma * torch.randn(data.shape, generator=rng, dtype=torch.float64)
    log_prior = -0.5 * (x / sigma).square().sum(dim=1) - x.shape[1] * (
        0.5 * math.log(2 * math.pi) + sigma.log()
    )
    log_ratio = (log_prior - distribution.noised(alpha, sigma).log_prob(x)).clamp_max(50)
    divergence = float((torch.expm1(log_ratio) - log_ratio).mean())
    width = float(distribution.covariance.diagonal().mean().sqrt())
    width = width if width > 1e-9 else math.nan  # a single point has none to compare with
    return Diagnosis(
        alpha_bar=float(alpha**2),
        mean_left=float(alpha * distribution.mean.norm()) / width,
        noise=float(sigma) / width,
        told_apart=min(1.0, math.sqrt(max(divergence, 0.0) / 2)),
    )


_REMEDIES = {"ddpm": ("beta_end", "steps"), "ve": ("lam",), "edm": ("sigma_max",)}
"""Which parameters to raise, in this order, until the process reaches its noise."""


def repair(
    name: str, values: Mapping[str, float | int], distribution: ExactDistribution
) -> dict[str, float | int]:
    """The parameters to change in `PROCESSES[name]`, and their new values, for a healthy end.

    Each remedy takes the smallest value on its control's scale that heals; where none does, the
    largest, and the next remedy is tried on top. Empty where nothing can be done.
    """
    changed: dict[str, float | int] = {}
    for parameter in _REMEDIES.get(name, ()):
        param = next(p for p in PROCESSES[name].params if p.name == parameter)
        start = values[parameter]
        if param.choices:
            ladder = [v for v in param.choices if v > start]
        else:
            count = math.floor((param.high - start) / param.step + 1e-9)
            ladder = [start + (i + 1) * param.step for i in range(count)]
        if not ladder:
            continue

        low, high = 0, len(ladder) - 1
        while low < high:
            middle = (low + high) // 2
            tried = {**values, **changed, parameter: ladder[middle]}
            low, high = (low, middle) if _heals(name, tried, distribution) else (middle + 1, high)
        best = ladder[low]
        changed[parameter] = param.checked(best if param.is_integer else round(best, 10))
        if _heals(name, {**values, **changed}, distribution):
            break
    return changed


def _heals(name: str, values: Mapping[str, float | int], distribution: ExactDistribution) -> bool:
    return diagnose(PROCESSES[name].build(values), distribution).verdict == "healthy"
