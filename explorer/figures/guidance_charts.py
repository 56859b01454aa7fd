"""Guidance in still charts: one density against another, and methods over their scale.

Of two methods classifier-free guidance is vermillion and autoguidance green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.figures.base import axes_figure
from explorer.figures.guidance import Classes
from explorer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, translucent


def density_chart(
    classes: Classes,
    samples: np.ndarray,
    log: np.ndarray,
    axis: np.ndarray,
    *,
    height: int = 460,
    scale: float = 1.0,
) -> go.Figure:
    """In 1D: p(x | c), p(x) p(c | x)^w, and the histogram of the guided samples (B,)."""
    x = torch.from_numpy(axis)[:, None]
    true = classes.conditional.log_prob(x).exp().numpy()
    low, high = float(axis[0]), float(axis[-1])
    heights, edges = np.histogram(samples, np.linspace(low, high, 101))
    heights = heights / (len(samples) * (edges[1] - edges[0]))
    tilted = np.exp(log)
    top = 1.12 * max(true.max(), tilted.max(), heights.max())
    figure = axes_figure(
        (low, high), (0, top), x_title="x", y_title="density", height=height, scale=scale
    )
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=heights,
        width=edges[1] - edges[0],
        name="what the guided sampler draws",
        marker={"color": translucent(VERMILLION, 0.45), "line": {"width": 0}},
        hoverinfo="skip",
    )
    for name, values, colour, dash in (
        ("the class, p(x | c)", true, BLUE, "solid"),
        ("p(x) p(c | x)ʷ", tilted, GREEN, "dash"),
    ):
        figure.add_scatter(
            x=axis, y=values, name=name, line={"color": colour, "width": 3 * scale, "dash": dash}
        )
    figure.update_layout(dragmode=False, hovermode="x", bargap=0, margin={"t": 34 * scale})
    return figure


@dataclass(frozen=True)
class Sweep:
    """One method over scales w (W,): distance in floors, modes over a true sample's, strays."""

    name: str
    distance: tuple[float, ...]
    found: tuple[float, ...]
    strays: tuple[float, ...]


def sweep_charts(
    scales: Sequence[float], sweeps: Sequence[Sweep], *, height: int = 330, scale: float = 1.0
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Distance, modes found and strays over the scale, a line for each method."""
    columns = (
        ("distance", "distance to the class, × floor", ""),
        ("found", "modes found, of a true sample's", ".0%"),
        ("strays", "strays", ".0%"),
    )
    colours, dashes = (VERMILLION, GREEN, ORANGE, PURPLE), ("solid", "dash", "dot", "dashdot")
    figures = []
    for field, title, form in columns:
        highest = max(max(getattr(sweep, field)) for sweep in sweeps)
        top = max(1.1 * highest, 0.02)
        figure = axes_figure(
            (min(scales), max(scales)),
            (0, top),
            x_title="scale w",
            y_title=title,
            height=height,
            scale=scale,
        )
        for sweep, colour, dash in zip(sweeps, colours, dashes, strict=False):
            figure.add_scatter(
                x=list(scales),
                y=getattr(sweep, field),
                name=sweep.name,
                mode="lines+markers",
                line={"color": colour, "width": 2.8 * scale, "dash": dash},
            )
        margin = {"t": 34 * scale, "l": 76 * scale}
        figure.update_layout(dragmode=False, hovermode="x", margin=margin)
        figure.update_yaxes(tickformat=form)
        figures.append(figure)
    return figures[0], figures[1], figures[2]
