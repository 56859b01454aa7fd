"""The axes that scenes play over: the plane of a 2D run, and the strip of a 1D run over time."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_figure
from explorer.figures.view import CLOCK_STEPS, View


def plane(view: View, *, link: str, scale: float = 1.0) -> go.Figure:
    """Equal axes over the view's window; planes with the same `link` zoom together."""
    half = view.half_width
    unit = " / its spread" if view.rescaled else ""
    figure = axes_figure(
        (-half, half),
        (-half, half),
        x_title=f"x₁{unit}",
        y_title=f"x₂{unit}",
        equal=True,
        scale=scale,
    )
    figure.update_layout(meta={"link": link})
    return figure


def strip(view: View, *, link: str, scale: float = 1.0, side: float = 0.22) -> go.Figure:
    """x over the clock, ticked in t, and beside it a narrow panel (axes x2, y2) for histograms."""
    half = view.half_width
    unit = " / its spread" if view.rescaled else ""
    figure = axes_figure((0, 1), (-half, half), x_title="t", y_title=f"x{unit}", scale=scale)
    ticks = np.linspace(0, 1, 6)
    labels = [f"{float(view.grid[round(c * CLOCK_STEPS)]):.2g}" for c in ticks]
    figure.update_xaxes(tickvals=ticks, ticktext=labels, domain=[0, 1 - side - 0.02])
    layout = figure.layout
    figure.update_layout(
        meta={"link": link},
        xaxis2={
            **layout.xaxis.to_plotly_json(),
            "domain": [1 - side, 1],
            "anchor": "y2",
            "range": [0, 1.15],
            "tickvals": [],
            "title": {"text": "density"},
        },
        yaxis2={
            **layout.yaxis.to_plotly_json(),
            "anchor": "x2",
            "matches": "y",
            "showticklabels": False,
            "title": {"text": ""},
        },
    )
    for number in ("", "2"):  # of several pairs of axes Plotly draws those that hold a trace
        figure.add_scatter(
            x=[None], y=[None], xaxis=f"x{number}", yaxis=f"y{number}", showlegend=False
        )
    return figure
