"""Own data as a distribution: a Gaussian of one width on every place, with its exact score.

That is the kernel estimate of the density (Silverman 1986), and what noise makes of the points:
with a small width it is the memorising optimum. Where there are more places than can be looked up
at every frame, neighbours share a Gaussian with their moments, which stands in for them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.drawn import Drawn
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.own_codec import decode, encode_grid, encode_points

MOST = 256
"""Gaussians that are looked up at once: as many as a spiral has, so pages keep their speed."""
MOST_MODES = 8
RUNGS = (2.0, 4.0, 8.0, 16.0)
"""Noise, in widths, from which on neighbours share a Gaussian: 0.005 nats and 3e-4 of the score."""
APART = 12
"""Up to so many places each is a mode of its own."""


def own_data(text: str, width: float = 0.1) -> Drawn:
    """The distribution of a text of `own_codec`, each place blurred by N(0, `width`² I).

    `exact` where every place has its own Gaussian. Raises ValueError for a text that is none.
    """
    data = decode(text)
    centres, weights = torch.from_numpy(data.centres), torch.from_numpy(data.weights)
    cell, exact = torch.arange(len(centres)), len(centres) <= MOST
    side = max(width, 0.02)
    while int(cell.max()) >= MOST:  # the smallest cells that leave few enough
        cell, side = _cells(centres, side), side * 1.1
    shares = _summed(weights, cell)
    middles = _summed(weights[:, None] * centres, cell) / shares[:, None]
    whole = GaussianMixture.isotropic(weights, centres, width, modes_of(middles, shares)[cell])
    density = whole if exact else merged(whole, cell)

    def draw(n: int, rng: Generator) -> Tensor:
        return whole.sample(n, rng)

    rungs: list[tuple[float, GaussianMixture]] = []
    for blur in () if exact else (noise * max(width, 0.05) for noise in RUNGS):
        coarse = merged(whole, _cells(centres, 0.5 * math.hypot(width, blur), whole.groups))
        if len(coarse.weights) < 0.7 * len((rungs[-1][1] if rungs else density).weights):
            rungs.append((blur, coarse))
    return Drawn(draw, density, exact, tuple(rungs))


def merged(mixture: GaussianMixture, cell: Tensor) -> GaussianMixture:
    """One Gaussian for all components with the same number in `cell` (K,), moments kept."""
    w, weights = mixture.weights, _summed(mixture.weights, cell)
    means = _summed(w[:, None] * mixture.means, cell) / weights[:, None]
    away = mixture.means - means[cell]
    spread = torch.einsum("k,kd,ke->kde", w, away, away) + w[:, None, None] * mixture.covariances
    covariances = _summed(spread, cell) / weights[:, None, None]
    groups = torch.zeros(len(weights), dtype=torch.long).index_copy(0, cell, mixture.groups)
    return GaussianMixture.of(weights, means, covariances, groups)


def _cells(places: Tensor, side: float, groups: Tensor | None = None) -> Tensor:
    """(K,) the number of the square cell that each place lies in, counted for each group anew."""
    corner = torch.floor(places / side).long()
    if groups is not None:
        corner = torch.cat([groups[:, None], corner], dim=1)
    return corner.unique(dim=0, return_inverse=True)[1]


def _summed(values: Tensor, cell: Tensor) -> Tensor:
    """(C, …) the sums of values (K, …) in each cell."""
    zeros = torch.zeros(int(cell.max()) + 1, *values.shape[1:], dtype=torch.float64)
    return zeros.index_add(0, cell, values)


def modes_of(centres: Tensor, weights: Tensor) -> Tensor:
    """(K,) which mode each place belongs to: clumps with gaps between, at most eight.

    Places are linked up to three times the usual distance to the next one; light places and small
    clumps join the nearest mode. Up to twelve places are modes of their own.
    """
    count = len(centres)
    if count <= APART:
        return torch.arange(count)
    apart = torch.cdist(centres, centres)
    nearest = apart.clone().fill_diagonal_(math.inf).amin(dim=1)
    heavy = weights >= 0.15 * float(weights.max())
    linked = (apart <= 3 * float(nearest[heavy].median())) & heavy & heavy[:, None]
    clump = torch.arange(count)
    while True:  # each takes the least number among its neighbours, until nothing changes
        least = torch.where(linked, clump, count).amin(dim=1).minimum(clump)
        least = least[least]
        if torch.equal(least, clump):
            break
        clump = least
    shares = torch.zeros(count, dtype=torch.float64).index_add(0, clump, weights * heavy)
    large = torch.argsort(shares, descending=True)[:MOST_MODES]
    large = large[shares[large] >= 0.04 * float(shares.sum())]
    if len(large) < 2:
        return torch.zeros(count, dtype=torch.long)
    inside = torch.isin(clump, large) & heavy
    home = clump[inside][apart[:, inside].argmin(dim=1)]
    return torch.unique(home, return_inverse=True)[1]


def heart() -> str:
    """A heart of 96 points, which stands where nobody has drawn anything yet."""
    t = 2 * np.pi * (np.arange(96) + 0.5) / 96
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return encode_points(np.stack([x / 8, (y + 2.5) / 8], axis=1))


def skyline() -> str:
    """A curve with three bumps, likewise."""
    x = np.linspace(-3, 3, 61)
    bumps = ((-1.8, 0.3, 1.0), (0.0, 0.5, 0.6), (1.9, 0.22, 0.85))
    heights = sum(high * np.exp(-0.5 * ((x - at) / std) ** 2) for at, std, high in bumps)
    return encode_grid(np.asarray(heights), (-3.0, 0.0), 0.1)


def own_1d(width: float = 0.1, text: str | None = None) -> Drawn:
    return own_data(text or skyline(), width)


def own_2d(width: float = 0.1, text: str | None = None) -> Drawn:
    return own_data(text or heart(), width)
