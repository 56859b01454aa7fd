"""What networks for pictures lose, as still charts: in training, and at each noise level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_figure
from explorer.figures.layers import Cursor, Floats, Pane
from explorer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION, translucent

COLOURS = (VERMILLION, BLUE, GREEN, PURPLE, ORANGE, SKY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@dataclass(frozen=True)
class Curve:
    """A line of a chart: what it is called and where it runs."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    faint: Sequence[float] = ()


@dataclass(frozen=True)
class Target:
    """A loss that is promised after so many steps."""

    step: float
    loss: float
    name: str


def _ticks(low: float, high: float) -> dict[str, object]:
    """A log axis over [low, high] with ticks at 1, 2 and 5 of each decade that lies in it."""
    series = [m * 10.0**power for power in range(-4, 6) for m in (1, 2, 5)]
    inside = [value for value in series if low <= value <= high]
    text = [f"{value:,.0f}" if value >= 1 else f"{value:g}" for value in inside]
    return {
        "type": "log",
        "range": [float(np.log10(low)), float(np.log10(high))],
        "tickvals": inside,
        "ticktext": text,
    }


def loss_chart(
    curves: Sequence[Curve],
    targets: Sequence[Target],
    *,
    height: int = 420,
    scale: float = 1.0,
) -> go.Figure:
    """Losses by step on log axes: the smoothed line over the faint single losses, and targets."""
    everything = [value for c in curves for value in c.y] + [target.loss for target in targets]
    last = max([c.x[-1] for c in curves if len(c.x)] + [t.step for t in targets] + [100.0])
    low, high = min([*everything, 0.05]) / 1.3, max([*everything, 1.0]) * 1.15
    figure = axes_figure(
        (10, last), (low, high), x_title="step", y_title="loss", height=height, scale=scale
    )
    for k, curve in enumerate(curves):
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        if len(curve.faint):
            figure.add_scatter(
                x=curve.x,
                y=curve.faint,
                line={"color": translucent(colour, 0.22), "width": 1},
                showlegend=False,
                hoverinfo="skip",
            )
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            name=curve.name,
            line={"color": colour, "width": 2.6 * scale, "dash": dash},
            hovertemplate="step %{x:,}: %{y:.4f}",
        )
    if targets:
        figure.add_scatter(
            x=[target.step for target in targets],
            y=[target.loss for target in targets],
            text=[target.name for target in targets],
            mode="markers",
            marker={"symbol": "triangle-down", "size": 12 * scale, "color": ORANGE},
            name="the practical's targets: be below by this step",
            hovertemplate="%{text}<extra></extra>",
        )
        for target in targets:  # named above the lines, where nothing is drawn
            figure.add_annotation(
                x=np.log10(target.step),
                y=np.log10(target.loss),
                text=target.name,
                # on a telephone a name is half as wide as the axis, and must end with it
                xanchor="right" if 3 * target.step > last else "center",
                ax=0,
                ay=-105 * scale,
                arrowwidth=1.2 * scale,
                arrowcolor=ORANGE,
                font={"size": 13 * scale},
            )
    figure.update_xaxes(**_ticks(10, last * 1.25))
    figure.update_yaxes(**_ticks(low, high))
    figure.update_layout(dragmode=False, margin={"t": 34 * scale * (1 + len(curves) // 3)})
    return figure


def error_pane(
    curves: Mapping[str, tuple[Floats, Floats]],
    times: Floats,
    t: Floats,
    *,
    title: str,
    scale: float = 1.0,
) -> Pane:
    """‖ε̂ − ε‖² by t, name → (t, error), on a log axis; a cursor stands at `t` (F,) of `times`."""
    low = min([0.01, *(float(np.min(y)) for _, y in curves.values())]) / 1.2
    figure = axes_figure((0, 1), (low, 1.2), x_title="t", y_title="error of ε̂", scale=scale)
    for k, (name, (x, y)) in enumerate(curves.items()):
        line = {"color": COLOURS[k % len(COLOURS)], "dash": DASHES[k % len(DASHES)]}
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            line={**line, "width": 2.6 * scale},
            hovertemplate="t = %{x:.2f}: %{y:.3f}",
        )
    figure.update_yaxes(**_ticks(low, 1.2))
    legend = {"orientation": "v", "x": 0.98, "y": 0.98, "xanchor": "right", "yanchor": "top"}
    figure.update_layout(dragmode=False, legend=legend, meta=_legend_above(len(curves)))
    # a single curve is named too: it need not be that of the network on the page
    figure.update_layout(showlegend=True)
    return Pane(figure, (Cursor(times, t),), title=title)


def _legend_above(lines: int) -> dict[str, object]:
    """For a narrow screen, on which a legend of so many lines would lie over curves and cursor."""
    room = 24 + 19 * lines
    legend = {"x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"}
    return {"narrow": {"height": 350 + room, "layout": {"legend": legend, "margin": {"t": room}}}}


def reading_pane(
    t: Floats, true: Floats, read: Floats, times: Floats, *, title: str, scale: float = 1.0
) -> Pane:
    """σ̂ read off single pictures (F, B) as dots over the true σ_t (F,), by t (F,)."""
    figure = axes_figure((0, 1), (0, 1.15), x_title="t", y_title="σ", scale=scale)
    figure.add_scatter(
        x=np.repeat(t, read.shape[1]),
        y=read.ravel(),
        mode="markers",
        marker={"color": translucent(BLUE, 0.55), "size": 7 * scale},
        name="σ̂ read off one picture",
        hovertemplate="t = %{x:.2f}: %{y:.3f}",
    )
    figure.add_scatter(
        x=t,
        y=true,
        line={"color": VERMILLION, "width": 2.6 * scale},
        name="true σₜ",
        hovertemplate="t = %{x:.2f}: %{y:.3f}",
    )
    legend = {"orientation": "v", "x": 0.98, "y": 0.05, "xanchor": "right", "yanchor": "bottom"}
    figure.update_layout(dragmode=False, legend=legend, meta=_legend_above(2))
    return Pane(figure, (Cursor(times, t),), title=title)
