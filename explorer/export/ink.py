"""Hairlines added straight into a picture's pixels: Agg strokes thousands ten times as slowly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating[Any]]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in whole pixels; right and bottom are outside."""


class Ink:
    """Lays faint lines over the pixels (H, W, 4) of a picture, in place."""

    def __init__(self, pixels: Bytes) -> None:
        self.height, self.width = pixels.shape[:2]
        self.flat = pixels.reshape(-1, 4)
        if not np.shares_memory(self.flat, pixels):
            raise ValueError("Ink: the pixels must lie in one piece, or no line would reach them")
        # per pixel the three colours times their weights, and the weights
        self._sums = np.zeros((4, len(self.flat)), np.float32)

    def lines(
        self, starts: Floats, ends: Floats, colours: Floats, alphas: Floats, box: Box, width: int
    ) -> None:
        """Lines from `starts` to `ends` (N, 2), in pixels from the upper left corner.

        Each has its own colour (N, 3) in 0..255 and alpha (N,) below 1. It is a row of squares of
        `width` pixels, a pixel apart; where lines cross their inks add up and their colours mix.
        What lies outside `box` is left out.
        """
        left, top, right, bottom = box
        with np.errstate(invalid="ignore"):
            near = [
                ((points > (left - 99, top - 99)) & (points < (right + 99, bottom + 99))).all(
                    axis=1
                )
                for points in (starts, ends)
            ]
        keep = near[0] & near[1]
        starts, ends, colours, alphas = (
            np.asarray(part, np.float32)[keep] for part in (starts, ends, colours, alphas)
        )
        way = ends - starts
        reach = np.abs(way).max(axis=1, initial=0)
        keep = reach > 1e-3  # whoever stands still leaves no trace
        dots = np.ceil(reach[keep]).astype(np.int64)
        if not len(dots):
            return
        which = np.repeat(np.flatnonzero(keep), dots)
        within = np.arange(len(which)) - np.repeat(np.cumsum(dots) - dots, dots)
        share = ((within + 0.5) / np.repeat(dots, dots)).astype(np.float32)
        at = starts[which] + way[which] * share[:, None] - (width - 1) / 2
        column, row = np.floor(at).astype(np.int64).T
        # a piece shorter than a pixel leaves less ink
        weight = -np.log1p(-alphas[which]) * np.minimum(reach[which], 1)
        for j in range(width):
            for i in range(width):
                self._add(column + i, row + j, weight, colours[which], box)
        self._lay(box)

    def _add(self, column: Any, row: Any, weight: Floats, colour: Floats, box: Box) -> None:
        left, top, right, bottom = box
        seen = (column >= left) & (column < right) & (row >= top) & (row < bottom)
        at, weight, colour = (row * self.width + column)[seen], weight[seen], colour[seen]
        # all in float32: np.add.at is ten times as slow where it has to convert
        for channel in range(3):
            np.add.at(self._sums[channel], at, weight * colour[:, channel])
        np.add.at(self._sums[3], at, weight)

    def _lay(self, box: Box) -> None:
        """Blend all that was added into the pixels, and forget it."""
        rows = slice(box[1] * self.width, box[3] * self.width)
        touched = np.flatnonzero(self._sums[3, rows]) + rows.start
        weight = self._sums[3, touched]
        cover = -np.expm1(-weight)
        for channel in range(3):
            under = self.flat[touched, channel]
            ink = self._sums[channel, touched] / weight
            self.flat[touched, channel] = under + (ink - under) * cover + 0.5
        self._sums[:, touched] = 0
