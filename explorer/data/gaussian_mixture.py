"""Gaussian mixtures: the distributions whose score is known exactly at every noise level.

Diffusion turns a mixture into a mixture (`noised`), so one closed form serves all times and all
processes. Covariances are kept as eigenvectors and eigenvalues, because adding noise changes only
the eigenvalues. A component of zero width is a point, and a mixture of points is a finite data set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Generator, Tensor

from explorer.data.differentiable_score import DifferentiableScore
from explorer.data.quadratic_forms import (
    Look,
    QuadraticForms,
    Swift,
    log_density_by_distances,
    log_sum_exp,
    shares,
)


@dataclass(frozen=True, eq=False)
class GaussianMixture:
    """Σ_k w_k N(x; μ_k, Q_k diag(v_k) Q_kᵀ), in the units of the data.

    weights: (K,), summing to 1.  means: (K, D).  variances: (K, D), eigenvalues.
    axes: (K, D, D), eigenvectors in columns, or None where every covariance is diagonal.
    groups: (K,), which mode each component belongs to (a curve is one mode of many components).
    """

    weights: Tensor
    means: Tensor
    variances: Tensor
    axes: Tensor | None
    groups: Tensor
    exact: bool = True

    @classmethod
    def of(
        cls,
        weights: Tensor | Sequence[float],
        means: Tensor | Sequence[Sequence[float]],
        covariances: Tensor | Sequence[Sequence[Sequence[float]]],
        groups: Tensor | None = None,
    ) -> GaussianMixture:
        """From weights (K,), means (K, D), covariances (K, D, D); weights are normalised.

        Raises ValueError where shapes disagree, a weight is negative or all are zero, or a
        covariance is not symmetric positive semi-definite.
        """
        w = torch.as_tensor(weights, dtype=torch.float64)
        mu = torch.as_tensor(means, dtype=torch.float64)
        cov = torch.as_tensor(covariances, dtype=torch.float64)
        if mu.ndim != 2 or w.shape != mu.shape[:1] or cov.shape != (*mu.shape, mu.shape[1]):
            raise ValueError(
                f"weights {tuple(w.shape)}, means {tuple(mu.shape)} and covariances "
                f"{tuple(cov.shape)} do not belong together; they are (K,), (K, D), (K, D, D)"
            )
        if not bool((w >= 0).all()) or not 0 < float(w.sum()) < math.inf:
            raise ValueError(f"weights {w.tolist()} must be non-negative, and one of them positive")
        if not torch.allclose(cov, cov.transpose(1, 2)):
            raise ValueError("each covariance must be symmetric")
        variances, axes = torch.linalg.eigh(cov)
        if float(variances.min()) < -1e-12 * (1 + float(variances.max())):
            raise ValueError("each covariance must have no negative eigenvalue: is |corr| < 1?")
        diagonal = torch.diagonal(cov, dim1=1, dim2=2)
        is_diagonal = torch.equal(cov, torch.diag_embed(diagonal))
        return cls(
            weights=w / w.sum(),
            means=mu,
            variances=diagonal.clone() if is_diagonal else variances.clamp_min(0),
            axes=None if is_diagonal else axes,
            groups=torch.arange(len(w)) if groups is None else groups,
        )

    @classmethod
    def isotropic(
        cls, weights: Tensor, means: Tensor, std: float, groups: Tensor | None = None
    ) -> GaussianMixture:
        """Components of one width `std` in all directions; `std=0` makes a finite data set."""
        mu = torch.as_tensor(means, dtype=torch.float64)
        w = torch.as_tensor(weights, dtype=torch.float64)
        return cls(
            weights=w / w.sum(),
            means=mu,
            variances=torch.full_like(mu, std**2),
            axes=None,
            groups=torch.arange(len(w)) if groups is None else groups,
        )

    @property
    def dim(self) -> int:
        return int(self.means.shape[1])

    @cached_property
    def mode_weights(self) -> Tensor:
        """(G,) the true share of each mode."""
        return torch.zeros(int(self.groups.max()) + 1, dtype=torch.float64).index_add(
            0, self.groups, self.weights
        )

    @cached_property
    def membership(self) -> Tensor:
        """(K, G) 1 where a component belongs to a mode."""
        return torch.nn.functional.one_hot(self.groups).double()

    @cached_property
    def mean(self) -> Tensor:
        """(D,)"""
        return self.weights @ self.means

    @cached_property
    def covariance(self) -> Tensor:
        """(D, D), within and between components."""
        centred = self.means - self.mean
        within = torch.einsum("k,kde->de", self.weights, self.covariances)
        return within + torch.einsum("k,kd,ke->de", self.weights, centred, centred)

    @cached_property
    def covariances(self) -> Tensor:
        """(K, D, D)"""
        return self._spectral(self.variances)

    def sample(self, n: int, rng: Generator) -> Tensor:
        """(n, D) draws in float32."""
        return self.sample_components(n, rng)[0]

    def sample_components(self, n: int, rng: Generator) -> tuple[Tensor, Tensor]:
        """(n, D) draws in float32 and (n,) the component of each."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        z = torch.randn(n, self.dim, generator=rng, dtype=torch.float64) * self.variances[k].sqrt()
        if self.axes is not None:
            z = torch.einsum("nde,ne->nd", self.axes[k], z)
        return (self.means[k] + z).float(), k

    def noised(self, alpha: Tensor | float, sigma: Tensor | float) -> GaussianMixture:
        """The distribution of α x + σ ε, ε ~ N(0, I): means α μ_k, covariances α² C_k + σ² I."""
        return replace(
            self, means=alpha * self.means, variances=alpha**2 * self.variances + sigma**2
        )

    def affine(self, scale: Tensor, shift: Tensor) -> GaussianMixture:
        """The distribution of scale ⊙ (x + shift), scale and shift of shape (D,)."""
        stretch = scale[:, None] * scale
        return GaussianMixture.of(
            self.weights, scale * (self.means + shift), stretch * self.covariances, self.groups
        )

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, (B,), for x of shape (B, D)."""
        return log_sum_exp(self._log_joint(x))

    def score(self, x: Tensor) -> Tensor:
        """∇ log p(x), (B, D): the components' scores weighted by their responsibilities."""
        if torch.is_grad_enabled() and x.requires_grad:
            given = (x, self._log_joint, self._forms(x.dtype), self._log_weights)
            found: Tensor = DifferentiableScore.apply(*given)
            return found
        if (swift := self._swift(x)) is not None:
            return swift.score
        return self._forms(x.dtype).pull(x, shares(self._log_joint(x)))

    def responsibilities(self, x: Tensor) -> Tensor:
        """(B, G) the posterior share of each mode at x: its participation in the score."""
        return self._by_mode(shares(self._log_joint(x)))

    def look(self, x: Tensor) -> Look:
        """Log-density, score and responsibilities at x at the cost of one of them."""
        swift = None if x.requires_grad else self._swift(x)
        if swift is not None:
            by_mode = (self.membership.T.to(x.dtype) @ swift.powers).div_(swift.total)
            return Look(swift.total.log().add_(swift.highest), swift.score, by_mode.T.contiguous())
        share = shares(log_joint := self._log_joint(x))
        pull = self._forms(x.dtype).pull(x, share)
        return Look(log_sum_exp(log_joint), pull, self._by_mode(share))

    def _swift(self, x: Tensor) -> Swift | None:
        forms = self._forms(x.dtype)
        return forms.swift(x, forms.constant + self._log_weights.to(x.dtype))

    def _by_mode(self, share: Tensor) -> Tensor:
        """(B, G) the components' shares (B, K) added up by mode."""
        return (self.membership.T.to(share.dtype) @ share.T).T.contiguous()

    def mode_of(self, x: Tensor) -> Tensor:
        """(B,) the mode with the largest responsibility; of points without noise, the nearest."""
        if not float(self.variances.max()) > 0:
            return self.groups[torch.cdist(x.double(), self.means).argmin(dim=1)]
        return self.responsibilities(x).argmax(dim=1)

    def mode_scores(self, x: Tensor) -> Tensor:
        """(B, G, D) the score of each mode on its own, as if the others were not there."""
        # a mode of no weight has a score of its own all the same
        inside = (self.weights / self.mode_weights[self.groups]).nan_to_num(nan=1.0).log()
        log_joint = self._log_density(x, inside)
        among = (self.groups != group for group in range(len(self.mode_weights)))
        within = (shares(log_joint.masked_fill(others, -math.inf)) for others in among)
        return torch.stack([self._forms(x.dtype).pull(x, share) for share in within], dim=1)

    def _log_joint(self, x: Tensor) -> Tensor:
        """(B, K) log w_k N(x; μ_k, C_k)."""
        return self._log_density(x, self._log_weights)

    def _log_density(self, x: Tensor, log_factors: Tensor) -> Tensor:
        """(B, K) log N(x; μ_k, C_k) + log_factors_k, the factors (K,)."""
        if self._is_points:
            raise ValueError("a finite set of points has no density without noise; look at t > 0")
        forms = self._forms(x.dtype)
        found = forms.log_density(x, forms.constant + log_factors.to(x.dtype))
        if found is None:
            found = log_density_by_distances(x, self.means, self.variances, self.axes)
            return found + log_factors.to(x.dtype)
        return found

    @cached_property
    def _log_weights(self) -> Tensor:
        return self.weights.log()

    @cached_property
    def _is_points(self) -> bool:
        return not float(self.variances.min()) > 0

    def _forms(self, dtype: torch.dtype) -> QuadraticForms:
        kept = self.forms
        if dtype not in kept:
            kept[dtype] = QuadraticForms.of(self.means, self.variances, self.axes, dtype)
        return kept[dtype]

    @cached_property
    def forms(self) -> dict[torch.dtype, QuadraticForms]:
        """What has been worked out of the components so far, by precision."""
        return {}

    def _spectral(self, eigenvalues: Tensor) -> Tensor:
        """(K, D, D) matrices with these eigenvalues (K, D) and the mixture's eigenvectors."""
        if self.axes is None:
            return torch.diag_embed(eigenvalues)
        return torch.einsum("kde,ke,kfe->kdf", self.axes, eigenvalues, self.axes)
