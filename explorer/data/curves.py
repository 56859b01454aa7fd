"""Distributions along curves, as Gaussian mixtures fine enough to carry their score.

A curve blurred by Gaussian noise is a continuous mixture. Gauss–Legendre nodes along it give the
noised density to many digits, so the two moons or the circles have a score as exact as a mixture
has. Shapes with hard edges or warped noise get the mixture that fills them best, and say so.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.drawn import Drawn, standardised
from explorer.data.gaussian_mixture import GaussianMixture

RUNGS = (1.0, 1.7, 2.6, 3.9, 5.6, 8.0, 11.0, 16.0, 22.0, 32.0)
"""Noise, in units of a curve's own, from which on fewer nodes along it serve as well."""


def _uniform(n: int, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng, dtype=torch.float64)


def _normal(n: int, dim: int, rng: Generator) -> Tensor:
    return torch.randn(n, dim, generator=rng, dtype=torch.float64)


def _outer(vectors: Tensor) -> Tensor:
    """(K, D, D) products v vᵀ of vectors (K, D)."""
    return torch.einsum("kd,ke->kde", vectors, vectors)


def _nodes(low: float, high: float, count: int) -> tuple[Tensor, Tensor]:
    """Gauss–Legendre nodes and weights (summing to 1) on an interval, each (count,)."""
    x, w = np.polynomial.legendre.leggauss(count)
    return torch.from_numpy(low + (high - low) * (x + 1) / 2), torch.from_numpy(w / 2)


def two_moons(noise: float = 0.05) -> Drawn:
    """Two interleaved half circles (scikit-learn's `make_moons`, angles drawn independently)."""

    def points(angle: Tensor, moon: Tensor) -> Tensor:
        upper = torch.stack([angle.cos(), angle.sin()], dim=1)
        lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
        return torch.where(moon[:, None] == 0, upper, lower)

    def draw(n: int, rng: Generator) -> Tensor:
        moon = torch.randint(2, (n,), generator=rng)
        return points(math.pi * _uniform(n, rng), moon) + noise * _normal(n, 2, rng)

    def mixture_at(blur: float) -> GaussianMixture:
        angle, weight = _nodes(0, math.pi, 8 + round(5 / math.hypot(noise, blur)))
        moon = torch.arange(2).repeat_interleave(len(angle))
        return GaussianMixture.isotropic(
            weight.repeat(2), points(angle.repeat(2), moon), noise, moon
        )

    return standardised(draw, mixture_at, [noise * r for r in RUNGS], exact=True)


def concentric_circles(noise: float = 0.08) -> Drawn:
    """Two circles with radii 1 and ½, each drawn half the time."""

    def points(angle: Tensor, ring: Tensor) -> Tensor:
        radius = 1 - 0.5 * ring
        return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)

    def draw(n: int, rng: Generator) -> Tensor:
        ring = torch.randint(2, (n,), generator=rng)
        return points(2 * math.pi * _uniform(n, rng), ring) + noise * _normal(n, 2, rng)

    def mixture_at(blur: float) -> GaussianMixture:
        count = 12 + round(7 / math.hypot(noise, blur))
        angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
        ring = torch.arange(2).repeat_interleave(count)
        return GaussianMixture.isotropic(
            torch.ones(2 * count), points(angle.repeat(2), ring), noise, ring
        )

    return standardised(draw, mixture_at, [noise * r for r in RUNGS], exact=True)


def swiss_roll(noise: float = 0.75) -> Drawn:
    """The roll u·(cos u, sin u), u uniform on [1.5π, 4.5π] (a Swiss roll seen end on)."""

    def points(u: Tensor) -> Tensor:
        return torch.stack([u * u.cos(), u * u.sin()], dim=1)

    def draw(n: int, rng: Generator) -> Tensor:
        return points(math.pi * (1.5 + 3 * _uniform(n, rng))) + noise * _normal(n, 2, rng)

    def mixture_at(blur: float) -> GaussianMixture:
        count = 18 + round(165 / math.hypot(noise, blur))
        u, weight = _nodes(1.5 * math.pi, 4.5 * math.pi, count)
        return GaussianMixture.isotropic(weight, points(u), noise, torch.zeros(count).long())

    return standardised(draw, mixture_at, [noise * r for r in RUNGS], exact=True)


