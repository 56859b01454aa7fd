"""Distributions along curves, as Gaussian mixtures fine enough to carry their score.

A curve blurred by Gaussian noise is a continuous mixture. Gauss–Legendre nodes along it give the
noised density to many digits, so the two moons or the circles have a score as exact as a mixture
has. Shapes with hard edges or warped noise get the mixture that fills them best, and say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture


@dataclass(frozen=True, eq=False)
class Drawn:
    """A distribution drawn by its own recipe, with a mixture that gives density and score.

    `exact` says whether that mixture is the drawn distribution itself (to quadrature error below
    1e-6) or stands in for it.
    """

    draw: Callable[[int, Generator], Tensor]
    density: GaussianMixture
    exact: bool

    @property
    def dim(self) -> int:
        return self.density.dim

    def sample(self, n: int, rng: Generator) -> Tensor:
        """(n, D) draws in float32."""
        return self.draw(n, rng).float()

    @property
    def mode_weights(self) -> Tensor:
        return self.density.mode_weights

    @property
    def mean(self) -> Tensor:
        return self.density.mean

    @property
    def covariance(self) -> Tensor:
        return self.density.covariance

    def noised(self, alpha: Tensor | float, sigma: Tensor | float) -> GaussianMixture:
        return self.density.noised(alpha, sigma)

    def log_prob(self, x: Tensor) -> Tensor:
        return self.density.log_prob(x)

    def score(self, x: Tensor) -> Tensor:
        return self.density.score(x)

    def responsibilities(self, x: Tensor) -> Tensor:
        return self.density.responsibilities(x)

    def mode_of(self, x: Tensor) -> Tensor:
        return self.density.mode_of(x)

    def mode_scores(self, x: Tensor) -> Tensor:
        return self.density.mode_scores(x)


def standardised(
    draw: Callable[[int, Generator], Tensor], density: GaussianMixture, exact: bool
) -> Drawn:
    """The same distribution moved and scaled to mean 0 and standard deviation 1 per coordinate."""
    shift, scale = -density.mean, 1 / density.covariance.diagonal().sqrt()
    return Drawn(
        draw=lambda n, rng: scale * (draw(n, rng) + shift),
        density=density.affine(scale, shift),
        exact=exact,
    )


def _uniform(n: int, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng, dtype=torch.float64)


def _normal(n: int, dim: int, rng: Generator) -> Tensor:
    return torch.randn(n, dim, generator=rng, dtype=torch.float64)


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

    angle, weight = _nodes(0, math.pi, max(24, round(5.5 / noise)))
    moon = torch.arange(2).repeat_interleave(len(angle))
    density = GaussianMixture.isotropic(
        weight.repeat(2), points(angle.repeat(2), moon), noise, moon
    )
    return standardised(draw, density, exact=True)


def concentric_circles(noise: float = 0.08) -> Drawn:
    """Two circles with radii 1 and ½, each drawn half the time."""

    def points(angle: Tensor, ring: Tensor) -> Tensor:
        radius = 1 - 0.5 * ring
        return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)

    def draw(n: int, rng: Generator) -> Tensor:
        ring = torch.randint(2, (n,), generator=rng)
        return points(2 * math.pi * _uniform(n, rng), ring) + noise * _normal(n, 2, rng)

    count = max(40, round(7.5 / noise))
    angle = 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    ring = torch.arange(2).repeat_interleave(count)
    density = GaussianMixture.isotropic(
        torch.ones(2 * count), points(angle.repeat(2), ring), noise, ring
    )
    return standardised(draw, density, exact=True)


def swiss_roll(noise: float = 0.75) -> Drawn:
    """The roll u·(cos u, sin u), u uniform on [1.5π, 4.5π] (a Swiss roll seen end on)."""

    def points(u: Tensor) -> Tensor:
        return torch.stack([u * u.cos(), u * u.sin()], dim=1)

    def draw(n: int, rng: Generator) -> Tensor:
        return points(math.pi * (1.5 + 3 * _uniform(n, rng))) + noise * _normal(n, 2, rng)

    u, weight = _nodes(1.5 * math.pi, 4.5 * math.pi, max(48, round(180 / noise)))
    density = GaussianMixture.isotropic(weight, points(u), noise, torch.zeros(len(u)).long())
    return standardised(draw, density, exact=True)


def spiral() -> Drawn:
    """A band: angle 3πu, radius 0.25 + 0.65u + 0.15v with u, v uniform.

    Its edges are hard, so the mixture, one Gaussian for each cell of (u, v), stands in for it.
    """

    def draw(n: int, rng: Generator) -> Tensor:
        u, v = _uniform(n, rng), _uniform(n, rng)
        radius, angle = 0.25 + 0.65 * u + 0.15 * v, 3 * math.pi * u
        return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)

    along, across = 96, 3
    u = ((torch.arange(along, dtype=torch.float64) + 0.5) / along).repeat_interleave(across)
    v = ((torch.arange(across, dtype=torch.float64) + 0.5) / across).repeat(along)
    radius, angle = 0.25 + 0.65 * u + 0.15 * v, 3 * math.pi * u
    outward = torch.stack([angle.cos(), angle.sin()], dim=1)
    onward = torch.stack([-angle.sin(), angle.cos()], dim=1)
    d_u = (0.65 * outward + 3 * math.pi * radius[:, None] * onward) * 0.5 / along
    d_v = 0.15 * outward * 0.4 / across
    covariances = torch.einsum("kd,ke->kde", d_u, d_u) + torch.einsum("kd,ke->kde", d_v, d_v)
    density = GaussianMixture.of(
        torch.ones(len(u)),
        radius[:, None] * outward,
        covariances,
        torch.zeros(len(u)).long(),
    )
    return standardised(draw, density, exact=False)


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

    width = radial / 6
    spread = math.sqrt(radial**2 - width**2)
    offset = torch.arange(-16, 17, dtype=torch.float64) * 1.3 * width
    weight = torch.exp(-0.5 * (offset / spread) ** 2)
    arm = torch.arange(arms).repeat_interleave(len(offset))
    radius = 1 + offset.repeat(arms)
    angle = 2 * math.pi * arm / arms + rate * radius.exp()
    outward = torch.stack([angle.cos(), angle.sin()], dim=1)
    onward = torch.stack([-angle.sin(), angle.cos()], dim=1)
    d_radius = width * (outward + (radius * rate * radius.exp())[:, None] * onward)
    covariances = torch.einsum("kd,ke->kde", d_radius, d_radius) + torch.einsum(
        "kd,ke->kde", tangential * onward, tangential * onward
    )
    density = GaussianMixture.of(
        weight.repeat(arms), turned(radius, torch.zeros_like(radius), arm), covariances, arm
    )
    return standardised(draw, density, exact=False)
