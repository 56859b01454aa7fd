"""Noise in pictures, and what a network takes for it, over all times on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data.images import to_unit
from explorer.figures import image_charts, image_grids
from explorer.figures.layers import Clock, Pane
from explorer.training.files import DamagedFile
from explorer.training.image_extras import errors
from explorer.training.image_films import as_pixels, visible
from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import ImageModel
from explorer.training.image_noise import noise_read, noised, practical_steps, predictions_at
from explorer.training.image_spec import PRACTICAL
from explorer.ui import image_models
from explorer.ui.cache import cached
from explorer.ui.image_scenes import STILL
from explorer.ui.scenes import Scene

TIMES = 11
"""Noise levels at which the network is asked: 60 ms each for six pictures on one core."""


@cached
def forward_scene(
    _model: ImageModel,
    network: str,
    pixels: bytes,
    labels: tuple[int, ...],
    seed: int,
    scale: float,
) -> Scene:
    """Rows x_0, x_t, ε, ε̂ and x̂_0 of pictures (B, 3, 32, 32), given as bytes, on a clock of t.

    network: names the model and its version.  Noise is drawn at ε/2 and x_t at
    x_t/(α + 2σ), so that ±2σ of noise is black or white.
    """
    x0 = to_unit(unpacked(pixels))
    noise = torch.randn(x0.shape, generator=Generator().manual_seed(seed))
    told = torch.tensor(labels) if labels else None
    ts, times = practical_steps(TIMES), np.linspace(0, 1, TIMES)
    yardstick = PRACTICAL.build()
    eps_hat, x0_hat = predictions_at(_model, x0, noise, ts, told)
    parts = [
        ("x₀", as_pixels(x0)[None], STILL),
        ("xₜ", np.stack([visible(noised(x0, noise, t), yardstick, t) for t in ts]), times),
        ("ε", as_pixels(noise / 2)[None], STILL),
        ("ε̂", np.stack([as_pixels(guess / 2) for guess in eps_hat]), times),
        ("x̂₀", np.stack([as_pixels(guess) for guess in x0_hat]), times),
    ]
    clock = Clock("t", tuple(ts.tolist()), steps=TIMES - 1)
    return Scene((image_grids.stacked(parts, scale=scale),), clock)


def unpacked(pixels: bytes) -> Tensor:
    """Bytes as pictures (B, 3, 32, 32) in uint8."""
    return torch.frombuffer(bytearray(pixels), dtype=torch.uint8).reshape(-1, 3, 32, 32)


@cached
def error_scene(
    curves: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...], scale: float
) -> Pane:
    """ε's error by t of networks, with a cursor on `forward_scene`'s clock."""
    ts, times = practical_steps(TIMES), np.linspace(0, 1, TIMES)
    lines = {name: (np.array(x), np.array(y)) for name, x, y in curves}
    return image_charts.error_pane(
        lines, times, ts.numpy(), title="Error of ε̂ on held-out pictures", scale=scale
    )


@cached
def reading_scene(pixels: bytes, seed: int, scale: float) -> Pane:
    """The noise level read off pictures without any network, on `forward_scene`'s clock."""
    x0 = to_unit(unpacked(pixels))
    noise = torch.randn(x0.shape, generator=Generator().manual_seed(seed))
    ts, times = practical_steps(TIMES), np.linspace(0, 1, TIMES)
    read = torch.stack([noise_read(noised(x0, noise, t)) for t in ts]).numpy()
    true = PRACTICAL.build().sigma(ts).numpy()
    return image_charts.reading_pane(
        ts.numpy(), true, read, times, title="σ read off a picture, no network", scale=scale
    )


def error_curves(
    found: Mapping[str, Checkpoint], dataset: str
) -> tuple[tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...], Sequence[str]]:
    """Name, t and error of all networks of a data set, and what is wrong with the others' files."""
    curves, wrong = [], []
    for checkpoint in found.values():
        if checkpoint.spec.dataset != dataset or not checkpoint.figures:
            continue  # of a network that was not made here nothing was measured
        try:
            columns = errors(checkpoint)
        except DamagedFile as problem:
            wrong.append(f"{checkpoint.name}: {problem}")
            continue
        name = image_models.title(checkpoint).partition(" · ")[2]
        curves.append((name, tuple(columns["t"]), tuple(columns["eps_error"])))
    return tuple(curves), wrong
