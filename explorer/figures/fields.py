"""What is known at every point and time: densities, scores and participation, as layers to play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.data import mesh, mixture_stack
from explorer.data.distributions import ExactDistribution
from explorer.figures.layers import PALETTE_SIZE, Arrows, Density, Readout, Tint
from explorer.figures.view import View

SIDE = 56
FRAMES = 41
SPAN_NATS = 7.0


def density(view: View, *, side: int = SIDE, frames: int = FRAMES, log: bool = False) -> Density:
    """p_t on the window: relative to its peak at each time, or `log`, its last 7 nats in bands."""
    ts, times = view.frames(frames)
    axis, _ = view.mesh(side)
    drawn = view.unit(ts)[:, None] * torch.from_numpy(axis)
    logs = mesh.log_probs(view.noised_at(ts), drawn).flatten(1)
    # a density with edges may lie between the points of a coarse mesh altogether
    below = (logs - logs.max(dim=1, keepdim=True).values.clamp_min(-1e30)).clamp_min(-1e30)
    values = (1 + below / SPAN_NATS).clamp(0, 1) if log else below.exp().sqrt()
    window = (-view.half_width, view.half_width)
    return Density(
        times,
        values.reshape(frames, side, side).numpy(),
        window,
        window,
        contours=tuple(np.arange(1, 7) / 7) if log else (0.15, 0.4, 0.7),
        bands=log,
    )


def _at(
    view: View, points: torch.Tensor, ts: torch.Tensor
) -> tuple[list[ExactDistribution], torch.Tensor]:
    """p_t at each of ts (F,), and (F, M, D): points (M, D) as drawn then, in units of the data."""
    return view.noised_at(ts), view.unit(ts)[:, None, None].float() * points


def shortened(vectors: np.ndarray, longest: float) -> np.ndarray:
    """Vectors (F, M, 2) as arrows: the longest of each frame's 90 % are `longest`, none is longer.

    The root of the length is drawn, so that weak scores can still be seen beside strong ones.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    reference = np.quantile(lengths, 0.9, axis=1, keepdims=True).clip(1e-12)
    drawn = longest * np.sqrt(lengths / reference).clip(0, 1.15)
    return vectors / lengths.clip(1e-12) * drawn


def score_arrows(view: View, *, side: int = 19, frames: int = FRAMES) -> Arrows:
    """∇ log p_t on a grid of side² points."""
    ts, times = view.frames(frames)
    axis, points = view.mesh(side, view.half_width * (1 - 1 / side))
    found = mixture_stack.scores(*_at(view, points, ts)).numpy()
    vectors = shortened(found, 0.95 * (axis[1] - axis[0]))
    return Arrows(times, points.numpy(), vectors)


def mode_arrows(view: View, *, side: int = 15, frames: int = FRAMES) -> tuple[Arrows, ...]:
    """Each mode's own score times its participation, in its colour: they sum to ∇ log p_t."""
    ts, times = view.frames(frames)
    axis, points = view.mesh(side, view.half_width * (1 - 1 / side))
    parts = mixture_stack.parts(*_at(view, points, ts))
    together = parts.permute(2, 0, 1, 3)  # (G, F, M, 2)
    total = np.linalg.norm(together.sum(dim=0).numpy(), axis=-1)
    reference = np.quantile(total, 0.9, axis=1)[:, None, None].clip(1e-12)
    longest = 0.95 * (axis[1] - axis[0])
    layers = []
    for mode, vectors in enumerate(together.numpy()):
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
        drawn = longest * np.sqrt(lengths / reference).clip(0, 1.15)
        drawn[lengths < 1e-3 * reference[..., :1]] = 0
        layers.append(
            Arrows(times, points.numpy(), vectors / lengths.clip(1e-12) * drawn, colour=mode % 8)
        )
    return tuple(layers)


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known on a mesh of the window at each frame: looked at once for all that shows it.

    times: (F,).  log_prob: (F, S, S).  score: (F, S, S, 2).  shares: (F, S, S, G), of the modes.
    """

    half_width: float
    times: np.ndarray
    log_prob: np.ndarray
    score: np.ndarray
    shares: np.ndarray

    @property
    def window(self) -> tuple[float, float]:
        return -self.half_width, self.half_width


def survey(view: View, *, side: int = 40, frames: int = FRAMES) -> Survey:
    """Log-density, score and participation on a mesh of side² points."""
    ts, times = view.frames(frames)
    _, points = view.mesh(side)
    look = mixture_stack.looks(*_at(view, points, ts))
    planes = (rows.unflatten(1, (side, side)).numpy() for rows in look)
    return Survey(view.half_width, times, *planes)


def participation(seen: Survey) -> Tint:
    """Which modes a point listens to at each time: the posterior weights as a mix of colours."""
    weights = np.moveaxis(seen.shares[::2], -1, 1)  # (F, G, S, S); half the frames suffice
    if weights.shape[1] > PALETTE_SIZE:  # more modes than colours: they share them, in turn
        turns = range(0, weights.shape[1], PALETTE_SIZE)
        folded = np.zeros((len(weights), PALETTE_SIZE, *weights.shape[2:]), dtype=np.float32)
        for turn in turns:
            part = weights[:, turn : turn + PALETTE_SIZE]
            folded[:, : part.shape[1]] += part
        weights = folded
    return Tint(seen.times[::2], weights.clip(0, 1), seen.window, seen.window)


def readout(seen: Survey) -> Readout:
    """The score, its length and log p_t under the pointer, with each mode's participation."""
    channels = {
        "sx": seen.score[..., 0],
        "sy": seen.score[..., 1],
        "log p": seen.log_prob.clip(-99),
    }
    if seen.shares.shape[-1] > 1:
        for mode in range(min(seen.shares.shape[-1], 4)):
            channels[f"mode {mode + 1}"] = seen.shares[..., mode]
    return Readout(
        seen.times,
        seen.window,
        seen.window,
        channels,
        vector=("sx", "sy"),
        vector_label="∇log p",
    )
