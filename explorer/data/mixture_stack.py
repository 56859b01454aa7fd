"""Many mixtures looked at in one go, such as one noised to every level of a process.

A field that plays asks some forty mixtures of a few components for a thousand points each. One by
one the calls cost ten times the arithmetic; as one batched product they do not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress, groupby
from typing import TypeAlias, cast

import torch
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.quadratic_forms import LARGEST_TERM, Look

FEW = 12
"""Up to so many components: of more, the arithmetic is what costs."""


@dataclass(frozen=True, eq=False)
class MixtureStack:
    """F mixtures of K components in D dimensions that differ in means and variances only.

    centre: (F, D, 1).  constant: (F, K, 1) and forms: (F, K, P), the log of w_k N(x; μ_k, C_k) as
    a polynomial in x − centre.  pulls: (F, D + D², K), C⁻¹ μ and C⁻¹ of each component.
    membership: (G, K).

    Points come last, (F, …, B): over a last dimension of two components nothing is vectorised.
    """

    centre: Tensor
    constant: Tensor
    forms: Tensor
    pulls: Tensor
    membership: Tensor

    @classmethod
    def of(cls, mixtures: Sequence[GaussianMixture]) -> MixtureStack:
        first = mixtures[0]
        means = torch.stack([mixture.means for mixture in mixtures])  # (F, K, D)
        variances = torch.stack([mixture.variances for mixture in mixtures])
        if first.axes is None:
            precision = torch.diag_embed(1 / variances)
        else:
            precision = torch.einsum("kde,fke,kge->fkdg", first.axes, 1 / variances, first.axes)
        centre = means.mean(dim=1, keepdim=True)
        away = means - centre
        linear = torch.einsum("fkde,fke->fkd", precision, away)
        row, column = torch.triu_indices(first.dim, first.dim)
        squares = precision[..., row, column] * torch.where(row == column, -0.5, -1.0)
        log_norm = -0.5 * (variances * (2 * math.pi)).log().sum(dim=2)
        constant = log_norm - 0.5 * (linear * away).sum(dim=2) + first.weights.log()
        towards = torch.einsum("fkde,fke->fkd", precision, means)
        return cls(
            centre.transpose(1, 2).float(),
            constant[..., None].float(),
            torch.cat([linear, squares], dim=2).float(),
            torch.cat([towards, precision.flatten(2)], dim=2).transpose(1, 2).float(),
            first.membership.T.float(),
        )

    def log_prob(self, x: Tensor) -> Tensor:
        """log p (F, B) at x (F, D, B)."""
        return self._log_joint(x).logsumexp(dim=1)

    def score(self, x: Tensor) -> Tensor:
        """∇ log p (F, D, B) at x (F, D, B)."""
        return self._pull(x, self._log_joint(x).softmax(dim=1))

    def look(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log p (F, B), ∇ log p (F, D, B) and the modes' shares (F, G, B) at x (F, D, B)."""
        log_joint = self._log_joint(x)
        share = log_joint.softmax(dim=1)
        return log_joint.logsumexp(dim=1), self._pull(x, share), self.membership @ share

    def parts(self, x: Tensor) -> Tensor:
        """(F, G, D, B) each mode's score times its share: they sum to ∇ log p."""
        share = self._log_joint(x).softmax(dim=1)
        inside = self.membership[..., None]
        return torch.stack([self._pull(x, share * mode) for mode in inside], dim=1)

    def _log_joint(self, x: Tensor) -> Tensor:
        """(F, K, B) log w_k N(x; μ_k, C_k)."""
        y = x - self.centre
        row, column = torch.triu_indices(x.shape[1], x.shape[1])
        features = torch.cat([y, y[:, row] * y[:, column]], dim=1)
        return torch.baddbmm(self.constant, self.forms, features)

    def _pull(self, x: Tensor, share: Tensor) -> Tensor:
        """(F, D, B) Σ_k share_k C_k⁻¹ (μ_k − x)."""
        sums, dim = self.pulls @ share, x.shape[1]
        return sums[:, :dim] - (sums[:, dim:].unflatten(1, (dim, dim)) * x[:, None]).sum(dim=2)


