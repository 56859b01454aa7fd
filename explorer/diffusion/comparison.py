"""A learned score held against the exact one, and samples held against what was trained on.

The natural unit of a score's error is σ_t: σ ‖s − s*‖ is the distance between the noise that the
two read out of one x_t, and its mean square is what a loss on ε exceeds the least possible by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.data.distributions import Distribution
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.steps import dpm_solver_2m
from explorer.diffusion.trajectory import exact_score, sample

CHUNK = 1 << 22
"""Distances held at once: 16 MB."""


@dataclass(frozen=True, eq=False)
class ErrorByTime:
    """How far a score lies from the exact one in the mean over p_t, at each of ts (T,) increasing.

    relative: √(E‖s − s*‖² / E‖s*‖²), (T,): 0 is exact, 1 as bad as no score at all.
    cosine: E⟨s, s*⟩ / √(E‖s‖² E‖s*‖²), (T,): 1 where the fields agree but for one factor.
    excess: σ² E‖s − s*‖², (T,): how much the loss E‖ε − ε̂‖² lies above the least possible.
    least: E‖ε + σ s*‖², (T,): that least loss, for ε is not known from x_t alone.
    """

    ts: Tensor
    relative: Tensor
    cosine: Tensor
    excess: Tensor
    least: Tensor

    def mean(self, values: Tensor) -> float:
        """The mean of `values` (T,) over the time between the first of ts and the last."""
        return float(torch.trapezoid(values, self.ts) / (self.ts[-1] - self.ts[0]))


@torch.inference_mode()
def error_by_time(
    process: Process,
    learned: Score,
    exact: Score,
    distribution: Distribution,
    ts: Tensor,
    *,
    draws: int = 2000,
    seed: int = 0,
) -> ErrorByTime:
    """The errors of `learned` at increasing times ts (T,) > 0, each the mean over `draws` of p_t.

    The same draws of x_0 and ε serve all times, so that the curves are smooth. Their standard error
    is that of a mean over `draws`.
    """
    if not bool((ts.diff() > 0).all()) or float(ts[0]) <= 0:
        raise ValueError(f"times {ts.tolist()} must increase, and begin above 0")
    rng = Generator().manual_seed(seed)
    x0 = distribution.sample(draws, rng)
    noise = torch.randn(x0.shape, generator=rng)
    rows = []
    for (level, _), t in zip(process.remember(ts), ts, strict=True):
        x = level.alpha * x0 + level.sigma * noise
        ours, true = level.sigma * learned(x, t).double(), level.sigma * exact(x, t).double()
        products = (
            (ours - true).square(),
            (noise + true).square(),
            true.square(),
            ours.square(),
            ours * true,
        )
        rows.append(torch.stack([p.sum(dim=1).mean() for p in products]))
    excess, least, true, ours, inner = torch.stack(rows, dim=1)
    return ErrorByTime(ts, (excess / true).sqrt(), inner / (ours * true).sqrt(), excess, least)


@torch.inference_mode()
def error_map(process: Process, learned: Score, exact: Score, xs: Tensor, ts: Tensor) -> Tensor:
    """σ_t ‖s − s*‖ at points xs (F, M, D) of times ts (F,): (F, M), in standard deviations of ε."""
    levels = process.remember(ts)
    rows = [
        level.sigma * (learned(x, t) - exact(x, t)).norm(dim=1)
        for x, t, (level, _) in zip(xs, ts, levels, strict=True)
    ]
    return torch.stack(rows)


def memorising_optimum(points: Tensor) -> GaussianMixture:
    """The distribution whose score a network trained on `points` (n, D) alone would learn in full.

    It is a mixture of no width: whoever follows its score ends in a training point.
    """
    return GaussianMixture.isotropic(torch.ones(len(points)), points, 0.0)


@torch.inference_mode()
def memorised(
    process: Process, points: Tensor, *, spread: float, seed: int, count: int = 100
) -> Tensor:
    """(count, D) samples by the exact score of the training set `points` (n, D) alone.

    Down to so little noise that one of ten thousand points can be told from the next: the process's
    own grid may stop long before. spread: the data's width about 0.
    """
    rng = Generator().manual_seed(seed)
    first = process.level(process.grid(1)[0])
    ratios = torch.logspace(math.log10(first.sigma / first.alpha), math.log10(1e-4 * spread), 60)
    ts = process.time_at(ratios.double()).clamp_max(process.t_max)
    ts = torch.cat([ts, torch.zeros(1, dtype=torch.float64)])
    score = exact_score(memorising_optimum(points), process)
    start = process.prior((count, points.shape[1]), rng)
    return sample(process, score, dpm_solver_2m(), start, ts, rng)


def nearest_distance(x: Tensor, points: Tensor) -> Tensor:
    """(B,) the distance from each of x (B, D) to the nearest of points (n, D), in their units."""
    rows = max(CHUNK // len(points), 1)
    # the exact differences: the quick way by products loses the small distances that matter here
    mode = "donot_use_mm_for_euclid_dist"
    chunks = (
        torch.cdist(part, points.to(x), compute_mode=mode).amin(dim=1) for part in x.split(rows)
    )
    return torch.cat(list(chunks))
