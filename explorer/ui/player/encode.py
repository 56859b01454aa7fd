"""Panes and their layers as one run of bytes: a JSON header, then the numbers, quantised.

Layout: uint32 length of the header, the header (UTF-8, padded with blanks), the buffers, each at a
multiple of 8 after the header. A buffer's entry in the header says
`{"at", "bytes", "type", "shape", "scale", "offset", "deflated"}`, and its values are
`offset + scale · stored` (a list of two where the last axis holds x and y). In a signed buffer the
lowest integer stands for "absent".
"""

from __future__ import annotations

import hashlib
import json
import struct
import weakref
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from explorer.export import plotlyjs
from explorer.figures.handle import Handle
from explorer.figures.layers import (
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Floats,
    Images,
    Layer,
    Pane,
    Particles,
    Readout,
    Tint,
)

ABSENT = -32768  # what an int16 buffer holds for a particle that is not there
LEVELS = 32767
ALIGN = 8


class _Buffers:
    """Collects arrays and hands out the header's entries for them."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(
        self, array: np.ndarray, scale: Any = 1.0, offset: Any = 0.0, deflate: bool = False
    ) -> dict[str, Any]:
        raw = np.ascontiguousarray(array).tobytes()
        stored = zlib.compress(raw, 1) if deflate else raw
        entry = {
            "at": self.size,
            "bytes": len(stored),
            "type": array.dtype.str[1:],
            "shape": array.shape,
            "scale": scale,
            "offset": offset,
            "deflated": deflate,
        }
        self.parts += [stored, b"\0" * (-len(stored) % ALIGN)]
        self.size += len(stored) + -len(stored) % ALIGN
        return entry

    def exact(self, array: Floats) -> dict[str, Any]:
        return self.add(np.asarray(array, dtype="<f4"))

    def unit(self, array: Floats) -> dict[str, Any]:
        """Values in [0, 1] as bytes; smooth pictures deflate to about a fifth."""
        levels = np.rint(np.clip(array, 0, 1) * 255).astype("u1")
        return self.add(levels, 1 / 255, 0.0, deflate=True)

    def real(self, array: Floats, deflate: bool = False) -> dict[str, Any]:
        """Any finite values as int16 over their range."""
        low, high = float(array.min()), float(array.max())
        scale = max(high - low, 1e-12) / (2 * LEVELS)
        middle = (low + high) / 2
        stored = np.rint((array - middle) / scale).clip(-LEVELS, LEVELS).astype("<i2")
        return self.add(stored, scale, middle, deflate)

    def points(self, xy: Floats) -> dict[str, Any]:
        """Positions (F, N, 2) as int16 over each axis' own range, `ABSENT` where not finite."""
        all_there = bool(np.isfinite(xy.sum()))  # a sum is finite only where all its terms are
        there = None if all_there else np.asarray(np.isfinite(xy).all(axis=-1))
        stored = np.empty(xy.shape, "<i2")
        scales, middles = [], []
        for axis in (
            0,
            1,
        ):  # one at a time: over a last axis of two NumPy takes three times as long
            values = np.ascontiguousarray(xy[..., axis])
            low, high = _reach(values if there is None else values[there])
            scale, middle = max(high - low, 1e-12) / (2 * LEVELS), (low + high) / 2
            with np.errstate(invalid="ignore", over="ignore"):
                values -= np.float32(middle)
                values *= np.float32(1 / scale)
                np.rint(values, out=values).clip(-LEVELS, LEVELS, out=values)
            if there is not None:
                values[~there] = ABSENT
            stored[..., axis] = values
            scales.append(scale)
            middles.append(middle)
        return self.add(stored, scales, middles)


