"""From what was drawn, pasted or uploaded to the text that holds it: move, scale, thin, count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.data.own_codec import (
    BOUND,
    LEVELS,
    MAX_COLUMNS,
    MAX_POINTS,
    MAX_SIDE,
    encode_grid,
    encode_points,
)

MAX_INLINE = 700
"""Characters of own data that a link carries: with them it still fits into a QR code."""
IN_LINK = {1: 400, 2: 200}
"""Points that these characters hold, by the number of coordinates."""


@dataclass(frozen=True)
class Prepared:
    """A text of `own_codec`, and what was done to get there: x → (x − mean) / scale.

    given, kept: points before and after thinning.
    """

    text: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    given: int
    kept: int

    @property
    def inline(self) -> bool:
        """Whether a link carries it whole."""
        return len(self.text) <= MAX_INLINE


def of_points(points: np.ndarray, *, standardise: bool, most: int = MAX_POINTS) -> Prepared:
    """Points (n, D); standardised to mean 0 and standard deviation 1 of each coordinate, if asked.

    Of more than `most`, so many are kept, drawn by chance and the same at every time. Raises
    ValueError for points beyond ±20, with the row and the way out.
    """
    x = np.asarray(points, dtype=np.float64)
    mean, scale = np.zeros(x.shape[1]), np.ones(x.shape[1])
    if standardise:
        mean, spread = x.mean(axis=0), x.std(axis=0)
        # what differs by rounding alone is one place
        scale = np.where(spread > 1e-9 * np.abs(x).max(axis=0), spread, 1.0)
    x = (x - mean) / scale
    beyond = np.argwhere(np.abs(x) > BOUND)
    if len(beyond):
        row, column = (int(k) for k in beyond[0])
        where = f"point {row + 1}, coordinate {column + 1}"
        if standardise:
            raise ValueError(
                f"{where} lies {abs(x[row, column]):.0f} standard deviations from the mean; "
                f"delete it, for beyond {BOUND:g} nothing is drawn"
            )
        raise ValueError(
            f"{where}: {x[row, column]:g} lies beyond ±{BOUND:g}; standardise the points"
        )
    if len(x) > most:
        chosen = np.random.default_rng(0).choice(len(x), most, replace=False)
        x = x[np.sort(chosen)]
    return Prepared(
        encode_points(x), tuple(mean.tolist()), tuple(scale.tolist()), len(points), len(x)
    )


def of_picture(ink: np.ndarray, dim: int = 2, *, inline: bool = False) -> Prepared:
    """Ink (rows, columns), the first row at the top, as a density: mean 0, one scale for all axes.

    Shrunk to at most 48 cells a side, by the mean of the pixels in each; with `inline` to so few
    that a link carries them. With `dim` 1 it is the ink of each column.
    """
    sides = (MAX_COLUMNS, 96, 64, 48) if dim == 1 else (MAX_SIDE, 40, 32, 24, 16)
    for side in sides:
        made = _of_cells(ink if dim == 2 else ink.mean(axis=0, keepdims=True), dim, side)
        if made.inline or not inline:
            break
    return made


def _of_cells(ink: np.ndarray, dim: int, side: int) -> Prepared:
    cells = _shrunk(_shrunk(ink, side, 0), side, 1)[::-1]
    pixels = max(ink.shape) / max(cells.shape)
    most = LEVELS["c" if dim == 1 else "g"]
    levels = np.rint(cells / cells.max() * most)  # what the text keeps
    rows, columns = np.indices(cells.shape)
    weights = levels / levels.sum()
    x, y = float((weights * columns).sum()), float((weights * rows).sum())
    variance = float((weights * ((columns - x) ** 2 + (rows - y) ** 2)).sum()) / dim
    if not variance > 0:
        raise ValueError("the ink lies in a single place; give a picture with a shape")
    step = 1 / variance**0.5
    text = encode_grid(cells if dim == 2 else cells[0], (-x * step, -y * step), step)
    count = int((levels > 0).sum())
    return Prepared(text, (x * pixels, y * pixels)[:dim], (pixels / step,) * dim, ink.size, count)


def of_curve(heights: np.ndarray, low: float, high: float) -> Prepared:
    """Heights (n,) of a density at n places from `low` to `high`."""
    h = np.asarray(heights, dtype=np.float64)
    if not 2 <= len(h) <= MAX_COLUMNS:
        raise ValueError(f"{len(h)} heights; give 2 to {MAX_COLUMNS}")
    text = encode_grid(h, (low, 0.0), (high - low) / (len(h) - 1))
    return Prepared(text, (0.0,), (1.0,), len(h), int((h > 0).sum()))


def of_strokes(points: np.ndarray, most: int = IN_LINK[2]) -> Prepared:
    """Points (n, 2) in the order in which a pen left them; of more than `most`, evenly many."""
    if len(points) < 2:
        raise ValueError("nothing is drawn yet; draw a line, or spray some points")
    kept = points
    if len(points) > most:
        kept = points[np.linspace(0, len(points) - 1, most).round().astype(int)]
    return Prepared(encode_points(kept), (0.0, 0.0), (1.0, 1.0), len(points), len(kept))


def _shrunk(ink: np.ndarray, side: int, axis: int) -> np.ndarray:
    """The mean of the ink in equal parts along `axis`: `side` of them on the longer side."""
    longest = max(side, *ink.shape)
    parts = max(1, round(ink.shape[axis] * side / longest))
    if parts >= ink.shape[axis]:
        return ink
    edges = np.linspace(0, ink.shape[axis], parts + 1).round().astype(int)
    sums = np.add.reduceat(ink, edges[:-1], axis=axis)
    counts = np.diff(edges)
    return sums / (counts[:, None] if axis == 0 else counts)
