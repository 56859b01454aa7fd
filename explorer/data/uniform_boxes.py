"""Unions of uniform boxes: the checkerboard, whose noised density and score are closed forms."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Generator, Tensor

from explorer.data.quadratic_forms import Look, shares


@dataclass(frozen=True, eq=False)
class UniformBoxes:
    """Σ_k w_k Uniform(low_k, high_k), convolved with Gaussian noise of width `blur`.

    weights: (K,), summing to 1.  low, high: (K, D), in the units of the data.  blur: ≥ 0.
    groups: (K,), which mode each box belongs to.
    """

    weights: Tensor
    low: Tensor
    high: Tensor
    groups: Tensor
    blur: float = 0.0
    exact: bool = True

    @property
    def dim(self) -> int:
        return int(self.low.shape[1])

    @cached_property
    def mode_weights(self) -> Tensor:
        """(G,) the true share of each mode."""
        return torch.zeros(int(self.groups.max()) + 1, dtype=torch.float64).index_add(
            0, self.groups, self.weights
        )

    @cached_property
    def mean(self) -> Tensor:
        """(D,)"""
        return self.weights @ (self.low + self.high) / 2

    @cached_property
    def covariance(self) -> Tensor:
        """(D, D), within and between boxes."""
        centred = (self.low + self.high) / 2 - self.mean
        within = self.weights @ (self.high - self.low).square() / 12 + self.blur**2
        return torch.diag(within) + torch.einsum("k,kd,ke->de", self.weights, centred, centred)

    def sample(self, n: int, rng: Generator) -> Tensor:
        """(n, D) draws in float32."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        u = torch.rand(n, self.dim, generator=rng, dtype=torch.float64)
        x = self.low[k] + u * (self.high - self.low)[k]
        if self.blur > 0:
            x = x + self.blur * torch.randn(x.shape, generator=rng, dtype=torch.float64)
        return x.float()

    def noised(self, alpha: Tensor | float, sigma: Tensor | float) -> UniformBoxes:
        """The distribution of α x + σ ε, ε ~ N(0, I), for α > 0."""
        return replace(
            self,
            low=alpha * self.low,
            high=alpha * self.high,
            blur=math.hypot(float(alpha) * self.blur, float(sigma)),
        )

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, (B,), for x of shape (B, D); −∞ outside unblurred boxes."""
        return torch.logsumexp(self._log_joint(x)[0], dim=1).to(x.dtype)

    def score(self, x: Tensor) -> Tensor:
        """∇ log p(x), (B, D); zero where an unblurred density is flat."""
        log_joint, slopes = self._log_joint(x)
        share = shares(log_joint).nan_to_num()
        return (share[:, :, None] * slopes).sum(dim=1).to(x.dtype)

    def responsibilities(self, x: Tensor) -> Tensor:
        """(B, G) the posterior share of each mode at x."""
        return self._by_mode(shares(self._log_joint(x)[0]).nan_to_num().to(x.dtype))

    def look(self, x: Tensor) -> Look:
        """Log-density, score and responsibilities at x at the cost of one of them."""
        log_joint, slopes = self._log_joint(x)
        share = shares(log_joint).nan_to_num()
        return Look(
            torch.logsumexp(log_joint, dim=1).to(x.dtype),
            (share[:, :, None] * slopes).sum(dim=1).to(x.dtype),
            self._by_mode(share.to(x.dtype)),
        )

    def _by_mode(self, share: Tensor) -> Tensor:
        """(B, G) the boxes' shares (B, K) added up by mode."""
        modes = torch.zeros(len(share), len(self.mode_weights), dtype=share.dtype)
        return modes.index_add(1, self.groups, share)

    def mode_of(self, x: Tensor) -> Tensor:
        """(B,) the mode with the largest responsibility; without blur, that of the nearest box."""
        if self.blur > 0:
            return self.responsibilities(x).argmax(dim=1)
        at = x.double()[:, None]
        beside = (at - at.clamp(self.low, self.high)).square().sum(dim=2)
        return self.groups[beside.argmin(dim=1)]

    def mode_scores(self, x: Tensor) -> Tensor:
        """(B, G, D) the score of each mode on its own, as if the others were not there."""
        log_joint, slopes = self._log_joint(x)
        scores = []
        for group in range(len(self.mode_weights)):
            outside = self.groups != group
            share = torch.softmax(log_joint.masked_fill(outside, -math.inf), dim=1).nan_to_num()
            scores.append((share[:, :, None] * slopes).sum(dim=1))
        return torch.stack(scores, dim=1).to(x.dtype)

    def _log_joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K) log w_k p_k(x), and (B, K, D) the slopes ∂ log p_k / ∂x_d, in float64.

        Boxes in a row share their sides, which are done once: log_ndtr is what takes the time.
        """
        log_joint: Tensor = self.weights.log() - (self.high - self.low).log().sum(dim=1)
        slopes = []
        for d in range(self.dim):
            faces = torch.stack([self.low[:, d], self.high[:, d]], dim=1)
            sides, which = faces.unique(dim=0, return_inverse=True)
            log_mass, slope = _side(x[:, d].double(), sides[:, 0], sides[:, 1], self.blur)
            log_joint = log_joint + log_mass[:, which]
            slopes.append(slope[:, which])
        return log_joint, torch.stack(slopes, dim=2)


def _side(x: Tensor, low: Tensor, high: Tensor, blur: float) -> tuple[Tensor, Tensor]:
    """log P(low < x + `blur` ε < high) and its slope in x, each (B, S), for x (B,), low, high (S,).

    It is Φ(u) − Φ(v) with u, v the distances from the two faces in blurs, taken in whichever tail
    is small, so that far points keep their digits. A side that is narrow in blurs leaves a small
    difference of large numbers, so all of it is done in float64: float32 would lose the score.
    """
    from_low, from_high = x[:, None] - low, x[:, None] - high
    if blur == 0:
        inside = (from_low >= 0) & (from_high < 0)
        return torch.where(inside, 0.0, -math.inf), torch.zeros_like(from_low)
    u, v = from_low / blur, from_high / blur
    log_upper = torch.special.log_ndtr(torch.where(v > 0, -v, u))
    log_lower = torch.special.log_ndtr(torch.where(v > 0, -u, v))
    log_mass = log_upper + torch.log1p(-torch.exp(log_lower - log_upper))
    log_scale = 0.5 * math.log(2 * math.pi) + log_mass
    rise = torch.exp(-0.5 * u.square() - log_scale)
    fall = torch.exp(-0.5 * v.square() - log_scale)
    return log_mass, (rise - fall) / blur
