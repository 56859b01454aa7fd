"""Densities on square meshes: a component without correlation is a product of two functions.

Its values on S × S points are an outer product of 2 S, and a mixture of K a product of matrices: of
S² K exponentials, which are what a density costs, 2 S K remain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

import torch
from torch import Tensor

from explorer.data import mixture_stack
from explorer.data.distributions import ExactDistribution
from explorer.data.gaussian_mixture import GaussianMixture

FAINTEST = 1e-250
"""Where a mixture is less than this share of its highest possible peak everywhere, digits go."""


def log_probs(distributions: Sequence[ExactDistribution], x: Tensor) -> Tensor:
    """(F, S, S) log p of each 2D distribution (F) over its own coordinates x (F, S), in nats.

    Both axes have the same coordinates; the second runs over rows.
    """
    frames, side = x.shape
    found = torch.empty(frames, side, side)
    left = []
    stacks: dict[int, list[tuple[int, GaussianMixture]]] = {}  # by the weights that they share
    for f, p in enumerate(distributions):
        if _separable(p):
            stacks.setdefault(id(p.weights), []).append((f, p))
        else:
            left.append(f)
    for stack in stacks.values():
        of = [f for f, _ in stack]
        logs, sure = _products([p for _, p in stack], x[of].double())
        found[of] = logs.float()
        left += [f for f, good in zip(of, sure, strict=True) if not good]
    if left:
        left.sort()
        own = x[left].float()
        points = torch.stack(torch.broadcast_tensors(own[:, None, :], own[:, :, None]), dim=-1)
        logs = mixture_stack.log_probs([distributions[f] for f in left], points.flatten(1, 2))
        found[left] = logs.unflatten(1, (side, side)).float()
    return found


def _separable(p: ExactDistribution) -> TypeGuard[GaussianMixture]:
    """Whether p is a mixture without correlations, and of so many components that it matters."""
    return (
        isinstance(p, GaussianMixture)
        and p.axes is None
        and len(p.weights) > mixture_stack.FEW
        and float(p.variances.min()) > 0
    )


def _products(mixtures: Sequence[GaussianMixture], x: Tensor) -> tuple[Tensor, list[bool]]:
    """(F, S, S) log p, and for each frame whether it kept its digits."""
    means = torch.stack([p.means for p in mixtures])[:, None]  # (F, 1, K, 2)
    variances = torch.stack([p.variances for p in mixtures])[:, None]
    away = (x[:, :, None, None] - means).square()  # (F, S, K, 2)
    across, upward = (-0.5 * away / variances).exp().unbind(dim=-1)
    peaks = mixtures[0].weights.log() - 0.5 * variances.log().sum(dim=-1) - math.log(2 * math.pi)
    highest = peaks.amax(dim=-1, keepdim=True)  # (F, 1, 1)
    together = (upward * (peaks - highest).exp()) @ across.transpose(1, 2)
    sure = together.amax(dim=(1, 2)) > FAINTEST
    return together.clamp_min(FAINTEST).log() + highest, sure.tolist()
