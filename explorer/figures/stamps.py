"""Small pictures of samples, for lists: PNG on a clear ground, which both themes can show."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.figures.palette import colour

SIDE = 132
"""Pixels, twice as many as are shown: screens have them."""
_FINE = 3  # drawn so many times larger and then made small, for smooth edges
_BINS = 44
_MODES = 8


def stamp(
    distribution: ExactDistribution, samples: Tensor, colours: Sequence[int] | None = None
) -> bytes:
    """A PNG of `samples` (B, D): points in the plane by their mode, in 1D a histogram.

    colours: one for each point, of the palette, where not the mode's.

    The window is that of the data, so samples that missed them are seen to do so.
    """
    draws = distribution.sample(2000, torch.Generator().manual_seed(0)).double()
    low, high = draws.quantile(0.002, dim=0), draws.quantile(0.998, dim=0)
    centre, half = (low + high) / 2, 0.62 * float((high - low).max().clamp_min(1e-6))
    places = ((samples.double() - centre) / half).nan_to_num(9.0).numpy()
    picture = Image.new("RGBA", (SIDE * _FINE, SIDE * _FINE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    if samples.shape[1] == 1:
        _bars(pen, places[:, 0])
    else:
        modes = (distribution.mode_of(samples) % _MODES).tolist()
        _points(pen, places, modes if colours is None else colours)
    small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    small.save(data, "PNG", optimize=True)
    return data.getvalue()


def _points(pen: ImageDraw.ImageDraw, places: np.ndarray, modes: Sequence[int]) -> None:
    side, reach = SIDE * _FINE, 1.6 * _FINE
    for (x, y), mode in zip((places * [1, -1] + 1) / 2 * side, modes, strict=True):
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour(mode))


def _bars(pen: ImageDraw.ImageDraw, places: np.ndarray) -> None:
    side = SIDE * _FINE
    counts, edges = np.histogram(places, bins=_BINS, range=(-1, 1))
    tops = counts / max(counts.max(), 1) * 0.86 * side
    foot = 0.94 * side
    for top, left, right in zip(tops, edges[:-1], edges[1:], strict=True):
        if top > 0:
            box = ((left + 1) / 2 * side, foot - top, (right + 1) / 2 * side - _FINE, foot)
            pen.rectangle(box, fill=colour(0))
    pen.line((0, foot, side, foot), fill=colour(7), width=_FINE)
