"""Steps against quality: a line for each sampler, down to the floor that chance sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.diffusion.samplers import SAMPLERS
from explorer.figures.base import axes_figure
from explorer.figures.labels import End, label_ends
from explorer.figures.palette import AXIS, OKABE_ITO, YELLOW
from explorer.quality import BUDGETS, Quality

COLOURS = tuple(colour for colour in OKABE_ITO if colour != YELLOW)
"""Without the yellow, in which neither a thin line nor its name can be read on white."""
DASHES = ("solid", "dash", "dot", "dashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star")
WORST = 25.0
"""Floors at which the axis ends."""


def quality_chart(
    qualities: Sequence[Quality], *, height: int = 460, scale: float = 1.0
) -> go.Figure:
    """Distance to the truth in floors against evaluations of the score, both on log axes.

    Each sampler has its own colour, dash and marker, whichever others are shown.
    """
    span = np.log10([BUDGETS[0] * 0.55, BUDGETS[-1] * 1.15])
    figure = axes_figure(
        (float(span[0]), float(span[1])),
        (float(np.log10(0.6)), float(np.log10(WORST))),
        x_title="evaluations of the score",
        y_title="distance ÷ noise floor",
        height=height,
        scale=scale,
    )
    ends = []
    for i, (name, entry) in enumerate(SAMPLERS.items()):
        runs = [q for q in qualities if q.sampler == name and np.isfinite(q.distance.ratio)]
        if not runs:
            continue
        colour = COLOURS[i % len(COLOURS)]
        # where the colours begin again, the dashes and the markers do not
        dash, marker = DASHES[i % len(DASHES)], MARKERS[i % len(MARKERS)]
        ratios = [min(q.distance.ratio, WORST) for q in runs]
        figure.add_scatter(
            x=[q.evaluations for q in runs],
            y=ratios,
            name=entry.label,
            mode="lines+markers",
            line={"color": colour, "width": 2.4 * scale, "dash": dash},
            marker={"symbol": marker, "size": 8 * scale},
            customdata=[q.distance.ratio for q in runs],
            hovertemplate="%{x} evaluations: %{customdata:.2f} × floor",
            showlegend=False,
        )
        ends.append(End(entry.label, ratios[-1], colour, dash))
    figure.add_scatter(
        x=[1, 10 * BUDGETS[-1]],
        y=[1, 1],
        mode="lines",
        line={"color": AXIS, "width": 2 * scale, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_annotation(
        text="noise floor: another true sample",
        x=float(span[0]),
        y=0,
        xanchor="left",
        yanchor="top",
        showarrow=False,
        font={"size": 12 * scale},
    )
    figure.update_xaxes(type="log", tickvals=list(BUDGETS), ticktext=[str(b) for b in BUDGETS])
    ticks = [1, 2, 5, 10, 20]
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[str(tick) for tick in ticks])
    label_ends(figure, ends, column=0.27, scale=scale)
    figure.update_layout(dragmode=False)
    return figure
