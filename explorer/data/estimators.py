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
    """A Gaussian on each of n points, with covariance `factor`² times the data's.

    That is the mixture which noise makes of the points themselves: the data set, diffused a little.
    """

    mixture: GaussianMixture
    factor: float

    def log_prob(self, x: Tensor) -> Tensor:
        return torch.cat([self.mixture.log_prob(part) for part in x.split(CHUNK)])

    def sample(self, n: int, rng: Generator) -> Tensor:
        return self.mixture.sample(n, rng)


def kernel_density(points: Tensor, factor: float) -> KernelDensity:
    """The kernel estimate from points (n, D), the bandwidth in standard deviations of the data.

    As in scipy's `gaussian_kde`. Raises ValueError for a factor that is not positive, and for
    points that lie in a plane.
    """
    if not factor > 0:
        raise ValueError(f"the bandwidth factor is {factor}; give a number above 0")
    variances, axes = torch.linalg.eigh(_covariance(points))
    if not float(variances.min()) > 0:
        raise ValueError("the points have no spread in some direction; give more of them")
    n, dim = points.shape
    mixture = GaussianMixture(
        weights=torch.full((n,), 1 / n, dtype=torch.float64),
        means=points.double(),
        variances=(factor**2 * variances).expand(n, dim),
        axes=None if dim == 1 else axes.expand(n, dim, dim),
        groups=torch.zeros(n, dtype=torch.long),
    )
    return KernelDensity(mixture, factor)


def leave_one_out(points: Tensor, factors: Sequence[float], limit: int = 500) -> Tensor:
    """(F,) mean log-density of a point under the kernels of all others, for each bandwidth.

    Over the first `limit` points. The bandwidth with the largest is the cross-validated one: with
    its own kernel left in, every point asks for a kernel of no width (Silverman 1986, 3.4.4).
    """
    n, dim = points.shape
    covariance = _covariance(points)
    white = torch.linalg.solve_triangular(
        torch.linalg.cholesky(covariance), points.double().T, upper=False
    ).T.float()
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
    return float(factors[int(leave_one_out(points, factors.tolist()).argmax())])


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


def _covariance(points: Tensor) -> Tensor:
    """(D, D) the unbiased covariance of points (n, D), in float64."""
    return torch.cov(points.double().T).reshape(points.shape[1], points.shape[1])
