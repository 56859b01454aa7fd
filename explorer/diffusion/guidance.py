"""Guidance: a score pushed away from a weaker one, s = s_weak + w (s_strong − s_weak).

The weaker score names the method. Of a network that is told no class it is classifier-free guidance
(Ho and Salimans 2022), of a worse network that is told the same, autoguidance (Karras et al. 2024).
Everything here holds for points (B, D) and pictures (B, C, H, W), for exact and learned scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process, expand

Schedule = Callable[[Tensor], Tensor | float]
"""t → the scale w at that time: one number, or a tensor (B,) of one for each of a batch."""


def guided(weak: Score, strong: Score, scale: float | Schedule) -> Score:
    """(x, t) → s_weak + w (s_strong − s_weak), of x's shape: w = 0 is the weak score, 1 the strong.

    Where w is 0 or 1 for all of a batch only that one score is evaluated, so that a schedule of
    `interval` costs less than a fixed scale.  Source: Ho and Salimans 2022, equation 6, with
    w = 1 + theirs; Karras et al. 2024, equation 3.
    """

    def both(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        return weak(x, t), strong(x, t)

    return _combined(both, weak, strong, scale)


def guided_at_once(stacked: Score, weak: Score, strong: Score, scale: float | Schedule) -> Score:
    """`guided`, with both scores from one evaluation of twice the batch.

    stacked: a score of (2B, *D) that reads the first half as `weak` and the second as `strong`
    does: of a network that takes labels, one given no labels followed by the labels.
    """

    def both(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        twice = t if t.ndim == 0 else torch.cat([t, t])
        of_weak, of_strong = stacked(torch.cat([x, x]), twice).chunk(2)
        return of_weak, of_strong

    return _combined(both, weak, strong, scale)


def interval(process: Process, scale: float, low: float, high: float) -> Schedule:
    """w = `scale` where the noise-to-signal ratio σ/α lies in (`low`, `high`], and 1 elsewhere.

    Too much noise holds only the class's mean, and guidance there costs variety; with little noise
    it changes nothing that can be seen.  Source: Kynkäänniemi et al. 2024, equation 3.
    Raises ValueError for an interval that is none.
    """
    if not 0 <= low < high:
        raise ValueError(f"({low}, {high}] is no interval of σ/α; give 0 ≤ low < high")

    def schedule(t: Tensor) -> Tensor | float:
        if t.ndim == 0:
            level = process.level(t)
            ratio = level.sigma / level.alpha if level.alpha > 0 else math.inf
            return scale if low < ratio <= high else 1.0
        at = t.cpu()  # where processes keep their tables
        ratios = process.sigma(at) / process.alpha(at)
        return torch.where((low < ratios) & (ratios <= high), scale, 1.0).to(t.device)

    return schedule


def tilted_log_density(unconditional: Tensor, conditional: Tensor, scale: float) -> Tensor:
    """log p(x) p(c | x)^w up to a constant, from log p(x) and log p(x | c) at the same points.

    Its gradient is the guided score at one noise level. The densities that belong to the guided
    scores of two noise levels are not each other's diffusion, though: at t = 0 it is not what a
    guided sampler draws from.
    """
    return torch.lerp(unconditional, conditional, scale)


def _combined(
    both: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    weak: Score,
    strong: Score,
    scale: float | Schedule,
) -> Score:
    def score(x: Tensor, t: Tensor) -> Tensor:
        w = scale(t) if callable(scale) else scale
        if isinstance(w, Tensor):
            return torch.lerp(*both(x, t), expand(w, x).to(x))
        if w in (0, 1):
            return (strong if w else weak)(x, t)
        return torch.lerp(*both(x, t), w)

    return score
