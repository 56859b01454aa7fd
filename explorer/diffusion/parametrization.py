"""What a network may predict (ε, x_0, score, v) and every conversion between them.

With x = α x_0 + σ ε all four are linear in one another: the score of q(x | x_0) is −ε/σ, and
v = α ε − σ x_0 (Salimans and Ho 2022). `alpha` and `sigma` are numbers or broadcast to x.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.diffusion.process import Process, expand

Scale = Tensor | float

Score = Callable[[Tensor, Tensor], Tensor]
"""(x, t) → ∇ log p_t(x), of x's shape (B, *D), for t of shape () or (B,)."""

KINDS = ("eps", "x0", "score", "v")


def to_eps(kind: str, value: Tensor, x: Tensor, alpha: Scale, sigma: Scale) -> Tensor:
    """ε from a prediction of `kind`; ValueError for an unknown kind."""
    if kind == "eps":
        return value
    if kind == "x0":
        return (x - alpha * value) / sigma
    if kind == "score":
        return -sigma * value
    if kind == "v":
        return (sigma * x + alpha * value) / (alpha**2 + sigma**2)
    raise ValueError(f"{kind!r} is no parametrization; choose one of {', '.join(KINDS)}")


def from_eps(kind: str, eps: Tensor, x: Tensor, alpha: Scale, sigma: Scale) -> Tensor:
    """The prediction of `kind` that says the same as ε; ValueError for an unknown kind."""
    if kind == "eps":
        return eps
    if kind == "x0":
        return (x - sigma * eps) / alpha
    if kind == "score":
        return -eps / sigma
    if kind == "v":
        return alpha * eps - sigma * (x - sigma * eps) / alpha
    raise ValueError(f"{kind!r} is no parametrization; choose one of {', '.join(KINDS)}")


def convert(
    value: Tensor, source: str, target: str, x: Tensor, alpha: Scale, sigma: Scale
) -> Tensor:
    """A prediction of kind `source` at x as one of kind `target`, of the same shape."""
    if source == target:
        return value
    if source == "x0" and target == "v":  # without dividing by a small α and back
        return (alpha * x - (alpha**2 + sigma**2) * value) / sigma
    if source == "v" and target == "x0":
        return (alpha * x - sigma * value) / (alpha**2 + sigma**2)
    return from_eps(target, to_eps(source, value, x, alpha, sigma), x, alpha, sigma)


def scales(process: Process, x: Tensor, t: Tensor) -> tuple[Scale, Scale]:
    """α and σ at t to multiply x (B, *D) with: numbers for t of shape (), tensors for (B,)."""
    if t.ndim == 0:
        return process.level(t)
    t = t.cpu()  # where processes keep their tables
    return expand(process.alpha(t), x), expand(process.sigma(t), x)


def x0_from_score(process: Process, score: Tensor, x: Tensor, t: Tensor) -> Tensor:
    """Tweedie's estimate of the data, E[x_0 | x_t] = (x + σ² score)/α (Efron 2011)."""
    if t.ndim == 0:
        level = process.level(t)
        return torch.add(x, score, alpha=level.variance) / level.alpha
    alpha, sigma = scales(process, x, t)
    return (x + sigma**2 * score) / alpha


def score_of(kind: str, predict: Score, process: Process) -> Score:
    """The score that a predictor of `kind` stands for: one signature for every sampler."""

    def score(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = scales(process, x, t)
        return convert(predict(x, t), kind, "score", x, alpha, sigma)

    return score
