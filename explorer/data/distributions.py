"""The distributions that can be diffused, and the registry that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Generator, Tensor

from explorer.data import curves, shapes
from explorer.data.mixture_spec import DEFAULTS
from explorer.data.own import own_1d, own_2d
from explorer.data.quadratic_forms import Look
from explorer.registry import Entry, Param


class Distribution(Protocol):
    """Something to draw from."""

    @property
    def dim(self) -> int: ...

    def sample(self, n: int, rng: Generator) -> Tensor:
        """(n, D) draws in float32."""
        ...


class ExactDistribution(Distribution, Protocol):
    """A distribution whose density and score are known at every noise level.

    `exact` is False where the density is that of a mixture standing in for what is drawn.
    """

    @property
    def exact(self) -> bool: ...
    @property
    def mean(self) -> Tensor: ...
    @property
    def covariance(self) -> Tensor: ...
    @property
    def mode_weights(self) -> Tensor: ...

    def log_prob(self, x: Tensor) -> Tensor: ...
    def score(self, x: Tensor) -> Tensor: ...
    def responsibilities(self, x: Tensor) -> Tensor: ...
    def look(self, x: Tensor) -> Look: ...
    def mode_of(self, x: Tensor) -> Tensor: ...
    def mode_scores(self, x: Tensor) -> Tensor: ...
    def noised(self, alpha: Tensor | float, sigma: Tensor | float) -> ExactDistribution: ...


@dataclass(frozen=True)
class Shape(Entry[ExactDistribution]):
    """An entry of `DISTRIBUTIONS`: `dim` coordinates, and whether its score is exact."""

    dim: int = 2
    exact: bool = True


def _std(default: float, high: float = 2.0) -> Param:
    return Param(
        "std", "Width σ of a mode", default, 0.02, high, 0.01, "Standard deviation, in units of x."
    )


_BLUR = Param(
    "width",
    "Blur of the data",
    0.1,
    0.02,
    1.0,
    0.01,
    "σ of the Gaussian on every point, in units of x.",
)

DISTRIBUTIONS: dict[str, Shape] = {
    "gaussians-1d": Shape(
        shapes.two_gaussians_1d,
        "Two Gaussians at ±5",
        r"\tfrac12\mathcal N(-d,\sigma^2)+\tfrac12\mathcal N(d,\sigma^2)",
        "Neuromatch W2D4, tutorial 2",
        (
            Param(
                "distance", "Distance d from 0", 5.0, 0.0, 10.0, 0.1, "Modes at ±d, in units of x."
            ),
            _std(1.0, 3.0),
        ),
        dim=1,
    ),
    "mixture-1d": Shape(
        shapes.uneven_mixture_1d,
        "Uneven mixture, 0.3 and 0.7",
        r"w\,\mathcal N(-\tfrac12,\sigma^2)+(1-w)\,\mathcal N(\tfrac12,\sigma^2)",
        "Fleuret's toy diffusion model",
        (
            Param(
                "weight", "Weight w of the left mode", 0.3, 0.0, 1.0, 0.05, "Share of the draws."
            ),
            _std(0.2, 1.0),
        ),
        dim=1,
    ),
    "ramp-1d": Shape(
        shapes.ramp_1d,
        "Ramp",
        r"p(x)=2(1-x),\quad 0\le x\le 1",
        "the smaller of two uniform numbers",
        dim=1,
        exact=False,
        note="The score is that of 64 narrow Gaussians that fill the ramp.",
    ),
    "normal-1d": Shape(shapes.standard_normal_1d, "Standard normal", r"\mathcal N(0,1)", "", dim=1),
    "custom-1d": Shape(
        lambda: shapes.from_spec(DEFAULTS[1]),
        "Your own mixture",
        r"\sum_kw_k\,\mathcal N(\mu_k,\sigma_k^2)",
        "edited on the page",
        dim=1,
    ),
    "own-1d": Shape(
        own_1d,
        "Your own data",
        r"\sum_iw_i\,\mathcal N(x_i,h^2)",
        "drawn, pasted or uploaded",
        (_BLUR,),
        dim=1,
    ),
    "tutorial": Shape(
        shapes.tutorial_mixture,
        "Two overlapping Gaussians",
        r"\tfrac12\mathcal N\!\left(\binom01,I\right)+\tfrac12\mathcal N\!\left(\binom{2}{-1},"
        r"\begin{pmatrix}2&.5\\.5&1\end{pmatrix}\right)",
        "Neuromatch W2D4, tutorial 2",
    ),
    "blobs": Shape(
        shapes.two_blobs,
        "Two blobs",
        r"\tfrac12\mathcal N(-d\mathbf 1,\sigma^2 I)+\tfrac12\mathcal N(d\mathbf 1,\sigma^2 I)",
        "Neuromatch W2D4, tutorial 2",
        (
            Param(
                "distance",
                "Distance d from 0",
                2.0,
                0.0,
                10.0,
                0.1,
                "Along each axis, in units of x.",
            ),
            _std(0.2),
        ),
    ),
    "ring": Shape(
        shapes.ring_of_gaussians,
        "Ring of Gaussians",
        r"\tfrac1K\sum_k\mathcal N(r\,e^{2\pi ik/K},\sigma^2 I)",
        "a standard test of mode coverage",
        (
            Param("modes", "Modes K", 8, 1, 12, 1, "Number of Gaussians on the ring."),
            Param("radius", "Radius r", 2.0, 0.0, 6.0, 0.1, "Their distance from 0 (units of x)."),
            _std(0.15),
        ),
    ),
    "moons": Shape(
        curves.two_moons,
        "Two moons",
        r"\text{half circle}(\theta)+\sigma\varepsilon,\ \theta\sim U(0,\pi)",
        "scikit-learn's make_moons, standardised",
        (
            Param(
                "noise",
                "Noise σ",
                0.05,
                0.03,
                0.5,
                0.01,
                "Across the arcs, in units of their radius.",
            ),
        ),
    ),
    "spiral": Shape(
        curves.spiral,
        "Spiral",
        r"\rho\,e^{i\theta},\ \theta=3\pi u,\ \rho=.25+.65u+.15v",
        "Fleuret's toy diffusion model, standardised",
        exact=False,
        note="The score is that of 288 Gaussians that fill the band.",
    ),
    "roll": Shape(
        curves.swiss_roll,
        "Swiss roll",
        r"u\,e^{iu}+\sigma\varepsilon,\ u\sim U(1.5\pi,4.5\pi)",
        "scikit-learn's make_swiss_roll in 2D, standardised",
        (
            Param(
                "noise",
                "Noise σ",
                0.75,
                0.5,
                3.0,
                0.05,
                "Across the roll, whose outer radius is 14.",
            ),
        ),
    ),
    "checkerboard": Shape(
        shapes.checkerboard,
        "Checkerboard",
        r"U(\text{8 of }4\times4\text{ fields})",
        "FFJORD's toy data",
    ),
    "circles": Shape(
        curves.concentric_circles,
        "Concentric circles",
        r"r\,e^{i\theta}+\sigma\varepsilon,\ r\in\{\tfrac12,1\}",
        "scikit-learn's make_circles, standardised",
        (Param("noise", "Noise σ", 0.08, 0.04, 0.3, 0.01, "Blur of the circles, in outer radii."),),
    ),
    "pinwheel": Shape(
        curves.pinwheel,
        "Pinwheel",
        r"R(\theta_k+\tfrac14e^{r})\,(r,s),\ r\sim\mathcal N(1,.3^2),\ s\sim\mathcal N(0,.05^2)",
        "Johnson et al. 2016, standardised",
        (Param("arms", "Arms", 5, 2, 8, 1, "Number of arms."),),
        exact=False,
        note="The score is that of thin straightened slices of the arms.",
    ),
    "custom-2d": Shape(
        lambda: shapes.from_spec(DEFAULTS[2]),
        "Your own mixture",
        r"\sum_kw_k\,\mathcal N(\mu_k,C_k)",
        "edited on the page",
    ),
    "own-2d": Shape(
        own_2d,
        "Your own data",
        r"\sum_iw_i\,\mathcal N(x_i,h^2I)",
        "drawn, pasted or uploaded",
        (_BLUR,),
    ),
    "points": Shape(
        shapes.finite_points,
        "Finite set of points",
        r"\tfrac1n\sum_i\delta(x-x_i)",
        "a training set; its exact score memorises it",
        (Param("points", "Points n", 12, 1, 64, 1, "Size of the data set."),),
        note="The score is exact at every t > 0; at t = 0 there is no density.",
    ),
}
