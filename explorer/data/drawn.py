"""Distributions drawn by a recipe of their own, with a Gaussian mixture that knows their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.quadratic_forms import Look


@dataclass(frozen=True, eq=False)
class Drawn:
    """A distribution drawn by its own recipe, with a mixture that gives density and score.

    `exact` says whether that mixture is the drawn distribution itself (to quadrature error below
    1e-6) or stands in for it. `coarser` are mixtures of fewer components, each with the least noise
    σ/α, in units of the data and rising, from which on it serves as well.
    """

    draw: Callable[[int, Generator], Tensor]
    density: GaussianMixture
    exact: bool
    coarser: tuple[tuple[float, GaussianMixture], ...] = ()

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
        """The mixture of α x + σ ε: the coarsest that this much noise allows."""
        blur, density = float(sigma) / max(float(alpha), 1e-12), self.density
        for least, mixture in self.coarser:
            if blur >= least:
                density = mixture
        return density.noised(alpha, sigma)

    def log_prob(self, x: Tensor) -> Tensor:
        return self.density.log_prob(x)

    def score(self, x: Tensor) -> Tensor:
        return self.density.score(x)

    def responsibilities(self, x: Tensor) -> Tensor:
        return self.density.responsibilities(x)

    def look(self, x: Tensor) -> Look:
        return self.density.look(x)

    def mode_of(self, x: Tensor) -> Tensor:
        return self.density.mode_of(x)

    def mode_scores(self, x: Tensor) -> Tensor:
        return self.density.mode_scores(x)


def standardised(
    draw: Callable[[int, Generator], Tensor],
    mixture_at: Callable[[float], GaussianMixture],
    blurs: Sequence[float],
    exact: bool,
) -> Drawn:
    """The same distribution moved and scaled to mean 0 and standard deviation 1 per coordinate.

    `mixture_at(blur)` is its mixture, fine enough once noise of width `blur` is added; `blurs` are
    the rungs for which coarser ones are kept, in the units of `draw`, rising.
    """
    fine = mixture_at(0.0)
    shift, scale = -fine.mean, 1 / fine.covariance.diagonal().sqrt()
    return Drawn(
        draw=lambda n, rng: scale * (draw(n, rng) + shift),
        density=fine.affine(scale, shift),
        exact=exact,
        coarser=tuple(
            (blur * float(scale.max()), mixture_at(blur).affine(scale, shift)) for blur in blurs
        ),
    )
