"""The house look of a figure: no background, a thin grid, small margins, readable type."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from explorer.figures.palette import AXIS, GRID, OKABE_ITO


def axes_layout(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    x_title: str = "",
    y_title: str = "",
    equal: bool = False,
    height: int = 460,
    scale: float = 1.0,
) -> dict[str, Any]:
    """The layout of a figure with fixed axes, as plain values.

    Plotly checks each update of a figure anew, so a figure made of one dictionary is far cheaper
    than one built up by updates.

    x_range, y_range: in units of the data.  equal: one unit is as long on y as on x.
    height: in pixels.  scale: of the type, 1.4 on a projector.
    """
    type_size = {"size": 13 * scale}
    axis = {
        "showgrid": True,
        "gridcolor": GRID,
        "gridwidth": 1,
        "zeroline": False,
        "showline": True,
        "linecolor": AXIS,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": AXIS,
        "automargin": False,
    }
    if equal:
        axis["constrain"] = "domain"
    anchor = {"scaleanchor": "x", "scaleratio": 1} if equal else {}

    def title(text: str) -> dict[str, Any]:
        return {"standoff": 6, "font": {"size": 14 * scale}, "text": text}

    return {
        "height": height,
        "margin": {"l": 48 * scale, "r": 12, "t": 12, "b": 42 * scale},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(OKABE_ITO),
        "font": {**type_size, "color": "#7A8794"},
        "hoverlabel": {"font": type_size},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": type_size},
        "dragmode": "pan",
        "uirevision": "keep",  # zoom and pan outlive a change of the data
        "xaxis": {**axis, "range": list(x_range), "title": title(x_title)},
        "yaxis": {**axis, **anchor, "range": list(y_range), "title": title(y_title)},
    }


def axes_figure(
    x_range: tuple[float, float], y_range: tuple[float, float], **looks: Any
) -> go.Figure:
    """An empty figure with the axes of `axes_layout`, which says what `looks` may be."""
    return go.Figure(layout=axes_layout(x_range, y_range, **looks))
