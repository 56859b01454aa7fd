"""Estimates of one density side by side: curves in 1D, panes on one colour scale in 2D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_figure, axes_layout
from explorer.figures.palette import AXIS, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION, translucent

COLOURS = {
    "truth": BLUE,
    "histogram": SKY,
    "kernel": GREEN,
    "short": ORANGE,
    "long": VERMILLION,
    "ours": PURPLE,
}
DASHES = {"kernel": "dash", "short": "dot"}
"""How the lines that are not solid are drawn."""
COLUMNS = 4
"""Panes beside each other, in two rows at most."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """An estimate on the mesh: `key` of `COLOURS`, what it is called, log p̂ (S^D,) in nats."""

    key: str
    label: str
    log_prob: np.ndarray


def curves_chart(
    axis: np.ndarray,
    drawn: Sequence[Drawn],
    points: np.ndarray,
    *,
    height: int,
    scale: float = 1.0,
) -> go.Figure:
    """Densities over `axis` (S,), and the training points (n,) as ticks below (at most 300)."""
    densities = [np.exp(one.log_prob) for one in drawn]
    # a network that copies a point may peak without bounds; the truth sets the scale
    top = 1.5 * float(densities[0].max())
    figure = axes_figure(
        (float(axis[0]), float(axis[-1])),
        (-0.07 * top, top),
        x_title="x",
        y_title="density",
        height=height,
        scale=scale,
    )
    for one, density in zip(drawn, densities, strict=True):
        boxes = one.key == "histogram"
        wide = 4.5 if one.key == "truth" else 2.4
        figure.add_scatter(
            x=axis,
            y=density,
            name=one.label,
            fill="tozeroy" if boxes else None,
            fillcolor=translucent(SKY, 0.25),
            line={
                "color": COLOURS[one.key],
                "width": wide * scale,
                "dash": DASHES.get(one.key, "solid"),
                "shape": "hv" if boxes else "linear",
            },
            hovertemplate="%{x:.2f}: %{y:.3f}",
        )
    shown = points[:300]
    figure.add_scatter(
        x=shown,
        y=np.full(len(shown), -0.035 * top),
        mode="markers",
        marker={"symbol": "line-ns-open", "color": AXIS, "size": 9 * scale},
        name="training points",
        hoverinfo="skip",
    )
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale})
    return figure


def panes_chart(
    axis: np.ndarray,
    drawn: Sequence[Drawn],
    points: np.ndarray,
    *,
    height: int,
    scale: float = 1.0,
) -> go.Figure:
    """Densities over the plane, `axis` (S,) both ways, on one colour scale, and the points (n, 2).

    One or two rows of four panes, the points first. The scale ends at the truth's peak; what lies
    above it is in full colour.
    """
    half, side = float(axis[-1]), len(axis)
    layout = axes_layout((-half, half), (-half, half), height=height, scale=scale)
    x_axis, y_axis = layout.pop("xaxis"), layout.pop("yaxis")
    peak = float(np.exp(drawn[0].log_prob.max()))
    titles = ["Training points", *(one.label for one in drawn)]
    data: list[dict] = []
    annotations = []
    rows = -(-len(titles) // COLUMNS)
    tall = 0.42 if rows == 2 else 0.9
    for place, title in enumerate(titles):
        row, column = divmod(place, COLUMNS)
        left, bottom = column * 1.005 / COLUMNS, 0.53 * (rows - 1 - row)
        width = 0.96 / COLUMNS
        number = str(place + 1) if place else ""
        ticks = {"showticklabels": False, "ticks": "", "title": {"text": ""}, "showgrid": False}
        layout[f"xaxis{number}"] = {
            **x_axis,
            **ticks,
            "domain": [left, left + width],
            "anchor": f"y{number}",
            "mirror": True,
            "constrain": "domain",
            "matches": "x" if place else None,
        }
        layout[f"yaxis{number}"] = {
            **y_axis,
            **ticks,
            "domain": [bottom, bottom + tall],
            "anchor": f"x{number}",
            "mirror": True,
            "scaleanchor": f"x{number}",
            "constrain": "domain",
            "matches": "y" if place else None,
        }
        annotations.append(
            {
                "text": title,
                "x": left + width / 2,
                "y": bottom + tall + 0.005,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 14 * scale},
            }
        )
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}", "showlegend": False}
        if place == 0:
            shown = points[:2000]
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": shown[:, 0],
                    "y": shown[:, 1],
                    "marker": {"color": AXIS, "size": 3.2 * scale},
                    "hoverinfo": "skip",
                    **axes,
                }
            )
            continue
        data.append(
            {
                "type": "heatmap",
                "x": axis,
                "y": axis,
                "z": np.exp(drawn[place - 1].log_prob).reshape(side, side),
                "coloraxis": "coloraxis",
                "hovertemplate": "(%{x:.2f}, %{y:.2f}): %{z:.3f}<extra></extra>",
                **axes,
            }
        )
    layout |= {
        "annotations": annotations,
        "dragmode": False,
        "margin": {"l": 8, "r": 8, "t": 30 * scale, "b": 8},
        "coloraxis": {
            "cmin": 0,
            "cmax": peak,
            "colorscale": [
                [0, translucent(BLUE, 0)],
                [0.15, translucent(SKY, 0.75)],
                [0.5, BLUE],
                [1, VERMILLION],
            ],
            "colorbar": {
                "title": {"text": "density", "font": {"size": 13 * scale}},
                "thickness": 14 * scale,
                "outlinewidth": 0,
                "tickfont": {"size": 13 * scale},
            },
        },
    }
    return go.Figure(data=data, layout=layout)


@dataclass(frozen=True)
class Curve:
    """Held-out log-likelihood by n: `key` of `COLOURS`, its label, means and standard errors."""

    key: str
    label: str
    means: tuple[float, ...]
    errors: tuple[float, ...]


def sizes_chart(
    sizes: Sequence[int], curves: Sequence[Curve], *, height: int, scale: float = 1.0
) -> go.Figure:
    """Nats per held-out point against the number of training points, the truth as a line."""
    values = [value for curve in curves for value in curve.means]
    room = 0.12 * (max(values) - min(values))
    figure = axes_figure(
        (1, 2),
        (min(values) - room, max(values) + room),
        x_title="training points",
        y_title="held-out log-likelihood (nats)",
        height=height,
        scale=scale,
    )
    for curve in curves:
        figure.add_scatter(
            x=list(sizes),
            y=curve.means,
            error_y={"array": curve.errors, "thickness": 1.5 * scale},
            mode="lines" if curve.key == "truth" else "lines+markers",
            name=curve.label,
            marker={"size": 9 * scale},
            line={
                "color": COLOURS[curve.key],
                "width": (4.5 if curve.key == "truth" else 2.6) * scale,
                "dash": DASHES.get(curve.key, "solid"),
            },
            hovertemplate="n = %{x:,}: %{y:.3f}",
        )
    low, high = np.log10(sizes[0]) - 0.1, np.log10(sizes[-1]) + 0.1
    figure.update_xaxes(
        type="log", range=[low, high], tickvals=list(sizes), ticktext=[f"{n:,}" for n in sizes]
    )
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale, "l": 62 * scale})
    return figure
