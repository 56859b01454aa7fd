"""Ticks of an exported plot as Plotly sets them, and the grid of thin lines that they hold up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from explorer.export.traces import Still
from explorer.export.view import View, pen, segments, stroke
from explorer.export.words import plain

QUIET = "#808A94"  # of grid and axes, as in the palette


def ticks(axis: Any, spec: dict[str, Any]) -> None:
    """Set the ticks of one of Matplotlib's axes by what Plotly's says of them."""
    log = spec.get("type") == "log"
    if "tickvals" in spec:
        at = np.asarray(spec["tickvals"], dtype=float)
        at = np.log10(at) if log else at
        labels = [plain(str(text)) for text in spec.get("ticktext", spec["tickvals"])]
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        inside = [k for k, v in enumerate(at) if low - slack <= v <= high + slack]
        axis.set_major_locator(FixedLocator([at[k] for k in inside]))
        axis.set_major_formatter(FixedFormatter([labels[k] for k in inside]))
    elif log:
        low, high = sorted(axis.get_view_interval())
        powers = range(math.ceil(low), math.floor(high) + 1)
        axis.set_major_locator(FixedLocator(list(powers)))
        axis.set_major_formatter(FixedFormatter([plain(f"10<sup>{p}</sup>") for p in powers]))
    else:
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def grid(axes: Axes, x: dict[str, Any], y: dict[str, Any], view: View) -> Still:
    """The thin lines at the ticks and the axes' own, over whatever lies under the figure."""
    box = view.box
    lines = []
    if x.get("showgrid", True):
        lines += [((view.across(v), box.y0), (view.across(v), box.y1)) for v in _inside(axes.xaxis)]
    if y.get("showgrid", True):
        lines += [((box.x0, view.up(v)), (box.x1, view.up(v))) for v in _inside(axes.yaxis)]
    edges = []
    if x.get("showline"):
        edges.append(((box.x0, box.y0), (box.x1, box.y0)))
    if y.get("showline"):
        edges.append(((box.x0, box.y0), (box.x0, box.y1)))

    def draw(renderer: RendererBase) -> None:
        for drawn, alpha in ((lines, 0.22), (edges, 0.65)):
            if drawn:
                ends = np.round(np.array(drawn)) + 0.5  # on whole pixels, or they would be blurred
                with pen(renderer, view, QUIET, width=1, alpha=alpha, clipped=False) as gc:
                    stroke(renderer, gc, segments(ends[:, 0], ends[:, 1]))

    return draw


def _inside(axis: Any) -> Iterator[float]:
    low, high = sorted(axis.get_view_interval())
    return (float(v) for v in axis.get_majorticklocs() if low < v < high)
