"""Own data as one short text, which a link carries, a spec holds and a script repeats.

A text is `1p…` (points in two coordinates), `1q…` (in one), `1g…` (a grid of weights: a picture)
or `1c…` (a row of weights: a curve); what follows is base64url. Nothing in it is ever run.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np

STEPS = 1023
"""A coordinate is kept on a lattice of so many steps across the data: 10 bits."""
MAX_POINTS = 4096
MAX_SIDE = 48
MAX_COLUMNS = 128
LEVELS = {"c": 255, "g": 15}
"""The largest weight of a cell, by kind."""
BOUND = 20.0
MAX_TEXT = 16_000
_DIMS = {"p": 2, "q": 1, "g": 2, "c": 1}


@dataclass(frozen=True, eq=False)
class OwnData:
    """Places with weights, in the units of the pages' axes.

    centres: (K, D) float64, each place once.  weights: (K,), summing to 1.
    size: how many points were given, or cells with any weight.
    """

    centres: np.ndarray
    weights: np.ndarray
    size: int

    @property
    def dim(self) -> int:
        return int(self.centres.shape[1])


def encode_points(points: np.ndarray) -> str:
    """Points (n, 1 or 2) as text; ValueError for too many, too few, or beyond ±20."""
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] not in (1, 2):
        raise ValueError(f"points have the shape {x.shape}; give (n, 1) or (n, 2)")
    if not 2 <= len(x) <= MAX_POINTS:
        raise ValueError(f"{len(x):,} points; give 2 to {MAX_POINTS:,}")
    if not np.isfinite(x).all() or np.abs(x).max() > BOUND:
        raise ValueError(f"a coordinate lies beyond ±{BOUND:g}; standardise the points")
    low = x.min(axis=0).astype("<f4")
    step = ((x.max(axis=0) - low) / STEPS).astype("<f4")
    codes = np.rint((x - low) / np.where(step > 0, step, 1)).clip(0, STEPS).astype(np.uint16)
    text = _text("p" if x.shape[1] == 2 else "q", low.tobytes() + step.tobytes() + _packed(codes))
    decode(text)
    return text


def encode_grid(weights: np.ndarray, origin: tuple[float, float], step: float) -> str:
    """Cells of weight ≥ 0 as text: (columns,) a curve, (rows, columns) a grid, first row lowest.

    origin: the middle of the first cell.  step: the side of a cell.
    """
    w = np.asarray(weights, dtype=np.float64)
    kind = "c" if w.ndim == 1 else "g"
    if not np.isfinite(w).all() or (w < 0).any() or not w.max() > 0:
        raise ValueError("nothing is drawn: no cell has any weight; draw something")
    rows, columns = np.atleast_2d(w).shape
    _check_size(kind, rows, columns)
    levels = np.rint(w / w.max() * LEVELS[kind]).astype(np.uint8)
    head = struct.pack("<BB3f", columns, rows, *origin, step)
    text = _text(kind, head + zlib.compress(levels.tobytes(), 9))
    decode(text)
    return text


def decode(text: str) -> OwnData:
    """What a text holds; ValueError for one that no `encode_…` wrote."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"own data of {len(text):,} characters; at most {MAX_TEXT:,} are usable")
    found = re.fullmatch(r"1([pqgc])([A-Za-z0-9_-]+)", text)
    if found is None:
        raise ValueError("own data begin with 1p, 1q, 1g or 1c and go on in letters and digits")
    kind, body = found.groups()
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise ValueError("own data are cut short") from error
    if kind in LEVELS:
        places, weights, size = _grid(kind, data)
    else:
        places, weights, size = _points(_DIMS[kind], data)
    if len(places) < 2:
        raise ValueError("own data hold a single place; give at least two different ones")
    if not np.isfinite(places).all() or np.abs(places).max() > BOUND + 0.5:
        raise ValueError(f"own data lie beyond ±{BOUND:g}")
    return OwnData(places, weights / weights.sum(), size)


def dim_of(text: str) -> int:
    """The number of coordinates that a text claims to have; 0 where it is none."""
    return _DIMS.get(text[1:2], 0) if text.startswith("1") else 0


def _points(dim: int, data: bytes) -> tuple[np.ndarray, np.ndarray, int]:
    head, bits = data[: 8 * dim], (len(data) - 8 * dim) * 8
    count = bits // (10 * dim)
    if not 2 <= count <= MAX_POINTS:
        raise ValueError(f"own data hold {max(count, 0):,} points; 2 to {MAX_POINTS:,} are usable")
    low, step = np.frombuffer(head, dtype="<f4").astype(np.float64).reshape(2, dim)
    codes = _unpacked(data[8 * dim :], count * dim).reshape(count, dim)
    places, shares = np.unique(codes, axis=0, return_counts=True)
    if not (np.isfinite(low).all() and np.isfinite(step).all() and (step >= 0).all()):
        raise ValueError("own data have no usable scale")
    x = low + step * places
    return x, shares.astype(np.float64), count


def _grid(kind: str, data: bytes) -> tuple[np.ndarray, np.ndarray, int]:
    if len(data) < 14:
        raise ValueError("own data are cut short")
    columns, rows, x0, y0, step = struct.unpack("<BB3f", data[:14])
    _check_size(kind, rows, columns)
    if not all(map(math.isfinite, (x0, y0, step))) or not step > 0:
        raise ValueError("own data have no usable scale")
    unpacker = zlib.decompressobj()
    try:
        levels = unpacker.decompress(data[14:], rows * columns + 1)
    except zlib.error as error:
        raise ValueError("own data are damaged") from error
    if len(levels) != rows * columns or not unpacker.eof or unpacker.unused_data:
        raise ValueError("own data are damaged: the cells are not as many as they should be")
    cells = np.frombuffer(levels, dtype=np.uint8).reshape(rows, columns)
    row, column = np.nonzero(cells)
    along = x0 + step * column.astype(np.float64)
    places = along[:, None] if kind == "c" else np.stack([along, y0 + step * row], axis=1)
    return places, cells[row, column].astype(np.float64), len(row)


def _check_size(kind: str, rows: int, columns: int) -> None:
    most = (1, MAX_COLUMNS) if kind == "c" else (MAX_SIDE, MAX_SIDE)
    if not (1 <= rows <= most[0] and 2 <= columns <= most[1]):
        raise ValueError(f"{columns} × {rows} cells; at most {most[1]} × {most[0]} are usable")


def _text(kind: str, data: bytes) -> str:
    return f"1{kind}{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def _packed(codes: np.ndarray) -> bytes:
    """Numbers below 1024 as ten bits each."""
    bits = (codes.reshape(-1, 1) >> np.arange(9, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8)).tobytes()


def _unpacked(data: bytes, count: int) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=10 * count)
    return bits.reshape(count, 10).astype(np.int64) @ (1 << np.arange(9, -1, -1))
