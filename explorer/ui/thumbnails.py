"""The home page's pictures: small SVG drawings computed from the same mathematics as the pages.

They need NumPy alone, so that the home page opens before anything heavy is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

import numpy as np

from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, PURPLE, VERMILLION

WIDTH, HEIGHT = 320, 168
_STEPS = 90


def svg(name: str) -> str:
    """The drawing called `name`, as an SVG document without a background."""
    return _drawn(name)


@cache
def _drawn(name: str) -> str:
    if name not in DRAWINGS:
        raise ValueError(f"{name!r} is unknown; choose one of {', '.join(DRAWINGS)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none">'
        f"{DRAWINGS[name]()}</svg>"
    )


def _line(x: np.ndarray, y: np.ndarray, stroke: str, opacity: float, width: float) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<polyline points="{points}" stroke="{stroke}" stroke-opacity="{opacity:g}" '
        f'stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _dots(points: Iterable[tuple[float, float]], fill: str, radius: float, opacity: float) -> str:
    return "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" '
        f'fill-opacity="{opacity:g}"/>'
        for x, y in points
    )


def _height(x: np.ndarray, reach: float) -> np.ndarray:
    return HEIGHT / 2 * (1 - x / reach)


def paths() -> str:
    """Forty particles of two modes at ±5, diffused by g(t) = 10^t."""
    rng = np.random.default_rng(4)
    t = np.linspace(0, 1, _STEPS)
    mode = np.repeat([-1, 1], 20)
    x0 = 5 * mode + 0.8 * rng.standard_normal(40)
    kicks = 10 ** t[:-1, None] * rng.standard_normal((_STEPS - 1, 40)) * np.sqrt(t[1])
    x = np.vstack([x0, x0 + kicks.cumsum(axis=0)])
    across = 8 + t * (WIDTH - 16)
    return "".join(
        _line(across, _height(x[:, i], 15), BLUE if mode[i] < 0 else VERMILLION, 0.5, 1.1)
        for i in range(40)
    )


def schedules() -> str:
    """What is left of the signal, α(t), under linear betas, the cosine and the straight path."""
    t = np.linspace(0, 1, _STEPS)
    betas = np.linspace(1e-4, 0.02, 500)
    linear = np.interp(t, np.arange(501) / 500, np.sqrt(np.r_[1, np.cumprod(1 - betas)]))
    curves = ((linear, BLUE), (np.cos(np.pi * t / 2), VERMILLION), (1 - t, GREEN))
    across, low, tall = 14 + t * (WIDTH - 28), HEIGHT - 16, HEIGHT - 32
    frame = _line(np.array([14, 14, WIDTH - 14]), np.array([12, low, low]), AXIS, 1, 1)
    return frame + "".join(
        _line(across, low - tall * alpha, stroke, 1, 2.6)
        + _line(across, low - tall * np.sqrt(np.maximum(0, 1 - alpha**2)), stroke, 0.3, 1.4)
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
    tips = _dots(((a, b) for a, b in tail + arrow), AXIS, 1.7, 1)
    return glow + shafts + tips


def race() -> str:
    """From the same start points back to two modes: with noise, and along the smooth flow."""
    rng = np.random.default_rng(11)
    sigma = np.linspace(4, 0.02, _STEPS)
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

    across = 10 + np.linspace(0, 1, _STEPS) * (WIDTH - 20)
    runs = ((back(True), ORANGE, 1.2), (back(True), PURPLE, 1.2), (back(False), BLUE, 2.4))
    lines = "".join(
        _line(across, _height(run[:, i], 6.8), stroke, 0.9, width)
        for run, stroke, width in runs
        for i in range(4)
    )
    ends = "".join(
        _dots(((across[-1], y) for y in _height(run[-1], 6.8)), stroke, 3.2, 1)
        for run, stroke, _ in runs
    )
    return lines + _dots(((across[0], y) for y in _height(start, 6.8)), AXIS, 3.6, 1) + ends


def training() -> str:
    """A loss that falls, and what the network draws early and late."""
    rng = np.random.default_rng(5)
    t = np.linspace(0, 1, _STEPS)
    loss = 0.16 + 0.8 * np.exp(-5 * t) + 0.05 * rng.standard_normal(_STEPS) * (1 - 0.6 * t)
    across = 14 + t * (WIDTH - 28)
    curve = _line(across, 8 + (HEIGHT - 24) * (1 - loss), BLUE, 0.9, 2.2)
    angle = np.pi * rng.random(90)
    ring = np.stack([np.cos(angle), -np.sin(angle)], axis=1) * 26
    ring[45:] = [26, 13] - ring[45:]
    places = ((110.0, 14.0), (195.0, 6.0), (268.0, 2.0))
    clouds = "".join(
        _dots((ring + spread * rng.standard_normal(ring.shape) + [x, 52]).tolist(), fill, 1.5, 0.75)
        for (x, spread), fill in zip(places, (AXIS, ORANGE, VERMILLION), strict=True)
    )
    return curve + clouds


def learned() -> str:
    """The density of two modes, and the one that a score with some error stands for."""
    x = np.linspace(-3, 3, _STEPS)
    exact = np.exp(-2.2 * (x + 1.2) ** 2) * 0.6 + np.exp(-2.2 * (x - 1.1) ** 2)
    bent = np.exp(-2.0 * (x + 1.1) ** 2) * 0.7 + np.exp(-2.6 * (x - 1.15) ** 2) * 0.93
    across, low, tall = 14 + (x + 3) / 6 * (WIDTH - 28), HEIGHT - 18, HEIGHT - 44
    frame = _line(np.array([14, WIDTH - 14]), np.array([low, low]), AXIS, 1, 1)
    gap = "".join(
        _line(np.array([a, a]), low - tall * np.array([u, v]), ORANGE, 0.5, 1.6)
        for a, u, v in zip(across[::2], exact[::2], bent[::2], strict=True)
    )
    exact_line = _line(across, low - tall * exact, BLUE, 1, 2.8)
    return frame + gap + exact_line + _line(across, low - tall * bent, VERMILLION, 1, 2.2)


def quality() -> str:
    """Distance against evaluations for solvers of higher and lower order, down to their floor."""
    n = np.linspace(0, 1, 12)
    across, low = 18 + n * (WIDTH - 36), HEIGHT - 24
    floor = _line(np.array([18, WIDTH - 18]), np.array([low, low]), AXIS, 1, 1.2)
    lines = ""
    for rate, stroke in ((2.2, ORANGE), (4.0, GREEN), (8.0, BLUE)):
        y = low - 120 * np.exp(-rate * n)
        lines += _line(across, y, stroke, 0.9, 2.2)
        lines += _dots(zip(across.tolist(), y.tolist(), strict=True), stroke, 2.8, 1)
    return floor + lines


DRAWINGS: dict[str, Callable[[], str]] = {
    "paths": paths,
    "schedules": schedules,
    "field": field,
    "race": race,
    "training": training,
    "learned": learned,
    "quality": quality,
}
