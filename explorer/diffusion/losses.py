"""Denoising score matching: what a network is asked for, and how much each time counts.

ε, x_0, score and v differ by factors of the time alone, so one loss serves them all: a weight
times the squared error in ε. A weighting is that weight as a function of the time.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.diffusion.parametrization import KINDS, Scale
from explorer.diffusion.process import Process
from explorer.registry import Entry


def _unknown(kind: str) -> ValueError:
    return ValueError(f"{kind!r} is no parametrization; choose one of {', '.join(KINDS)}")


def target(kind: str, x0: Tensor, eps: Tensor, alpha: Scale, sigma: Scale) -> Tensor:
    """What a predictor of `kind` should say of x = α x_0 + σ ε, of x_0's shape.

    Unlike a conversion it divides by neither a small α nor, but for the score, a small σ.
    """
    if kind == "eps":
        return eps
    if kind == "x0":
        return x0
    if kind == "score":
        return -eps / sigma
    if kind == "v":
        return alpha * eps - sigma * x0
    raise _unknown(kind)


def unit(kind: str, alpha: Scale, sigma: Scale) -> Scale:
    """The size of `kind`'s values for data of unit width: a network's output is multiplied by it.

    For the score that is 1/σ, as in Song et al. 2021. For v it is √(α² + σ²), and x̂_0 is then
    EDM's c_skip x + c_out F with σ_data = 1 (Karras et al. 2022, table 1).
    """
    if kind in ("eps", "x0"):
        return 1.0
    if kind == "score":
        return 1 / sigma
    if kind == "v":
        return (alpha**2 + sigma**2) ** 0.5
    raise _unknown(kind)


def eps_per_unit(kind: str, alpha: Scale, sigma: Scale) -> Scale:
    """How far ε is off where a prediction of `kind` is off by one `unit`."""
    if kind in ("eps", "score"):
        return 1.0
    if kind == "x0":
        return alpha / sigma
    if kind == "v":
        return alpha / (alpha**2 + sigma**2) ** 0.5
    raise _unknown(kind)


Weighting = Callable[[Process, Tensor], Tensor]
"""(process, t) → the weight of ‖ε̂ − ε‖² at t, positive and of t's shape, for 0 < t ≤ t_max."""

GAMMA = 5.0


def _snr(process: Process, t: Tensor) -> Tensor:
    return (process.alpha(t) / process.sigma(t)).square()


def uniform(process: Process, t: Tensor) -> Tensor:
    return torch.ones_like(t)


def min_snr(process: Process, t: Tensor) -> Tensor:
    return (GAMMA / _snr(process, t)).clamp_max(1)


def edm(process: Process, t: Tensor) -> Tensor:
    return 1 + 1 / _snr(process, t)


def likelihood(process: Process, t: Tensor) -> Tensor:
    return (process.diffusion(t) / process.sigma(t)).square()


WEIGHTINGS: dict[str, Entry[Weighting]] = {
    "eps": Entry(
        lambda: uniform,
        "Uniform in ε, which is σ² on the score",
        r"\|\hat\varepsilon-\varepsilon\|^2=\sigma^2\,\|s-\nabla\log q\|^2",
        "Ho et al. 2020, equation 14; Song and Ermon 2019, section 4.2",
    ),
    "min-snr": Entry(
        lambda: min_snr,
        "Capped signal-to-noise, min-SNR-5",
        r"\min(\alpha^2/\sigma^2,\gamma)\,\|\hat x_0-x_0\|^2",
        "Hang et al. 2023, section 3.4",
    ),
    "edm": Entry(
        lambda: edm,
        "EDM: uniform in the network's output",
        r"\frac{\alpha^2+\sigma^2}{\sigma^2}\,\|\hat x_0-x_0\|^2",
        "Karras et al. 2022, table 1, with σ_data = 1",
    ),
    "likelihood": Entry(
        lambda: likelihood,
        "Likelihood: g² on the score",
        r"g^2\,\|s-\nabla\log q\|^2",
        "Song et al. 2021, maximum likelihood training, theorem 1",
    ),
}


def squared_error(
    kind: str, value: Tensor, x0: Tensor, eps: Tensor, alpha: Scale, sigma: Scale
) -> Tensor:
    """(B,) mean over coordinates of (ε̂ − ε)² for a prediction `value` of `kind`, each (B, *D).

    Times a weighting, this is the loss. α and σ are numbers or broadcast to x_0.
    """
    off = (value - target(kind, x0, eps, alpha, sigma)) / unit(kind, alpha, sigma)
    return (eps_per_unit(kind, alpha, sigma) * off).square().flatten(1).mean(dim=1)
