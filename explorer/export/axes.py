"""A Plotly figure's axes, labels and still traces, as far as the player's panes use them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from explorer.export.look import Page
from explorer.export.ticks import QUIET, grid, ticks
from explorer.export.traces import Still, numbers, still
from explorer.export.view import View
from explorer.export.words import plain
from explorer.figures.handle import Handle
from explorer.figures.layers import Curve, Pane
from explorer.figures.palette import OKABE_ITO

MARGIN = {"l": 46, "r": 14, "t": 12, "b": 40}


@dataclass(frozen=True, eq=False)
class Plot:
    """One pair of axes: where data lie, and what of the figure stands still there."""

    view: View
    axes: Axes
    grid: Still
    traces: tuple[Still, ...]


def layout_of(pane: Pane) -> dict[str, Any]:
    layout: dict[str, Any] = pane.figure.to_plotly_json()["layout"]
    return layout


def shape_of(pane: Pane) -> float | None:
    """How much wider than high a pane with equal scales is; None for one that takes any room."""
    layout = layout_of(pane)
    x, y = layout.get("xaxis", {}), layout.get("yaxis", {})
    if ("scaleanchor" in x or "scaleanchor" in y) and "range" in x and "range" in y:
        return float(np.diff(x["range"])[0] / np.diff(y["range"])[0])
    return None


def height_for(pane: Pane, width: float, scale: float) -> float:
    """The height that a pane of this width can use, margins and all."""
    shape = shape_of(pane)
    if shape is None:
        return math.inf
    margin = {**MARGIN, **layout_of(pane).get("margin", {})}
    inner = width - scale * (margin["l"] + margin["r"])
    return float(inner / shape + scale * (margin["t"] + margin["b"]))


def chips(pane: Pane) -> list[tuple[str, str, str]]:
    """The legend: (name, colour, "box", "line" or "dash") of named layers, then of named traces."""
    found = []
    for layer in pane.layers:
        name = getattr(layer, "name", "")
        if name and not isinstance(layer, Handle):
            colours = getattr(layer, "colours", None)
            first = 1 if colours is None else int(np.ravel(colours)[0])
            given = getattr(layer, "colour", None)
            index = first if hasattr(layer, "xy") else given or 0
            kind = ("dash" if layer.dash else "line") if isinstance(layer, Curve) else "box"
            found.append((plain(name), OKABE_ITO[index], kind))
    for k, trace in enumerate(_traces(pane)):
        if trace.get("name") and trace.get("showlegend", True):
            line = trace.get("line", {})
            dashed = line.get("dash", "solid") != "solid"
            colour = line.get("color") or trace.get("marker", {}).get("color") or OKABE_ITO[k % 8]
            found.append((plain(trace["name"]), str(colour), "dash" if dashed else "line"))
    return found


def _traces(pane: Pane) -> list[dict[str, Any]]:
    return list(pane.figure.to_plotly_json()["data"])


def plots(
    pane: Pane, frame: Bbox, scale: float, paper: tuple[int, int], page: Page, add: Any
) -> dict[tuple[str, str], Plot]:
    """The pairs of axes that a pane's layers and traces use, by Plotly's names.

    frame: what the pane has, in pixels.  paper: the picture's width and height in pixels.
    add: makes empty axes of (left, bottom, width, height) in fractions of the paper.
    """
    layout = layout_of(pane)
    margin = {**MARGIN, **layout.get("margin", {})}
    room = Bbox.from_extents(
        *(frame.x0 + scale * margin["l"], frame.y0 + scale * margin["b"]),
        *(frame.x1 - scale * margin["r"], frame.y1 - scale * margin["t"]),
    )
    used = [(layer.xaxis, layer.yaxis) for layer in pane.layers]
    used += [(t.get("xaxis", "x"), t.get("yaxis", "y")) for t in _traces(pane)]
    made = {}
    for x_name, y_name in dict.fromkeys(used or [("x", "y")]):
        x, y = (layout.get(f"{n[0]}axis{n[1:]}", {}) for n in (x_name, y_name))
        traces = [
            t
            for t in _traces(pane)
            if (t.get("xaxis", "x"), t.get("yaxis", "y")) == (x_name, y_name)
        ]
        limits = (_limits(x, traces, "x"), _limits(y, traces, "y"))
        box = _box(room, x, y, limits)
        view = View(box, limits[0], limits[1], scale, paper[1], page)
        axes = add(
            [box.x0 / paper[0], box.y0 / paper[1], box.width / paper[0], box.height / paper[1]]
        )
        axes.set(xlim=limits[0], ylim=limits[1])
        _label(axes, layout, x, y, scale, page)
        if x_name == "x":  # the title of y keeps to its margin, however wide the ticks' labels are
            away = max(frame.x0 + 8 * scale, box.x0 - scale * (margin["l"] - 10)) - box.x0
            axes.yaxis.set_label_coords(away / box.width, 0.5)
        if x_name == "x":
            _annotate(axes, layout, scale)
        painted = tuple(still(t, view, x, y, k) for k, t in enumerate(traces))
        made[x_name, y_name] = Plot(view, axes, grid(axes, x, y, view), painted)
    return made


def _limits(axis: dict[str, Any], traces: list[dict[str, Any]], which: str) -> tuple[float, float]:
    """An axis' range; of a logarithmic one in powers of ten, as Plotly has it."""
    if axis.get("range") is not None:
        low, high = (float(v) for v in axis["range"])
        return low, high
    values = [numbers(trace.get(which, ()), axis) for trace in traces]
    held = np.concatenate([v[np.isfinite(v)] for v in values] or [np.zeros(0)])
    if not held.size:
        return 0.0, 1.0
    low, high = float(held.min()), float(held.max())
    spare = 0.06 * (high - low) or 0.5
    return low - spare, high + spare


