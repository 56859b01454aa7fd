"""How good samples of pictures are: their features' distance from the truth, what of the truth
they reach, whether they show what was asked, and whether they are copies.

Every figure is to be read beside the same one for true pictures, which no sampler can beat.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.data.images import Pictures
from explorer.networks.classifier import Classifier

NEIGHBOURS = 5
"""k of coverage and density, as Naeem et al. 2020 recommend in section 3.3."""

COPY_RATIO = 1 / 3
"""A picture is a copy where its nearest is nearer than this share of its second nearest."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean (D,) and covariance (D, D) of features, in float64."""

    mean: Tensor
    covariance: Tensor


@torch.no_grad()
def features(network: Classifier, pixels: Tensor, batch: int = 500) -> Tensor:
    """What the classifier's last layer reads (N, D) in bytes (N, 1 or 3, 32, 32)."""
    data = Pictures(pixels, torch.zeros(len(pixels), dtype=torch.long))
    parts = torch.arange(len(pixels)).split(batch)
    return torch.cat([network.features(data.batch(part)) for part in parts])


def moments(x: Tensor) -> Moments:
    """Of features (N, D), N at least 2; ValueError for fewer."""
    if len(x) < 2:
        raise ValueError(f"{len(x)} pictures have no covariance; give 2 or more")
    x = x.double()
    return Moments(x.mean(dim=0), torch.cov(x.T).reshape(x.shape[1], x.shape[1]))


def frechet_distance(a: Moments, b: Moments) -> float:
    """|μ_a − μ_b|² + tr(C_a + C_b − 2 (C_a C_b)^½): W₂² of the Gaussians with these moments.

    The root's trace is that of the symmetric (C_a^½ C_b C_a^½)^½, whose eigenvalues are real
    however few pictures there were. It falls with their number, for covariances are estimated: only
    samples of the same size can be compared. Sources: Dowson and Landau 1982, equation 4; Heusel et
    al. 2017, equation 6, whose features are another network's, so that figures differ.
    """
    values, vectors = torch.linalg.eigh(a.covariance)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    crossed = torch.linalg.eigvalsh(root @ b.covariance @ root).clamp_min(0).sqrt().sum()
    traces = a.covariance.trace() + b.covariance.trace()
    return max(0.0, float((a.mean - b.mean).square().sum() + traces - 2 * crossed))


@dataclass(frozen=True)
class Reach:
    """Coverage, the share of true pictures with a sample nearby, from 0 to 1; and density.

    Density is how many true pictures' neighbourhoods hold a sample, over k: 1 where samples are
    like the truth, more where they crowd where it is dense, less where they lie aside.
    """

    coverage: float
    density: float


def reach(samples: Tensor, truth: Tensor, k: int = NEIGHBOURS) -> Reach:
    """Coverage and density of features (M, D) against true ones (N, D), N > k.

    A true picture's neighbourhood reaches to its k-th nearest true one. Source: Naeem et al. 2020,
    equations 4 and 5. Raises ValueError for too few true pictures.
    """
    if len(truth) <= k:
        raise ValueError(f"{len(truth)} true pictures have no {k}-th neighbour; give more")
    covered, inside = 0, 0
    for part in truth.split(1000):
        radius = torch.cdist(part, truth).kthvalue(k + 1, dim=1).values  # itself is the first
        near = torch.cdist(part, samples) < radius[:, None]
        covered += int(near.any(dim=1).sum())
        inside += int(near.sum())
    return Reach(covered / len(truth), inside / (k * len(samples)))


def expected_coverage(samples: int, truth: int, k: int = NEIGHBOURS) -> float:
    """The mean coverage by as many true pictures: 1 − Π (N − i)/(M + N − i) over i = 1 … k.

    Source: Naeem et al. 2020, equation 8.
    """
    missed = 1.0
    for i in range(1, k + 1):
        missed *= (truth - i) / (samples + truth - i)
    return 1 - missed


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each picture its nearest others: `distances` (B, k), rising, and their `index` (B, k)."""

    distances: Tensor
    index: Tensor

    @property
    def ratios(self) -> Tensor:
        """d₁/d₂ (B,): 1 where the two nearest are equally far, 0 for a copy of one of them."""
        return self.distances[:, 0] / self.distances[:, 1].clamp_min(1e-12)

    @property
    def copies(self) -> Tensor:
        """Whether each is a copy (B,): d₁ < d₂/3.

        Source: Yoon et al. 2023, section 3, the rule by which Gu et al. 2023 count copies too.
        """
        return self.ratios < COPY_RATIO


def nearest(x: Tensor, pool: Tensor, k: int = 2, chunk: int = 4096) -> Nearest:
    """The k nearest of `pool` (N, *D) to each of x (B, *D), by L2, exactly, in float32.

    Bytes are read as they are; their distance is in levels of 0 to 255. Raises ValueError where the
    shapes differ or the pool is smaller than k.
    """
    if x.shape[1:] != pool.shape[1:] or len(pool) < k:
        raise ValueError(f"{k} neighbours of {tuple(x.shape)} in {tuple(pool.shape)} do not exist")
    flat = x.flatten(1).float()
    squares = flat.square().sum(dim=1, keepdim=True)
    best = torch.full((len(x), k), torch.inf)
    index = torch.zeros((len(x), k), dtype=torch.long)
    for start in range(0, len(pool), chunk):
        part = pool[start : start + chunk].flatten(1).float()
        found = squares + part.square().sum(dim=1) - 2 * flat @ part.T
        values, places = found.topk(min(k, len(part)), largest=False)
        joined = torch.cat([best, values], dim=1)
        best, order = joined.topk(k, largest=False)
        index = torch.cat([index, places + start], dim=1).gather(1, order)
    # found as differences of squares, the small ones lost their digits: measured anew
    distances = (flat[:, None] - pool[index].flatten(2).float()).norm(dim=2)
    order = distances.argsort(dim=1, stable=True)
    return Nearest(distances.gather(1, order), index.gather(1, order))
