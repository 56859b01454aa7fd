"""The log-densities and scores of many Gaussians as products of matrices.

log N(x; μ, C) is a polynomial of second order in x, so those of all components at all points are
one product of (points × monomials) and (monomials × components), and a score is another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

LOG2_E = 1 / math.log(2)
LEAST = -80.0
"""The logarithm of the least share that is told from none."""
LARGEST_TERM = {torch.float32: 4e3, torch.float64: 1e6}
"""How large the terms of a log-density may be so that 3e-4 (float32) or 1e-10 nats are lost."""


class Look(NamedTuple):
    """What is known at points x (B, D): log p (B,), ∇ log p (B, D), the modes' shares (B, G)."""

    log_prob: Tensor
    score: Tensor
    responsibilities: Tensor


class Swift(NamedTuple):
    """Of a mixture at x (B, D): its score (B, D), and of the components' densities times weights
    all that is needed: `powers` (K, B) over the highest of each x, their total (B,), and the
    logarithm (B,) of the highest."""

    score: Tensor
    powers: Tensor
    total: Tensor
    highest: Tensor


@dataclass(frozen=True, eq=False)
class QuadraticForms:
    """K Gaussians in D dimensions, in one dtype; covariances are diagonal or whole.

    centre: (D,), the means' mean.  constant: (K,) and coefficients: (P, K), log N(x; μ_k, C_k) as
    a polynomial in x − centre.  pulls: (D + D or D², K), C⁻¹ μ over C⁻¹, whose diagonal may do.
    reach: how far a mean lies from the centre.  least: the smallest variance.
    """

    centre: Tensor
    constant: Tensor
    coefficients: Tensor
    pulls: Tensor
    diagonal: bool
    reach: float
    least: float

    @classmethod
    def of(
        cls, means: Tensor, variances: Tensor, axes: Tensor | None, dtype: torch.dtype
    ) -> QuadraticForms:
        """From means (K, D), eigenvalues (K, D) above 0, and eigenvectors (K, D, D) or None."""
        return cls.each_of(means[None], variances[None], axes, dtype)[0]

    @classmethod
    def each_of(
        cls, means: Tensor, variances: Tensor, axes: Tensor | None, dtype: torch.dtype
    ) -> list[QuadraticForms]:
        """Of F mixtures with the same axes, from means and eigenvalues (F, K, D), in one go."""
        centre = means.mean(dim=1, keepdim=True)
        away = means - centre
        if axes is None:
            precision = 1 / variances
            linear, towards = precision * away, precision * means
            squares, stiffness = -0.5 * precision, precision
        else:
            whole = torch.einsum("kde,fke,kge->fkdg", axes, 1 / variances, axes)
            linear = torch.einsum("fkde,fke->fkd", whole, away)
            towards = torch.einsum("fkde,fke->fkd", whole, means)
            first, second = torch.triu_indices(means.shape[2], means.shape[2])
            squares = whole[..., first, second] * torch.where(first == second, -0.5, -1.0)
            stiffness = whole.flatten(2)
        constant = log_peaks(variances) - 0.5 * (linear * away).sum(dim=2)
        coefficients = torch.cat([linear, squares], dim=2).mT.to(dtype).contiguous()
        pulls = torch.cat([towards, stiffness], dim=2).mT.to(dtype).contiguous()
        rows = zip(
            centre[:, 0].to(dtype),
            constant.to(dtype),
            coefficients,
            pulls,
            away.abs().amax(dim=(1, 2)).tolist(),
            variances.amin(dim=(1, 2)).tolist(),
            strict=True,
        )
        return [cls(c, peak, form, pull, axes is None, *far) for c, peak, form, pull, *far in rows]

    def keeps_digits(self, reach: float) -> bool:
        """Whether the terms stay small enough at points up to `reach` from the centre."""
        return max(reach, self.reach) ** 2 < LARGEST_TERM[self.centre.dtype] * self.least

    def log_density(self, x: Tensor, constant: Tensor) -> Tensor | None:
        """(B, K) log-densities at x (B, D), with `constant` (K,) for the own one; None where far.

        The terms cancel, which costs digits where x lies many widths from the centre.
        """
        y = x - self.centre
        if not self.keeps_digits(_reach(y.detach())):
            return None
        if self.diagonal:
            squares = y * y
        else:
            first, second = torch.triu_indices(x.shape[1], x.shape[1])
            squares = y[:, first] * y[:, second]
        terms = torch.cat([y, squares], dim=1)
        return torch.addmm(constant[:, None], self.coefficients.T, terms.T).T  # see `shares`

    def pull(self, x: Tensor, share: Tensor) -> Tensor:
        """(B, D) Σ_k share_k C_k⁻¹ (μ_k − x), for shares (B, K)."""
        # few columns: as (few, K) @ (K, B) it takes a quarter of the time
        sums, dim = (self.pulls @ share.T).T.contiguous(), x.shape[1]
        towards, stiffness = sums[:, :dim], sums[:, dim:]
        if self.diagonal:
            return torch.addcmul(towards, x, stiffness, value=-1)
        return towards - torch.einsum("bde,be->bd", stiffness.unflatten(1, (dim, dim)), x)

    def swift(self, x: Tensor, constant: Tensor) -> Swift | None:
        """The mixture's score and more at x (B, D), in as few steps as can be; None where far.

        constant: (K,), the log-densities' constants with the weights' logarithms.  The steps of
        samplers are many and small: `log_density`, `shares` and `pull` in turn take longer, and
        give the same to rounding.
        """
        (count, dim), xt = x.shape, x.T
        terms = x.new_empty(self.coefficients.shape[0], count)
        y = torch.sub(xt, self.centre[:, None], out=terms[:dim])
        if not self.keeps_digits(_reach(y)):
            return None
        if self.diagonal:
            torch.mul(y, y, out=terms[dim:])
        else:
            first, second = torch.triu_indices(dim, dim)
            torch.mul(y[first], y[second], out=terms[dim:])
        rows = torch.addmm(constant[:, None], self.coefficients.T, terms)
        highest = rows.amax(dim=0)
        powers = _exp(rows.sub_(highest))
        sums = self._pulls_and_total @ powers
        towards, stiffness, total = sums[:dim], sums[dim:-1], sums[-1]
        if self.diagonal:
            pull = torch.addcmul(towards, stiffness, xt, value=-1)
        else:
            pull = towards - torch.einsum("deb,be->db", stiffness.unflatten(0, (dim, dim)), x)
        score = torch.div(pull, total, out=x.new_empty(count, dim).T).T
        return Swift(score, powers, total, highest)

    @cached_property
    def _pulls_and_total(self) -> Tensor:
        """(D + D or D² + 1, K) the pulls, and ones for the sum of the shares."""
        return torch.cat([self.pulls, torch.ones_like(self.pulls[:1])])

    def pull_slope(self, x: Tensor, share: Tensor, v: Tensor) -> Tensor:
        """(B, D) H v, the change of the mixture's score along v (B, D), for its shares (B, K).

        H = Σ_k share_k (s_k s_kᵀ − C_k⁻¹) − s sᵀ, with s_k the components' scores and s their mean:
        the Hessian of the log-density, which is symmetric.
        """
        dim = x.shape[1]
        products = v * x if self.diagonal else (v[:, :, None] * x[:, None]).flatten(1)
        along = torch.cat([v, -products], dim=1) @ self.pulls  # (B, K) s_k · v
        tilt = share * along
        tilt = torch.addcmul(tilt, share, tilt.sum(dim=1, keepdim=True), value=-1)
        stiffness = (self.pulls[dim:] @ share.T).T
        if self.diagonal:
            return torch.addcmul(self.pull(x, tilt), v, stiffness, value=-1)
        whole = stiffness.unflatten(1, (dim, dim))
        return self.pull(x, tilt) - torch.einsum("bde,be->bd", whole, v)


