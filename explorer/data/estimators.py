"""The classical estimates of a density from its points: the histogram and the kernel estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture

CHUNK = 512
"""Points that are looked up at once, so that 10,000 kernels fit into the processor's cache."""


class Estimate(Protocol):
    """A density that was made of points."""

    def log_prob(self, x: Tensor) -> Tensor:
        """log p̂(x) in nats, (B,), for x of shape (B, D)."""
        ...

    def sample(self, n: int, rng: Generator) -> Tensor:
        """(n, D) draws in float32."""
        ...


def scott(n: int, dim: int) -> float:
    """Scott's bandwidth in standard deviations of the data, n^(−1/(D+4)) (Scott 1992, eq. 6.42)."""
    return n ** (-1 / (dim + 4))


def silverman(n: int, dim: int) -> float:
    """Silverman's, (n (D+2)/4)^(−1/(D+4)): best for Gaussian data (Silverman 1986, eq. 4.14)."""
    return (n * (dim + 2) / 4) ** (-1 / (dim + 4))


@dataclass(frozen=True, eq=False)
class KernelDensity:
    """A Gaussian on each of points (n, D), with covariance `factor`² times the data's.

    That is the mixture which noise makes of the points themselves: the data set, diffused a little.
    root: (D, D), the lower Cholesky factor of the data's covariance.
    """

    points: Tensor
    factor: float
    root: Tensor

    def log_prob(self, x: Tensor) -> Tensor:
        n, dim = self.points.shape
        centres = _whitened(self.points, self.root)
        constant = math.log(n) + dim * math.log(self.factor * (2 * math.pi) ** 0.5)
        constant += float(self.root.diagonal().log().sum())
        parts = [
            torch.logsumexp(torch.cdist(part, centres).square_().mul_(-0.5 / self.factor**2), dim=1)
            for part in _whitened(x, self.root).split(CHUNK)
        ]
        return torch.cat(parts) - constant

    def sample(self, n: int, rng: Generator) -> Tensor:
        of = torch.randint(len(self.points), (n,), generator=rng)
        noise = torch.randn(n, self.points.shape[1], generator=rng, dtype=torch.float64)
        return (self.points[of] + self.factor * noise @ self.root.T).float()


def kernel_density(points: Tensor, factor: float) -> KernelDensity:
    """The kernel estimate from points (n, D), the bandwidth in standard deviations of the data.

    As in scipy's `gaussian_kde`. Raises ValueError for a factor that is not positive, and for
    points that lie on a line or in a single place.
    """
    if not factor > 0:
        raise ValueError(f"the bandwidth factor is {factor}; give a number above 0")
    root, failed = torch.linalg.cholesky_ex(_covariance(points))
    if int(failed):
        raise ValueError("the points have no spread in some direction; give more of them")
    return KernelDensity(points, factor, root)


def leave_one_out(points: Tensor, factors: Sequence[float], limit: int = 500) -> Tensor:
    """(F,) mean log-density of a point under the kernels of all others, for each bandwidth.

    Over the first `limit` points, in no order. The bandwidth with the largest is the
    cross-validated one: with its own kernel left in, every point asks for a kernel of no width
    (Silverman 1986, section 3.4.4).
    """
    n, dim = points.shape
    covariance = _covariance(points)
    white = _whitened(points, torch.linalg.cholesky(covariance))
    squares = torch.cdist(white[:limit], white).square()
    squares.fill_diagonal_(math.inf)
    constant = -0.5 * (dim * math.log(2 * math.pi) + float(torch.logdet(covariance)))
    means = []
    for factor in factors:
        logs = torch.logsumexp(-0.5 / factor**2 * squares, dim=1).double()
        means.append(logs.mean() - math.log(n - 1) - dim * math.log(factor) + constant)
    return torch.stack(means)


