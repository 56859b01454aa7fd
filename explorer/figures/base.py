"""The house look of a figure: no background, a thin grid, small margins, readable type."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.figures.palette import AXIS, GRID, OKABE_ITO

CHART_CONFIG = {"displayModeBar": False, "displaylogo": False, "scrollZoom": False}
"""What to give `st.plotly_chart(config=…)`: a double click still resets the axes."""


def axes_figure(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    x_title: str = "",
    y_title: str = "",
    equal: bool = False,
    height: int = 460,
    scale: float = 1.0,
) -> go.Figure:
    """An empty figure with fixed axes, to draw on.

    x_range, y_range: in units of the data.  equal: one unit is as long on y as on x.
    height: in pixels.  scale: of the type, 1.4 on a projector.
    """
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 48 * scale, "r": 12, "t": 12, "b": 42 * scale},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=list(OKABE_ITO),
        font={"size": 13 * scale, "color": "#7A8794"},
        hoverlabel={"font": {"size": 13 * scale}},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 13 * scale},
        },
        dragmode="pan",
        uirevision="keep",  # zoom and pan outlive a change of the data
    )
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
        "title": {"standoff": 6, "font": {"size": 14 * scale}},
        "automargin": False,
    }
    figure.update_xaxes(**axis, range=list(x_range), title_text=x_title)
    figure.update_yaxes(**axis, range=list(y_range), title_text=y_title)
    if equal:
        figure.update_yaxes(scaleanchor="x", scaleratio=1, constrain="domain")
        figure.update_xaxes(constrain="domain")
    return figure