def log_density_by_distances(
    x: Tensor, means: Tensor, variances: Tensor, axes: Tensor | None
) -> Tensor:
    """(B, K) log N(x; μ_k, C_k) from (x − μ_k) along each component's axes, wherever x (B, D) lies.

    One (B, K) plane for each coordinate; means, variances and axes as of `QuadraticForms.of`.
    """
    means, variances = means.to(x.dtype), variances.to(x.dtype)
    away = [x[:, d, None] - means[:, d] for d in range(x.shape[1])]
    if axes is not None:
        turn = axes.to(x.dtype)
        away = [
            sum(
                (away[d] * turn[:, d, e] for d in range(1, len(away))),
                away[0] * turn[:, 0, e],
            )
            for e in range(len(away))
        ]
    log_density = -0.5 * away[0].square() / variances[:, 0]
    for d in range(1, len(away)):
        log_density.sub_(0.5 * away[d].square() / variances[:, d])
    return log_density + log_peaks(variances)


def log_peaks(variances: Tensor) -> Tensor:
    """(*F, K) the log of each Gaussian's density at its mean, from eigenvalues (*F, K, D)."""
    return -0.5 * (variances * (2 * math.pi)).log().sum(dim=-1)


def shares(log_joint: Tensor) -> Tensor:
    """(B, K) the softmax over K of log_joint (B, K).

    Both lie in memory as K rows of B: over a short last axis torch's softmax takes far longer. A
    share is never below some 1e-35, since numbers too small to be normal slow every product down.
    """
    rows = log_joint.T
    if rows.requires_grad:
        return torch.softmax(rows, dim=0).T
    powers = _powers(rows, rows.amax(dim=0))
    return powers.div_(powers.sum(dim=0)).T


def log_sum_exp(values: Tensor) -> Tensor:
    """(B,) log Σ_k exp values_k of (B, K), in rows and with the smallest numbers as in `shares`."""
    rows = values.T
    if rows.requires_grad:
        return torch.logsumexp(rows, dim=0)
    highest = rows.amax(dim=0)
    return highest + _powers(rows, highest).sum(dim=0).log_()


def _powers(rows: Tensor, highest: Tensor) -> Tensor:
    """exp(rows − highest), and e⁻⁸⁰ where there is less."""
    return _exp(rows - highest)


def _exp(x: Tensor) -> Tensor:
    """exp(x), and e⁻⁸⁰ where there is less, written over x.

    By powers of two, which torch computes sooner than those of e on some processors.
    """
    return x.clamp_(min=LEAST).mul_(LOG2_E).exp2_()


def _reach(y: Tensor) -> float:
    """The largest |y|, NaN where there is one."""
    if not y.numel():
        return 0.0
    low, high = torch.aminmax(y)
    return max(-float(low), float(high))
