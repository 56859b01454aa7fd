"""Estimates of one density in the plane side by side, on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_layout
from explorer.figures.density import Drawn
from explorer.figures.palette import AXIS, BLUE, SKY, VERMILLION, translucent

COLUMNS, NARROW_COLUMNS = 4, 2
"""Panes beside each other on a desk, in two rows at most, and on a phone."""
NARROW_ROW = 190
"""Pixels that a row of panes and its titles take on a phone."""
SCALE_BELOW = 90
"""Pixels that a phone has for the colour scale below the panes and for the titles above them."""

_BARE = {"showticklabels": False, "ticks": "", "title": {"text": ""}, "showgrid": False}
_SCALE = [
    [0, translucent(BLUE, 0)],
    [0.15, translucent(SKY, 0.75)],
    [0.5, BLUE],
    [1, VERMILLION],
]


def panes_chart(
    axis: np.ndarray,
    drawn: Sequence[Drawn],
    points: np.ndarray,
    *,
    height: int,
    scale: float = 1.0,
) -> go.Figure:
    """Densities over the plane, `axis` (S,) both ways, on one colour scale, and the points (n, 2).

    One or two rows of four panes, the points first; rows of two where the screen is narrow. The
    scale ends at the truth's peak; what lies above it is in full colour.
    """
    half, side = float(axis[-1]), len(axis)
    layout = axes_layout((-half, half), (-half, half), height=height, scale=scale)
    axes = layout.pop("xaxis"), layout.pop("yaxis")
    titles = ["Training points", *(one.label for one in drawn)]
    dots = points[:2000]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": dots[:, 0],
            "y": dots[:, 1],
            "marker": {"color": AXIS, "size": 3.2 * scale},
            "hoverinfo": "skip",
        }
    ]
    data += [
        {
            "type": "heatmap",
            "x": axis,
            "y": axis,
            "z": np.exp(one.log_prob).reshape(side, side),
            "coloraxis": "coloraxis",
            "hovertemplate": "(%{x:.2f}, %{y:.2f}): %{z:.3f}<extra></extra>",
        }
        for one in drawn
    ]
    for place, trace in enumerate(data):
        number = _number(place)
        trace |= {"xaxis": f"x{number}", "yaxis": f"y{number}", "showlegend": False}
        layout |= _axes(place, *axes)
    arranged = _arranged(titles, COLUMNS, 14 * scale)
    for name in arranged.keys() - {"annotations"}:
        layout[name] |= arranged[name]
    rows = -(-len(titles) // NARROW_COLUMNS)
    narrow = _arranged(titles, NARROW_COLUMNS, 12)
    narrow["margin"] = {"l": 4, "r": 4, "t": 26, "b": SCALE_BELOW - 26}
    narrow["coloraxis"] = {
        "colorbar": {"orientation": "h", "y": -0.01, "yanchor": "top", "title": {"side": "top"}}
    }
    layout |= {
        "annotations": arranged["annotations"],
        "dragmode": False,
        # room for the colour scale is set: Plotly's own depends on what was drawn before
        "margin": {"l": 8, "r": 72 * scale, "t": 30 * scale, "b": 8, "autoexpand": False},
        "meta": {"narrow": {"height": NARROW_ROW * rows + SCALE_BELOW, "layout": narrow}},
        "coloraxis": {
            "cmin": 0,
            "cmax": float(np.exp(drawn[0].log_prob.max())),
            "colorscale": _SCALE,
            "colorbar": {
                "title": {"text": "density", "font": {"size": 13 * scale}},
                "thickness": 14 * scale,
                "outlinewidth": 0,
                "tickfont": {"size": 13 * scale},
            },
        },
    }
    return go.Figure(data=data, layout=layout)


def _number(place: int) -> str:
    """What Plotly adds to the names of the axes of the pane at `place`."""
    return str(place + 1) if place else ""


def _axes(place: int, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """The axes of one pane, without their places; all panes are moved together."""
    number = _number(place)
    both = {**_BARE, "mirror": True, "constrain": "domain"}
    with_x, with_y = ({"matches": "x"}, {"matches": "y"}) if place else ({}, {})
    return {
        f"xaxis{number}": {**x, **both, **with_x, "anchor": f"y{number}"},
        f"yaxis{number}": {
            **y,
            **both,
            **with_y,
            "anchor": f"x{number}",
            "scaleanchor": f"x{number}",
        },
    }


def _arranged(titles: Sequence[str], columns: int, size: float) -> dict[str, Any]:
    """Where the axes lie in rows of `columns` panes, and the titles over them in type of `size`."""
    rows = -(-len(titles) // columns)
    tall, width = (0.9 if rows == 1 else 0.86 / rows), 0.96 / columns
    pitch = (0.96 - tall) / max(rows - 1, 1)
    found: dict[str, Any] = {"annotations": []}
    for place, title in enumerate(titles):
        row, column = divmod(place, columns)
        left, bottom = column * 1.005 / columns, pitch * (rows - 1 - row)
        number = _number(place)
        found[f"xaxis{number}"] = {"domain": [left, left + width]}
        found[f"yaxis{number}"] = {"domain": [bottom, bottom + tall]}
        found["annotations"].append(
            {
                "text": title,
                "x": left + width / 2,
                "y": bottom + tall + 0.005,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": size},
            }
        )
    return found
