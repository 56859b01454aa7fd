"""Names written beside the lines that bear them, and powers of ten on an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class End:
    """Where a line ends: its name, its last value on the y axis, its colour and its dash."""

    name: str
    value: float
    colour: str
    dash: str


def label_ends(
    figure: go.Figure, ends: Sequence[End], *, column: float, scale: float = 1.0
) -> None:
    """Write each name at the height of its line's end, in a column right of the plot.

    Where names would overlap they are moved apart, and a thin line leads to each. The figure's y
    axis is logarithmic.  column: the share of the width that the names take.
    """
    low, high = figure.layout.yaxis.range
    inner = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    gap = 18 * scale / inner * (high - low)
    order = sorted(ends, key=lambda end: end.value)
    heights = [float(np.clip(np.log10(end.value), low, high)) for end in order]
    places = apart(heights, gap, low + gap / 2, high - gap / 2)
    for end, start, place in zip(order, heights, places, strict=True):
        figure.add_scatter(
            x=[0, 0.1, 0.19],
            y=[10**start, 10**place, 10**place],
            text=["", "", f" {end.name}"],
            mode="lines+text",
            textposition="middle right",
            textfont={"color": end.colour, "size": 13 * scale},
            line={"color": end.colour, "width": 1.4 * scale, "dash": end.dash},
            xaxis="x2",
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    figure.update_layout(
        xaxis={"domain": [0, 1 - column]},
        xaxis2={
            "domain": [1 - column, 1],
            "range": [0, 1],
            "visible": False,
            "fixedrange": True,
            "anchor": "y",
        },
    )


def apart(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Increasing places in [low, high], at least `gap` apart, each near its value (increasing).

    Where the span cannot hold them all at `gap`, they are spread evenly.
    """
    if len(values) > 1:
        gap = min(gap, (high - low) / (len(values) - 1))
    places: list[float] = []
    for i, value in enumerate(values):
        places.append(max(value, low) if i == 0 else max(value, places[-1] + gap))
    places[-1:] = [min(place, high) for place in places[-1:]]
    for i in range(len(places) - 2, -1, -1):
        places[i] = min(places[i], places[i + 1] - gap)
    return places


def decades(low: int, high: int) -> dict[str, Any]:
    """Ticks of a logarithmic axis at 10^low … 10^high, written as powers; 1 is 1."""
    powers = range(low, high + 1)
    texts = ["1" if power == 0 else f"10{str(power).translate(SUPERSCRIPTS)}" for power in powers]
    return {"tickvals": [10.0**power for power in powers], "ticktext": texts}