def spiral() -> Drawn:
    """A band: angle 3πu, radius 0.25 + 0.65u + 0.15v with u, v uniform.

    Its edges are hard, so the mixture, one Gaussian for each cell of (u, v), stands in for it.
    """

    def draw(n: int, rng: Generator) -> Tensor:
        u, v = _uniform(n, rng), _uniform(n, rng)
        radius, angle = 0.25 + 0.65 * u + 0.15 * v, 3 * math.pi * u
        return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)

    def mixture_at(blur: float) -> GaussianMixture:
        along, across = (96, 3) if blur == 0 else (48, 2) if blur < 0.2 else (24, 1)
        u = ((torch.arange(along, dtype=torch.float64) + 0.5) / along).repeat_interleave(across)
        v = ((torch.arange(across, dtype=torch.float64) + 0.5) / across).repeat(along)
        radius, angle = 0.25 + 0.65 * u + 0.15 * v, 3 * math.pi * u
        outward = torch.stack([angle.cos(), angle.sin()], dim=1)
        onward = torch.stack([-angle.sin(), angle.cos()], dim=1)
        # each cell's own width is 0.29 of its side; more of it closes the gaps between the cells,
        # which noise does where there is some
        fill_u, fill_v = (0.5, 0.4) if blur == 0 else (0.29, 0.29)
        d_u = (0.65 * outward + 3 * math.pi * radius[:, None] * onward) * fill_u / along
        d_v = 0.15 * outward * fill_v / across
        return GaussianMixture.of(
            torch.ones(len(u)),
            radius[:, None] * outward,
            _outer(d_u) + _outer(d_v),
            torch.zeros(len(u)).long(),
        )

    return standardised(draw, mixture_at, (0.08, 0.2), exact=False)


def pinwheel(
    arms: int = 5, radial: float = 0.3, tangential: float = 0.05, rate: float = 0.25
) -> Drawn:
    """Arms of Gaussian blobs at radius 1, turned by an angle that grows as exp(radius).

    The mixture cuts each arm into thin slices and straightens each slice, so it stands in.
    """

    def turned(radius: Tensor, side: Tensor, arm: Tensor) -> Tensor:
        angle = 2 * math.pi * arm / arms + rate * radius.exp()
        return torch.stack(
            [
                radius * angle.cos() - side * angle.sin(),
                radius * angle.sin() + side * angle.cos(),
            ],
            dim=1,
        )

    def draw(n: int, rng: Generator) -> Tensor:
        arm = torch.randint(arms, (n,), generator=rng)
        z = _normal(n, 2, rng)
        return turned(1 + radial * z[:, 0], tangential * z[:, 1], arm)

    def mixture_at(blur: float) -> GaussianMixture:
        width = radial / (6 if blur == 0 else 4.5)
        spread = math.sqrt(radial**2 - width**2)
        offset = torch.arange(-16, 17, dtype=torch.float64) * 1.3 * width
        offset = offset[offset.abs() < 3.6 * radial]
        weight = torch.exp(-0.5 * (offset / spread) ** 2)
        arm = torch.arange(arms).repeat_interleave(len(offset))
        radius = 1 + offset.repeat(arms)
        angle = 2 * math.pi * arm / arms + rate * radius.exp()
        outward = torch.stack([angle.cos(), angle.sin()], dim=1)
        onward = torch.stack([-angle.sin(), angle.cos()], dim=1)
        d_radius = width * (outward + (radius * rate * radius.exp())[:, None] * onward)
        return GaussianMixture.of(
            weight.repeat(arms),
            turned(radius, torch.zeros_like(radius), arm),
            _outer(d_radius) + _outer(tangential * onward),
            arm,
        )

    return standardised(draw, mixture_at, (0.15,), exact=False)
