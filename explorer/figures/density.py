"""Estimates of one density in 1D as curves, and what they are worth by the number of points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_figure
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
