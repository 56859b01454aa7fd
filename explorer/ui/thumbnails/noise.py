"""Drawings of the pages on noise in and noise out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, PURPLE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, STEPS, WIDTH, dots, height, line


def paths() -> str:
    """Forty particles of two modes at ±5, diffused by g(t) = 10^t."""
    rng = np.random.default_rng(4)
    t = np.linspace(0, 1, STEPS)
    mode = np.repeat([-1, 1], 20)
    x0 = 5 * mode + 0.8 * rng.standard_normal(40)
    kicks = 10 ** t[:-1, None] * rng.standard_normal((STEPS - 1, 40)) * np.sqrt(t[1])
    x = np.vstack([x0, x0 + kicks.cumsum(axis=0)])
    across = 8 + t * (WIDTH - 16)
    return "".join(
        line(across, height(x[:, i], 15), BLUE if mode[i] < 0 else VERMILLION, 0.5, 1.1)
        for i in range(40)
    )


def schedules() -> str:
    """What is left of the signal, α(t), under linear betas, the cosine and the straight path."""
    t = np.linspace(0, 1, STEPS)
    betas = np.linspace(1e-4, 0.02, 500)
    linear = np.interp(t, np.arange(501) / 500, np.sqrt(np.r_[1, np.cumprod(1 - betas)]))
    curves = ((linear, BLUE), (np.cos(np.pi * t / 2), VERMILLION), (1 - t, GREEN))
    across, low, tall = 14 + t * (WIDTH - 28), HEIGHT - 16, HEIGHT - 32
    frame = line(np.array([14, 14, WIDTH - 14]), np.array([12, low, low]), AXIS, 1, 1)
    return frame + "".join(
        line(across, low - tall * alpha, stroke, 1, 2.6)
        + line(across, low - tall * np.sqrt(np.maximum(0, 1 - alpha**2)), stroke, 0.3, 1.4)
        for alpha, stroke in curves
    )


def field() -> str:
    """The score of two Gaussians, as arrows that point uphill."""
    means, std = np.array([[-1.5, 0.35], [1.5, -0.35]]), 0.75
    scale, middle = 58.0, np.array([WIDTH / 2, HEIGHT / 2])
    glow = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{scale * std * k:.1f}" fill="{fill}" '
        'fill-opacity="0.10"/>'
        for (x, y), fill in zip(middle + means * [scale, -scale], (BLUE, VERMILLION), strict=True)
        for k in (0.5, 1.0, 1.5)
    )
    x, y = np.meshgrid(np.linspace(-2.45, 2.45, 15), np.linspace(-1.2, 1.2, 8))
    at = np.stack([x.ravel(), y.ravel()], axis=1)
    pull = (means - at[:, None]) / std**2  # (120, 2, 2)
    weight = np.exp(-0.5 * std**2 * (pull**2).sum(axis=2))
    weight /= weight.sum(axis=1, keepdims=True)
    score = (weight[..., None] * pull).sum(axis=1)
    length = np.linalg.norm(score, axis=1, keepdims=True)
    arrow = score / length * np.minimum(15, 4 + 4 * length) * [1, -1]
    tail = middle + at * [scale, -scale]
    shafts = "".join(
        f'<path d="M{a:.1f},{b:.1f}l{dx:.1f},{dy:.1f}" stroke="{BLUE if w > 0.5 else VERMILLION}" '
        'stroke-opacity="0.85" stroke-width="1.5" stroke-linecap="round"/>'
        for (a, b), (dx, dy), w in zip(tail, arrow, weight[:, 0], strict=True)
    )
    tips = dots(((a, b) for a, b in tail + arrow), AXIS, 1.7, 1)
    return glow + shafts + tips


def race() -> str:
    """From the same start points back to two modes: with noise, and along the smooth flow."""
    rng = np.random.default_rng(11)
    sigma = np.linspace(4, 0.02, STEPS)
    start = np.array([-5.2, -1.9, 1.4, 4.6])

    def back(noisy: bool) -> np.ndarray:
        x = [start]
        for now, then in pairwise(sigma):
            spread = 0.16 + now**2
            score = (2.4 * np.tanh(2.4 * x[-1] / spread) - x[-1]) / spread
            step = (now**2 - then**2) * score
            kick = np.sqrt(now**2 - then**2) * rng.standard_normal(4)
            x.append(x[-1] + (step + kick if noisy else step / 2))
        return np.array(x)

    across = 10 + np.linspace(0, 1, STEPS) * (WIDTH - 20)
    runs = ((back(True), ORANGE, 1.2), (back(True), PURPLE, 1.2), (back(False), BLUE, 2.4))
    lines = "".join(
        line(across, height(run[:, i], 6.8), stroke, 0.9, width)
        for run, stroke, width in runs
        for i in range(4)
    )
    ends = "".join(
        dots(((across[-1], y) for y in height(run[-1], 6.8)), stroke, 3.2, 1)
        for run, stroke, _ in runs
    )
    return lines + dots(((across[0], y) for y in height(start, 6.8)), AXIS, 3.6, 1) + ends
