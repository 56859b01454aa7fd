"""What denoising score matching teaches at one place: single targets −ε/σ, whose mean is the score.

Of a Gaussian mixture all of it is known: given x_t, the data point x_0 is drawn from a mixture too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.process import Level


@dataclass(frozen=True, eq=False)
class Posterior:
    """p(x_0 | x_t = x) at places x (B, D): Σ_k shares_k N(means_k, roots_k roots_kᵀ).

    shares: (B, K).  means: (B, K, D).  roots: (K, D, D).
    """

    x: Tensor
    level: Level
    shares: Tensor
    means: Tensor
    roots: Tensor

    @property
    def mean_target(self) -> Tensor:
        """(B, D) E[−ε/σ | x_t = x] = (α E[x_0 | x_t = x] − x)/σ².

        The network that minimises E‖s(x_t) + ε/σ‖² says this, and it is ∇log p_t(x).
        Source: Vincent 2011, section 4.
        """
        return self._target(torch.einsum("bk,bkd->bd", self.shares, self.means))

    def targets(self, count: int, rng: Generator) -> Tensor:
        """(count, B, D) draws of −ε/σ given x_t = x; equal generators give draws that belong
        together at neighbouring levels, so that a picture of them moves without jumps."""
        batch, dim = self.x.shape
        u = torch.rand(count, batch, 1, generator=rng, dtype=torch.float64)
        noise = torch.randn(count, batch, dim, generator=rng, dtype=torch.float64)
        below = self.shares.cumsum(dim=1)[:, :-1]
        which = (u > below).sum(dim=2)
        centre = self.means[torch.arange(batch), which]
        return self._target(centre + torch.einsum("mbde,mbe->mbd", self.roots[which], noise))

    def _target(self, x0: Tensor) -> Tensor:
        return (self.level.alpha * x0 - self.x) / self.level.sigma**2


def posterior(mixture: GaussianMixture, level: Level, x: Tensor) -> Posterior:
    """p(x_0 | x_t = x) by Bayes' rule, at x (B, D), for a level with σ above 0."""
    alpha, sigma = level.alpha, level.sigma
    at, spread = x.double(), mixture.covariances
    eye = torch.eye(mixture.dim, dtype=torch.float64)
    noised = alpha**2 * spread + sigma**2 * eye
    root = torch.linalg.cholesky(noised)
    away = at[:, None] - alpha * mixture.means  # (B, K, D)
    white = torch.linalg.solve_triangular(root, away[..., None], upper=False)[..., 0]
    peaks = mixture.weights.log() - root.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    shares = torch.softmax(peaks - 0.5 * white.square().sum(dim=2), dim=1)
    gain = alpha * torch.cholesky_solve(spread, root).mT  # αC S⁻¹, both symmetric
    means = mixture.means + torch.einsum("kde,bke->bkd", gain, away)
    left = spread - alpha * gain @ spread
    values, vectors = torch.linalg.eigh(0.5 * (left + left.mT))
    roots = vectors * values.clamp_min(0).sqrt()[:, None]
    return Posterior(at, level, shares, means, roots)
