"""What chains and a diffusion sampler came to, as still charts: modes, memory, tuning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_figure
from explorer.figures.palette import AXIS, BLUE, GREY, ORANGE, VERMILLION, translucent

COLOURS = (BLUE, ORANGE, VERMILLION)
DASHES = ("solid", "dash", "dot")
MARKERS = ("circle", "square", "star")


@dataclass(frozen=True, eq=False)
class Tuned:
    """Step sizes (S,) as they were tried at `spent` (S,) evaluations, and the share taken (S,)."""

    spent: np.ndarray
    sizes: np.ndarray
    taken: np.ndarray


@dataclass(frozen=True, eq=False)
class Traced:
    """A lane over its budget.

    place: 0, 1, 2 from the left, which gives the colour.  shares: (G,) of the modes at the end.
    spent: (S+1,) evaluations, with `misplaced` (S+1,) the total variation to the true shares; both
    end only where the lane is not on its target before.  lags: in evaluations, with `memory` the
    autocorrelation, or None.
    """

    label: str
    place: int
    shares: np.ndarray
    spent: np.ndarray
    misplaced: np.ndarray
    lags: np.ndarray | None = None
    memory: np.ndarray | None = None
    tuned: Tuned | None = None


def modes_chart(
    lanes: Sequence[Traced], budget: int, *, height: int = 300, scale: float = 1.0
) -> go.Figure:
    """The share in a wrong mode, against evaluations; a mark where only the end counts."""
    figure = axes_figure(
        (0, 1.02 * budget),
        (-0.02, 1.02),
        x_title="evaluations of the score",
        y_title="share misplaced",
        height=height,
        scale=scale,
    )
    for lane in lanes:
        alone = len(lane.spent) == 1
        figure.add_scatter(
            x=lane.spent,
            y=lane.misplaced,
            name=f"{lane.label} (at its end)" if alone else lane.label,
            mode="markers" if alone else "lines",
            line=_line(lane, scale),
            marker={"symbol": MARKERS[lane.place], "size": 14 * scale},
            cliponaxis=False,
            hovertemplate="%{x} evaluations: %{y:.1%}",
            showlegend=True,
        )
    figure.update_yaxes(tickformat=".0%")
    return _finished(figure, scale)


def shares_chart(
    lanes: Sequence[Traced], truth: np.ndarray, *, height: int = 300, scale: float = 1.0
) -> go.Figure:
    """The share of each mode at the end, lane by lane, beside the true weights (G,)."""
    count = len(truth)
    top = 1.08 * max(float(truth.max()), *(float(lane.shares.max()) for lane in lanes))
    figure = axes_figure(
        (0.5, count + 0.5), (0, top), x_title="mode", y_title="share", height=height, scale=scale
    )
    names = [str(mode + 1) for mode in range(count)]
    bars = [("truth", truth, GREY), *((x.label, x.shares, COLOURS[x.place]) for x in lanes)]
    for label, shares, colour in bars:
        figure.add_bar(
            x=np.arange(1, count + 1),
            y=shares,
            name=label,
            marker={"color": translucent(colour, 0.85), "line": {"width": 0}},
            hovertemplate="mode %{x}: %{y:.1%}",
        )
    figure.update_xaxes(tickvals=list(range(1, count + 1)), ticktext=names)
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(barmode="group", bargap=0.25)
    return _finished(figure, scale)


def memory_chart(
    lanes: Sequence[Traced], budget: int, *, height: int = 300, scale: float = 1.0
) -> go.Figure:
    """Autocorrelation against the evaluations between two states of a chain."""
    figure = axes_figure(
        (0, 0.375 * budget),
        (-1.05, 1.05),
        x_title="evaluations of the score between two states of a chain",
        y_title="autocorrelation",
        height=height,
        scale=scale,
    )
    for lane in lanes:
        if lane.lags is None:
            continue
        figure.add_scatter(
            x=lane.lags,
            y=lane.memory,
            name=lane.label,
            mode="lines+markers" if len(lane.lags) < 80 else "lines",
            line=_line(lane, scale),
            marker={"symbol": MARKERS[lane.place], "size": 6 * scale},
            hovertemplate="%{x} evaluations apart: %{y:.2f}",
            showlegend=True,
        )
    figure.add_hline(y=0, line={"color": AXIS, "width": 1.5 * scale, "dash": "dot"})
    return _finished(figure, scale)


def tuning_chart(
    lanes: Sequence[Traced], budget: int, *, height: int = 300, scale: float = 1.0
) -> go.Figure:
    """Left the step size that is tried, right the share of proposals that is taken then."""
    tuned = [(lane, lane.tuned) for lane in lanes if lane.tuned is not None]
    sizes = np.concatenate([found.sizes for _, found in tuned])
    low, high = np.log10(sizes.min()) - 0.15, np.log10(sizes.max()) + 0.15
    figure = axes_figure((0, budget), (low, high), height=height, scale=scale)
    for lane, found in tuned:
        for values, axis in ((found.sizes, ""), (found.taken, "2")):
            figure.add_scatter(
                x=found.spent,
                y=values,
                name=lane.label,
                mode="lines+markers" if len(values) < 120 else "lines",
                line=_line(lane, scale),
                marker={"symbol": MARKERS[lane.place], "size": 6 * scale},
                hovertemplate="%{x} evaluations: %{y:.3g}",
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
                showlegend=axis == "",
            )
    across, upward = figure.layout.xaxis.to_plotly_json(), figure.layout.yaxis.to_plotly_json()
    figure.update_layout(
        xaxis={"domain": [0, 0.45], "title": {"text": "evaluations of the score"}},
        yaxis={"type": "log", "title": {"text": "step size"}},
        xaxis2={
            **across,
            "domain": [0.55, 1],
            "anchor": "y2",
            "title": {**across["title"], "text": "evaluations of the score"},
        },
        yaxis2={
            **upward,
            "anchor": "x2",
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "title": {**upward["title"], "text": "proposals taken"},
        },
    )
    return _finished(figure, scale)


def _line(lane: Traced, scale: float) -> dict:
    return {"color": COLOURS[lane.place], "width": 2.6 * scale, "dash": DASHES[lane.place]}


def _finished(figure: go.Figure, scale: float) -> go.Figure:
    figure.update_layout(dragmode=False, margin={"t": 34 * scale, "l": 62 * scale})
    return figure