def _box(room: Bbox, x: dict[str, Any], y: dict[str, Any], limits: Any) -> Bbox:
    """Where the axes lie: their domains, and shrunk about the centre for equal scales."""
    (left, right), (bottom, top) = (a.get("domain") or (0, 1) for a in (x, y))
    x0, x1 = room.x0 + left * room.width, room.x0 + right * room.width
    y0, y1 = room.y0 + bottom * room.height, room.y0 + top * room.height
    if "scaleanchor" in x or "scaleanchor" in y:
        (x_low, x_high), (y_low, y_high) = limits
        unit = min((x1 - x0) / abs(x_high - x_low), (y1 - y0) / abs(y_high - y_low))
        half = unit * abs(x_high - x_low) / 2, unit * abs(y_high - y_low) / 2
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        x0, x1 = middle[0] - half[0], middle[0] + half[0]
        y0, y1 = middle[1] - half[1], middle[1] + half[1]
    return Bbox.from_extents(*(round(v) for v in (x0, y0, x1, y1)))


def _label(
    axes: Axes,
    layout: dict[str, Any],
    x: dict[str, Any],
    y: dict[str, Any],
    scale: float,
    page: Page,
) -> None:
    """Ticks, their labels and the axes' titles; the lines belong to the grid."""
    axes.set_frame_on(False)
    if x.get("side") == "top":
        axes.xaxis.tick_top()
    # figures draw larger type for a projector, which an export's own scale already brings
    bigger = max(1.0, layout.get("font", {}).get("size", 13) / 13)
    for axis, spec in ((axes.xaxis, x), (axes.yaxis, y)):
        ticks(axis, spec)
        size = spec.get("tickfont", {}).get("size", 13 * bigger) / bigger * scale
        shown = spec.get("showticklabels", True)
        length = spec.get("ticklen", 0) * scale if spec.get("ticks") == "outside" else 0
        axis.set_tick_params(
            length=length,
            width=scale,
            color=QUIET,
            labelsize=size,
            labelcolor=page.text,
            pad=3 * scale,
        )
        if not shown:
            axis.set_tick_params(labelleft=False, labelbottom=False, labeltop=False)
        title = spec.get("title", {})
        text = plain(title.get("text") or "") if isinstance(title, dict) else plain(title)
        axis.set_label_text(text, fontsize=13 * scale, color=page.text)
        axis.label.set_parse_math(False)
        axis.labelpad = 2 * scale


def _annotate(axes: Axes, layout: dict[str, Any], scale: float) -> None:
    for said in layout.get("annotations", ()):
        font = said.get("font", {})
        axes.text(
            *(said["x"], said["y"], plain(said["text"])),
            fontsize=min(font.get("size", 12), 15) * scale,
            color=font.get("color", QUIET),
            weight="bold" if "<b>" in said["text"] else "normal",
            ha={"left": "left", "right": "right"}.get(said.get("xanchor", ""), "center"),
            va={"top": "top", "bottom": "bottom"}.get(said.get("yanchor", ""), "center"),
            parse_math=False,
            clip_on=True,
        )
