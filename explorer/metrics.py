"""How far samples are from the truth, each figure beside the floor that pure chance sets.

A floor is the same figure between two independent true samples of the same sizes: no sampler can
be told from the truth below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution


@dataclass(frozen=True)
class Reading:
    """A figure and its floor, in the metric's units."""

    value: float
    floor: float

    @property
    def ratio(self) -> float:
        """The figure in floors; 1 means: as good as another true sample."""
        return self.value / self.floor if self.floor > 0 else float("inf")


def _sorted_projections(x: Tensor, projections: int) -> Tensor:
    """(P, n) samples x (n, D) along unit directions, each row sorted; P = 1 in 1D."""
    x, dim = x.float(), x.shape[1]
    if dim == 1:
        directions = torch.ones(1, 1)
    elif dim == 2:  # evenly spaced directions have less error than random ones
        angle = torch.arange(projections) * (torch.pi / projections)
        directions = torch.stack([angle.cos(), angle.sin()])
    else:
        directions = torch.randn(dim, projections, generator=Generator().manual_seed(0))
        directions /= directions.norm(dim=0)
    rows = (x @ directions).T.cpu().numpy()
    return torch.from_numpy(np.sort(rows, axis=1))  # in a fifteenth of torch.sort's time


def _distance(px: Tensor, py: Tensor) -> float:
    """√ mean W₂² between sorted projections (P, n) and (P, m)."""
    if px.shape[1] != py.shape[1]:
        count = max(px.shape[1], py.shape[1])
        px, py = _quantiles(px, count), _quantiles(py, count)
    return float((px - py).square().mean().sqrt())


def _quantiles(ordered: Tensor, count: int) -> Tensor:
    """(P, count) quantiles at the middles of `count` equal shares of sorted rows (P, n)."""
    n = ordered.shape[1]
    return ordered[:, ((torch.arange(count) + 0.5) / count * n).long().clamp_max(n - 1)]


def sliced_wasserstein(x: Tensor, y: Tensor, projections: int = 64) -> float:
    """Sliced 2-Wasserstein distance between samples (n, D) and (m, D), in units of the data.

    √ E_θ W₂²(θ·x, θ·y) over `projections` fixed directions θ. Source: Bonneel et al. 2015.
    """
    return _distance(_sorted_projections(x, projections), _sorted_projections(y, projections))


def energy_distance(x: Tensor, y: Tensor, limit: int = 2000) -> float:
    """√(2 E‖x − y‖ − E‖x − x'‖ − E‖y − y'‖), in √ units; on the first `limit` of each sample.

    The means over x ≠ x' are unbiased, so that the root of a negative estimate is given as 0.
    Source: Székely and Rizzo 2013.
    """
    x, y = x[:limit].double(), y[:limit].double()
    n, m = len(x), len(y)
    within = torch.cdist(x, x).sum() / (n * (n - 1)) + torch.cdist(y, y).sum() / (m * (m - 1))
    return float((2 * torch.cdist(x, y).mean() - within).clamp_min(0).sqrt())


@dataclass(frozen=True)
class Coverage:
    """Shares of the modes among samples, against the truth."""

    shares: tuple[float, ...]
    truth: tuple[float, ...]

    @property
    def error(self) -> float:
        """Total variation between the shares, from 0 to 1."""
        return 0.5 * sum(abs(a - b) for a, b in zip(self.shares, self.truth, strict=True))

    @property
    def found(self) -> int:
        """Modes with at least a tenth of their true share."""
        return sum(a >= 0.1 * b > 0 for a, b in zip(self.shares, self.truth, strict=True))


def mode_coverage(x: Tensor, distribution: ExactDistribution) -> Coverage:
    """Which modes the samples x (B, D) fall into, by the largest responsibility."""
    truth = distribution.mode_weights
    counts = torch.bincount(distribution.mode_of(x), minlength=len(truth))
    return Coverage(tuple((counts / len(x)).tolist()), tuple(truth.tolist()))


def within_modes(x: Tensor, distribution: ExactDistribution) -> float:
    """Mean squared distance of x (B, D) from the centre of its own mode, centres being x's own."""
    mode, total = distribution.mode_of(x), 0.0
    for k in range(len(distribution.mode_weights)):
        inside = x[mode == k].double()
        if len(inside) > 1:
            total += float((inside - inside.mean(dim=0)).square().sum())
    return total / len(x)


APART = 0x7A11_5EED
"""What is added to the seed of true draws: a number that hardly anybody gives to a training. Of a
seed torch's generator on the CPU takes the lower 32 bits alone."""


@dataclass(frozen=True)
class Truth:
    """True draws prepared once, so that many samples of the same size can be held against them."""

    distribution: ExactDistribution
    draws: tuple[Tensor, ...]
    projections: tuple[Tensor, ...]
    floor: float

    @classmethod
    def of(cls, distribution: ExactDistribution, n: int, repeats: int = 3, seed: int = 0) -> Truth:
        """`repeats` + 1 independent draws of n; the floor is the mean distance between them.

        They are nobody's training set: a network trained on n points of seed 0 does not meet them.
        """
        rng = Generator().manual_seed(APART + seed)
        draws = tuple(distribution.sample(n, rng) for _ in range(repeats + 1))
        rows = tuple(_sorted_projections(draw, 64) for draw in draws)
        floor = sum(map(_distance, rows[:-1], rows[1:])) / repeats
        return cls(distribution, draws, rows, floor)

    def sliced_wasserstein(self, x: Tensor) -> Reading:
        """Mean distance of x (n, D) from each of the true draws, beside the floor."""
        row = _sorted_projections(x, 64)
        distances = [_distance(row, other) for other in self.projections]
        return Reading(sum(distances) / len(distances), self.floor)

    def spread(self, x: Tensor) -> float:
        """Variance within the modes over the truth's: 1 is right, 0 is collapse onto centres.

        NaN where the true modes have no width.
        """
        truth = self._within
        return within_modes(x, self.distribution) / truth if truth > 1e-12 else float("nan")

    @cached_property
    def _within(self) -> float:
        """`within_modes` of the true draws, of all of them: one alone has a chance of its own."""
        found = [within_modes(draw, self.distribution) for draw in self.draws]
        return sum(found) / len(found)
