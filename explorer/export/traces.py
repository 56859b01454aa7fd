"""A Plotly figure's still traces: lines and marks that stand while the layers play."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path

from explorer.export.particles import OUTLINES, STAR
from explorer.export.view import View, marks, pen, stroke
from explorer.figures.palette import OKABE_ITO

Still = Callable[[RendererBase], None]

_DASHES = {"dash": (6.0, 4.0), "dot": (1.5, 3.0), "dashdot": (6.0, 3.0, 1.5, 3.0)}
_SYMBOLS = {"square": OUTLINES[1], "x": OUTLINES[3], "diamond": OUTLINES[4], "star": STAR}


def numbers(values: Any, axis: dict[str, Any]) -> np.ndarray:
    """A trace's values along an axis; None is not a number."""
    if isinstance(values, dict):  # Plotly's way to hand over an array
        array = np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).astype(float)
    else:
        array = np.array([np.nan if v is None else v for v in values], dtype=float)
    if axis.get("type") == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(array > 0, np.log10(array), np.nan)
    return array


def still(trace: dict[str, Any], view: View, x: dict[str, Any], y: dict[str, Any], k: int) -> Still:
    """What draws the k-th trace over the axes x and y; ValueError for other than a scatter."""
    if trace.get("type", "scatter") not in ("scatter", "scattergl"):
        raise ValueError(
            f"a still trace of type {trace['type']!r} cannot be exported as a picture; the page "
            "that plays offline shows it"
        )
    xs, ys = numbers(trace.get("x", ()), x), numbers(trace.get("y", ()), y)
    points = view.place(np.stack([xs, ys], axis=-1))
    mode = trace.get("mode") or ("lines+markers" if len(points) < 20 else "lines")
    line, marker = trace.get("line", {}), trace.get("marker", {})
    colour = line.get("color") or marker.get("color") or OKABE_ITO[k % len(OKABE_ITO)]
    opacity = float(trace.get("opacity", 1.0))
    dash = _DASHES.get(line.get("dash", "solid"))

    def draw(renderer: RendererBase) -> None:
        if "lines" in mode:
            width = line.get("width", 2)
            with pen(renderer, view, colour, width=width, alpha=opacity, dash=dash) as gc:
                stroke(renderer, gc, Path(points))
        if "markers" in mode:
            edge = marker.get("line", {})
            outline = _SYMBOLS.get(marker.get("symbol", "circle"), OUTLINES[0])
            marks(
                *(renderer, view, points, outline, marker.get("size", 6) / 2, colour, opacity),
                edge=(edge["color"], edge.get("width", 1)) if "color" in edge else None,
            )

    return draw
