"""The axes that scenes play over: the plane of a 2D run, and the strip of a 1D run over time.

Equal axes are one figure, which Plotly checks for 10 ms when it is made: whoever changes it copies
it first.
"""

from __future__ import annotations

from functools import lru_cache

import plotly.graph_objects as go

from explorer.figures.base import axes_layout
from explorer.figures.view import CLOCK_STEPS, View


def plane(
    view: View, *, link: str, scale: float = 1.0, held: bool = False, plain: bool = False
) -> go.Figure:
    """Equal axes over the view's window; planes with the same `link` zoom together.

    held: the pointer moves what is on the plane, not the plane.  plain: what is on it is in units
    of the data at all times.
    """
    unit = " / its spread" if view.rescaled and not plain else ""
    return _plane(view.half_width, unit, link, scale, held)


@lru_cache(maxsize=64)
def _plane(half: float, unit: str, link: str, scale: float, held: bool) -> go.Figure:
    layout = axes_layout(
        (-half, half),
        (-half, half),
        x_title=f"x₁{unit}",
        y_title=f"x₂{unit}",
        equal=True,
        scale=scale,
    )
    if held:
        layout["dragmode"] = False
    return go.Figure(layout={**layout, "meta": {"link": link}})


def strip(view: View, *, link: str, scale: float = 1.0, side: float = 0.22) -> go.Figure:
    """x over the clock, ticked in t, and beside it a narrow panel (axes x2, y2) for histograms."""
    labels = tuple(f"{float(view.grid[round(c * CLOCK_STEPS)]):.2g}" for c in _TICKS)
    unit = " / its spread" if view.rescaled else ""
    return _strip(view.half_width, unit, labels, link, scale, side)


_TICKS = tuple(k / 5 for k in range(6))


@lru_cache(maxsize=64)
def _strip(
    half: float, unit: str, labels: tuple[str, ...], link: str, scale: float, side: float
) -> go.Figure:
    layout = axes_layout((0, 1), (-half, half), x_title="t", y_title=f"x{unit}", scale=scale)
    across, upward = layout["xaxis"], layout["yaxis"]
    layout |= {
        "meta": {"link": link},
        "xaxis": {
            **across,
            "tickvals": list(_TICKS),
            "ticktext": list(labels),
            "domain": [0, 1 - side - 0.02],
        },
        "xaxis2": {
            **across,
            "domain": [1 - side, 1],
            "anchor": "y2",
            "range": [0, 1.15],
            "tickvals": [],
            "title": {**across["title"], "text": "density"},
        },
        "yaxis2": {
            **upward,
            "anchor": "x2",
            "matches": "y",
            "showticklabels": False,
            "title": {"text": ""},
        },
    }
    # of several pairs of axes Plotly draws those that hold a trace
    held = [
        {"x": [None], "y": [None], "xaxis": f"x{n}", "yaxis": f"y{n}", "showlegend": False}
        for n in ("", "2")
    ]
    return go.Figure(data=[{"type": "scatter", **trace} for trace in held], layout=layout)