def _reach(values: Floats) -> tuple[float, float]:
    """The range to quantise over: all values, unless a few runaways would cost the rest."""
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    few = values[:: max(1, values.size // 20_000)]  # a percentile of some serves for all
    inner, outer = (float(q) for q in np.quantile(few, (0.01, 0.99)))
    room = 30 * max(outer - inner, 1e-12)
    if high - low <= 2 * room:
        return low, high
    return max(low, inner - room), min(high, outer + room)


def _layer(layer: Layer, put: _Buffers) -> dict[str, Any]:
    """The header's entry for one layer: its numbers as buffers, its looks as they are."""
    said: dict[str, Any] = {
        "kind": type(layer).__name__.lower(),
        "times": put.exact(layer.times),
        "axes": [layer.xaxis, layer.yaxis],
    }
    looks: tuple[str, ...]
    match layer:
        case Particles():
            said["xy"] = put.points(layer.xy)
            for name in ("colours", "shapes"):
                indices = getattr(layer, name)
                changing = indices is not None and indices.ndim == 2
                said[name] = None if indices is None else put.add(indices, deflate=changing)
            looks = ("trail", "size", "opacity", "name")
        case Density():
            said["values"] = put.unit(layer.values)
            looks = ("x", "y", "contours", "bands", "opacity", "colour")
        case Tint():
            said["weights"] = put.unit(layer.weights)
            looks = ("x", "y", "opacity", "sharp")
        case Images():
            said["pixels"] = put.add(layer.pixels, deflate=True)
            looks = ("columns", "corner", "gap")
        case Arrows():
            feet = put.exact(layer.xy) if layer.xy.ndim == 2 else put.real(layer.xy, deflate=True)
            said |= {"xy": feet, "vectors": put.real(layer.vectors, deflate=True)}
            looks = ("colour", "width")
        case Bars():
            said |= {"edges": put.exact(layer.edges), "heights": put.real(layer.heights)}
            looks = ("colour", "name", "opacity", "horizontal")
        case Curve():
            values = put.exact(layer.y) if layer.reads else put.real(layer.y)
            said |= {"px": put.exact(layer.x), "py": values}
            looks = ("colour", "name", "dash", "width", "horizontal", "reads")
        case Cursor():
            said["at"] = put.exact(layer.x)
            looks = ("colour", "horizontal")
        case Readout():
            said["channels"] = {n: put.real(c, deflate=True) for n, c in layer.channels.items()}
            looks = ("x", "y", "vector", "vector_label", "digits")
        case Handle():
            looks = ("at", "reach", "step", "name", "size", "colour")
        case _:
            raise ValueError(f"{type(layer).__name__} is no layer that the player knows")
    return said | {name: getattr(layer, name) for name in looks}


_TEXTS: dict[int, str] = {}
"""The JSON of each figure that is still there, by its identity."""


def _figure(drawn: go.Figure) -> str:
    """A figure as JSON, without Plotly's template: the player brings its own per theme."""
    which = id(drawn)
    if which not in _TEXTS:
        figure = drawn.to_plotly_json()
        unknown = {trace["type"] for trace in figure["data"]} - plotlyjs.TRACES
        if unknown:
            raise ValueError(f"the player's plotly.js draws no {', '.join(sorted(unknown))}")
        layout = {name: part for name, part in figure["layout"].items() if name != "template"}
        _TEXTS[which] = str(to_json_plotly({"data": figure["data"], "layout": layout}))
        weakref.finalize(drawn, _TEXTS.pop, which, None)
    return _TEXTS[which]


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def encode(panes: Sequence[Pane], clock: Clock, options: dict[str, Any]) -> bytes:
    """The player's payload, with `options` (plain values) passed through to the browser."""
    put = _Buffers()
    said = []
    # panes may share a layer, such as one density behind them all: it is sent once
    layers = {
        layer: _layer(layer, put) for layer in dict.fromkeys(sum((p.layers for p in panes), ()))
    }
    figures = {id(pane.figure): pane.figure for pane in panes}  # panes may share one, too
    texts = {which: _figure(figure) for which, figure in figures.items()}
    for pane in panes:
        figure = texts[id(pane.figure)]
        said.append(
            {
                "title": pane.title,
                "note": pane.note,
                "figure": json.loads(figure),
                "figure_id": _digest(figure.encode()),
                "layers": [layers[layer] for layer in pane.layers],
            }
        )
    body = b"".join(put.parts)
    header = {"panes": said, "clock": asdict(clock), "options": options}
    text = json.dumps(header, separators=(",", ":")).encode()
    header["version"] = _digest(text + body)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % ALIGN)
    return struct.pack("<I", len(text)) + text + body
