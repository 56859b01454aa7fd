"""Drawings of the pages on guidance and on gradients through a sampler."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, VERMILLION
from explorer.ui.thumbnails.pen import HEIGHT, STEPS, WIDTH, dots, line


def _paths(x: np.ndarray, scale: float, means: np.ndarray, w: float) -> np.ndarray:
    """(STEPS, N, 2) from noise to the second of two Gaussians, guided by w; its σ falls to 0."""
    sigma = np.geomspace(3, 0.05, STEPS)
    path = [x]
    for now, then in pairwise(sigma):
        spread = scale**2 + now**2
        pull = (means - path[-1][:, None]) / spread
        share = np.exp(-0.5 * spread * (pull**2).sum(axis=2))
        share /= share.sum(axis=1, keepdims=True)
        both = (share[..., None] * pull).sum(axis=1)
        score = both + w * (pull[:, 1] - both)
        path.append(path[-1] + 0.5 * (now**2 - then**2) * score)
    return np.array(path)


def guidance() -> str:
    """One class's samples, and the same pushed beyond it by guidance with w = 4."""
    rng = np.random.default_rng(2)
    means = np.array([[-0.9, 0.0], [0.9, 0.0]])
    start = 3 * rng.standard_normal((26, 2)) * [1, 0.6]
    middle, unit = np.array([WIDTH / 2 - 26, HEIGHT / 2]), np.array([38.0, -30.0])
    glow = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{30 * k:.1f}" fill="{fill}" fill-opacity="0.13"/>'
        for (x, y), fill in zip(middle + means * unit, (AXIS, BLUE), strict=True)
        for k in (0.5, 1.0, 1.5)
    )
    parts = []
    for w, stroke in ((1.0, BLUE), (4.0, VERMILLION)):
        drawn = middle + _paths(start, 0.7, means, w) * unit
        parts += [line(p[:, 0], p[:, 1], stroke, 0.35, 1.1) for p in drawn.transpose(1, 0, 2)]
        parts.append(dots(map(tuple, drawn[-1]), stroke, 2.8, 0.95))
    return glow + "".join(parts)


def steering() -> str:
    """The plane of noise as the flow to two modes folds it, and a descent to a target in it."""
    means = np.array([[-1.1, 0.25], [1.1, -0.25]])
    middle, unit = np.array([WIDTH / 2, HEIGHT / 2]), np.array([62.0, -46.0])
    sigma = np.geomspace(2, 0.25, STEPS)
    ticks, fine = np.linspace(-4, 4, 13), np.linspace(-4, 4, 60)
    lines = [np.stack([np.full(60, v), fine], axis=1) for v in ticks]
    lines += [np.stack([fine, np.full(60, v)], axis=1) for v in ticks]
    x = np.concatenate(lines)
    for now, then in pairwise(sigma):
        spread = 0.35**2 + now**2
        pull = (means - x[:, None]) / spread
        share = np.exp(-0.5 * spread * (pull**2).sum(axis=2))
        share /= share.sum(axis=1, keepdims=True)
        x = x + 0.5 * (now**2 - then**2) * (share[..., None] * pull).sum(axis=1)
    drawn = (middle + x * unit).reshape(len(lines), 60, 2)
    grid = "".join(
        line(p[:, 0], p[:, 1], BLUE if i < len(ticks) else GREEN, 0.55, 1.2)
        for i, p in enumerate(drawn)
    )
    s = np.linspace(0, 1, 7)
    way = np.stack([95 + 125 * s, 118 - 66 * s + 30 * np.sin(np.pi * s)], axis=1)
    return (
        grid
        + line(way[:, 0], way[:, 1], VERMILLION, 1, 2.4)
        + dots(map(tuple, way), VERMILLION, 3.4, 1)
        + dots([(226.0, 46.0)], ORANGE, 6.5, 1)
    )