def cross_validated(points: Tensor) -> float:
    """The bandwidth with the largest `leave_one_out`, among thirteen up to Scott's."""
    factors = scott(*points.shape) * torch.logspace(-1.2, 0, 13, base=10)
    limit = max(200, min(500, 2_000_000 // len(points)))
    return float(factors[int(leave_one_out(points, factors.tolist(), limit).argmax())])


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts in equal boxes, and one observation more, spread as a `broad` Gaussian.

    That one keeps the density above zero where no point fell, where the held-out likelihood of a
    plain histogram is −∞.  low: (D,) corner.  width: (D,) sides of a box.  counts: (bins, …).
    """

    low: Tensor
    width: Tensor
    counts: Tensor
    broad: GaussianMixture

    @property
    def bins(self) -> tuple[int, ...]:
        """Boxes along each axis."""
        return tuple(self.counts.shape)

    def log_prob(self, x: Tensor) -> Tensor:
        place = ((x.double() - self.low) / self.width).floor().long()
        most = torch.tensor(self.bins) - 1
        # the last box holds its upper edge, on which the largest point lies
        place = torch.where((x.double() - self.low - self.width * (most + 1)) == 0, most, place)
        inside = ((place >= 0) & (place <= most)).all(dim=1)
        found = self.counts[place.clamp_min(0).minimum(most).unbind(dim=1)] * inside
        extra = self.broad.log_prob(x.double()).exp()
        total = float(self.counts.sum()) + 1
        return ((found / self.width.prod() + extra) / total).log().to(x.dtype)

    def sample(self, n: int, rng: Generator) -> Tensor:
        weights = torch.cat([self.counts.flatten(), torch.ones(1, dtype=torch.float64)])
        box = torch.multinomial(weights, n, replacement=True, generator=rng)
        place = torch.stack(torch.unravel_index(box.clamp_max(len(weights) - 2), self.bins), dim=1)
        u = torch.rand(n, len(self.bins), generator=rng, dtype=torch.float64)
        spread = self.broad.sample(n, rng).double()
        within = self.low + self.width * (place + u)
        return torch.where((box == len(weights) - 1)[:, None], spread, within).float()


def histogram(points: Tensor, bins: int = 0) -> Histogram:
    """The histogram of points (n, D) over their range, with `bins` boxes along each axis.

    bins=0 takes the width 2 · 3^(1/(D+2)) π^(D/(2D+4)) σ n^(−1/(D+2)), the best for Gaussian data
    (Scott 1992, eq. 3.66), along each axis.
    """
    if bins < 0:
        raise ValueError(f"bins={bins}; give 1 or more, or 0 for Scott's width")
    x = points.double()
    n, dim = x.shape
    low, high = x.amin(dim=0), x.amax(dim=0)
    constant = 2 * 3 ** (1 / (dim + 2)) * math.pi ** (dim / (2 * dim + 4))
    best = constant * x.std(dim=0, correction=0) * n ** (-1 / (dim + 2))
    counts = ((high - low) / best).ceil().long().clamp(1, 400) if bins == 0 else None
    sides = [bins] * dim if counts is None else counts.tolist()
    found = torch.histogramdd(
        x,
        bins=sides,
        range=[v for pair in zip(low.tolist(), high.tolist(), strict=True) for v in pair],
    )
    width = (high - low) / torch.tensor(sides, dtype=torch.float64)
    centre = x.mean(dim=0)
    broad = GaussianMixture.of([1.0], centre[None], 4 * _covariance(points)[None])
    return Histogram(low, width, found.hist, broad)


def _whitened(x: Tensor, root: Tensor) -> Tensor:
    """x (B, D) in units in which the covariance root rootᵀ is the identity, in float32."""
    return torch.linalg.solve_triangular(root, x.double().T, upper=False).T.float()


def _covariance(points: Tensor) -> Tensor:
    """(D, D) the unbiased covariance of points (n, D), in float64."""
    return torch.cov(points.double().T).reshape(points.shape[1], points.shape[1])