Mixtures: TypeAlias = Sequence[ExactDistribution]


def looks(distributions: Mixtures, x: Tensor) -> Look:
    """`look` of each distribution (F) at its own x (F, B, D), stacked."""

    def together(stack: MixtureStack, x: Tensor) -> Tensor:
        log_prob, score, shares = stack.look(x)
        return torch.cat([log_prob[:, None], score, shares], dim=1).transpose(1, 2)

    def alone(p: ExactDistribution, x: Tensor) -> Tensor:
        log_prob, score, shares = p.look(x)
        return torch.cat([log_prob[:, None], score, shares.to(score.dtype)], dim=1)

    found, dim = _each(distributions, x, together, alone), x.shape[2]
    return Look(found[..., 0], found[..., 1 : 1 + dim], found[..., 1 + dim :])


def log_probs(distributions: Mixtures, x: Tensor) -> Tensor:
    """(F, B) log p of each distribution (F) at its own x (F, B, D), in nats."""
    return _each(distributions, x, lambda stack, x: stack.log_prob(x), lambda p, x: p.log_prob(x))


def scores(distributions: Mixtures, x: Tensor) -> Tensor:
    """(F, B, D) the score of each distribution (F) at its own x (F, B, D)."""
    return _each(
        distributions,
        x,
        lambda stack, x: stack.score(x).transpose(1, 2),
        lambda p, x: p.score(x),
    )


def parts(distributions: Mixtures, x: Tensor) -> Tensor:
    """(F, B, G, D) each mode's score times its share, of each distribution (F) at its own x."""
    return _each(
        distributions,
        x,
        lambda stack, x: stack.parts(x).permute(0, 3, 1, 2),
        lambda p, x: p.responsibilities(x)[..., None] * p.mode_scores(x),
    )


def _each(
    distributions: Mixtures,
    x: Tensor,
    together: Callable[[MixtureStack, Tensor], Tensor],
    alone: Callable[[ExactDistribution, Tensor], Tensor],
) -> Tensor:
    """One row for each distribution: of neighbours of one kind together, of the others alone."""
    kinds = _kinds(distributions, x.detach().abs().amax(dim=(1, 2)), x.dtype)
    rows = []
    for key, run in groupby(range(len(distributions)), key=kinds.__getitem__):
        frames = list(run)
        if key:
            stack = MixtureStack.of([cast(GaussianMixture, distributions[f]) for f in frames])
            rows.append(together(stack, x[frames].transpose(1, 2)))
        else:
            rows += [alone(distributions[f], x[f])[None] for f in frames]
    return torch.cat(rows)


def _kinds(distributions: Mixtures, reach: Tensor, dtype: torch.dtype) -> list[tuple[int, ...]]:
    """Of each (F) its kind if a stack can hold it, asked at coordinates up to `reach` (F,), or ().

    All at once: a page asks a hundred levels, most of them for the first and only time.
    """
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for f, p in enumerate(distributions):
        if isinstance(p, GaussianMixture) and len(p.weights) <= FEW:
            alike[id(p.weights), id(p.axes)].append(f)
    kinds: list[tuple[int, ...]] = [()] * len(distributions)
    for kind, frames in alike.items():
        mixtures = [cast(GaussianMixture, distributions[f]) for f in frames]
        means = torch.stack([mixture.means for mixture in mixtures])
        variances = torch.stack([mixture.variances for mixture in mixtures])
        near = keep_digits(means, variances, reach[frames], dtype)
        for f in compress(frames, near):
            kinds[f] = kind
    return kinds


def keep_digits(means: Tensor, variances: Tensor, reach: Tensor, dtype: torch.dtype) -> list[bool]:
    """Of F mixtures, whether densities at coordinates up to `reach` (F,) may be had so in dtype.

    means and variances: (F, K, D), as of `QuadraticForms.each_of`, which this does without.
    """
    centre = means.mean(dim=1, keepdim=True)
    far = torch.maximum(
        reach + centre.abs().amax(dim=(1, 2)), (means - centre).abs().amax(dim=(1, 2))
    )
    near: list[bool] = (far**2 < LARGEST_TERM[dtype] * variances.amin(dim=(1, 2))).tolist()
    return near
