"""Shapes of a few numbers to draw data from: mixtures, a ramp, a board, a set of points."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from explorer.data.drawn import Drawn
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.mixture_spec import MixtureSpec
from explorer.data.uniform_boxes import UniformBoxes


def two_gaussians_1d(distance: float = 5.0, std: float = 1.0) -> GaussianMixture:
    return GaussianMixture.isotropic(torch.ones(2), torch.tensor([[-distance], [distance]]), std)


def uneven_mixture_1d(weight: float = 0.3, std: float = 0.2) -> GaussianMixture:
    return GaussianMixture.isotropic(
        torch.tensor([weight, 1 - weight]), torch.tensor([[-0.5], [0.5]]), std
    )


def ramp_1d(pieces: int = 64) -> Drawn:
    """p(x) = 2(1 − x) on [0, 1], the smaller of two uniform numbers; `pieces` Gaussians fill it."""

    def draw(n: int, rng: Generator) -> Tensor:
        return torch.rand(n, 2, generator=rng).min(dim=1, keepdim=True).values

    centres = ((torch.arange(pieces, dtype=torch.float64) + 0.5) / pieces)[:, None]
    one_mode = torch.zeros(pieces).long()
    density = GaussianMixture.isotropic(1 - centres[:, 0], centres, 0.5 / pieces, one_mode)
    return Drawn(draw, density, exact=False)


def standard_normal_1d() -> GaussianMixture:
    return GaussianMixture.isotropic(torch.ones(1), torch.zeros(1, 1), 1.0)


def tutorial_mixture() -> GaussianMixture:
    return GaussianMixture.of(
        [1.0, 1.0], [[0.0, 1.0], [2.0, -1.0]], [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.5], [0.5, 1.0]]]
    )


def two_blobs(distance: float = 2.0, std: float = 0.2) -> GaussianMixture:
    return GaussianMixture.isotropic(
        torch.ones(2), torch.tensor([[-distance, -distance], [distance, distance]]), std
    )


def ring_of_gaussians(modes: int = 8, radius: float = 2.0, std: float = 0.15) -> GaussianMixture:
    angle = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    means = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    return GaussianMixture.isotropic(torch.ones(modes), means, std)


def checkerboard(side: float = 1.0) -> UniformBoxes:
    """Every other field of a 4 × 4 board centred at the origin."""
    fields = [(i, j) for i in range(4) for j in range(4) if (i + j) % 2 == 0]
    low = side * (torch.tensor(fields, dtype=torch.float64) - 2)
    count = len(fields)
    return UniformBoxes(
        torch.full((count,), 1 / count, dtype=torch.float64),
        low,
        low + side,
        torch.arange(count),
    )


def finite_points(points: int = 12) -> GaussianMixture:
    """A finite data set, spread like the seeds of a sunflower: each point is a mode of no width."""
    i = torch.arange(points, dtype=torch.float64)
    radius = 2.0 * ((i + 0.5) / points).sqrt()
    angle = i * math.pi * (3 - math.sqrt(5))
    means = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return GaussianMixture.isotropic(torch.ones(points), means, 0.0)


def from_spec(spec: MixtureSpec) -> GaussianMixture:
    """The mixture that a user edited."""
    return GaussianMixture.of(spec.weights, spec.means, spec.covariances)
