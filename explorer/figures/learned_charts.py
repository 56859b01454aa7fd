"""How far a learned score is from the exact one, as still charts: by time, by place, by sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Generator

from explorer.diffusion.comparison import ErrorByTime, error_map
from explorer.figures.base import axes_figure
from explorer.figures.labels import End, decades, label_ends
from explorer.figures.learned import FULL, Rivals, likely
from explorer.figures.learned_samples import Densities
from explorer.figures.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION, translucent
from explorer.figures.view import CLOCK_STEPS, View

LEAST = 1e-5
"""An error below which the exact score itself, in float32, is not known."""


def _over_clock(view: View) -> dict[str, Any]:
    """A horizontal axis on which the clock runs evenly, ticked in t."""
    ticks = np.linspace(0, 1, 6)
    labels = [f"{float(view.grid[round(c * CLOCK_STEPS)]):.2g}" for c in ticks]
    return {"tickvals": ticks.tolist(), "ticktext": labels, "range": [0, 1]}


def error_chart(
    view: View, errors: ErrorByTime, *, height: int = 420, scale: float = 1.0
) -> go.Figure:
    """Relative error, 1 − cosine and the excess of the loss, from noise to data, on a log axis."""
    figure = axes_figure((0, 1), (-5, 0.3), x_title="t", height=height, scale=scale)
    clock = view.clock(errors.ts.flip(0))
    lines = (
        ("relative error", errors.relative, VERMILLION, "solid"),
        ("excess of the loss", errors.excess, GREEN, "dot"),
        ("1 − cosine", 1 - errors.cosine, PURPLE, "dash"),
    )
    ends = []
    for name, values, colour, dash in lines:
        y = values.flip(0).clamp_min(LEAST).numpy()
        figure.add_scatter(
            x=clock,
            y=y,
            customdata=errors.ts.flip(0).numpy(),
            name=name,
            line={"color": colour, "width": 2.8 * scale, "dash": dash},
            hovertemplate="t = %{customdata:.3f}: %{y:.2g}",
            showlegend=False,
        )
        ends.append(End(name, float(y[-1]), colour, dash))
    figure.update_xaxes(**_over_clock(view))
    figure.update_yaxes(type="log", **decades(-5, 0))
    label_ends(figure, ends, column=0.27, scale=scale)
    figure.update_layout(dragmode=False)
    return figure


def error_strip(
    rivals: Rivals, *, height: int = 420, scale: float = 1.0, points: int = 160, frames: int = 101
) -> go.Figure:
    """σ ‖s − s*‖ of a 1D score over x and time, between whose lines lie 99 % of p_t."""
    view = rivals.view
    half = view.half_width
    ts, times = rivals.frames(frames)
    axis = torch.linspace(-half, half, points)[:, None]
    xs = axis * view.unit(ts)[:, None, None].float()
    errors = error_map(view.process, rivals.learned, rivals.exact, xs, ts)
    errors = errors * likely(rivals, xs, ts)
    rng = Generator().manual_seed(0)
    x0 = view.distribution.sample(8000, rng)[:, 0]
    noise = torch.randn(x0.shape, generator=rng)
    spread = torch.stack([a * x0 + s * noise for a, s in zip(*_levels(view, ts), strict=True)])
    spread = spread / view.unit(ts)[:, None]
    low, high = torch.quantile(spread, torch.tensor([0.005, 0.995], dtype=spread.dtype), dim=1)
    unit = " / its spread" if view.rescaled else ""
    figure = axes_figure(
        (0, 1), (-half, half), x_title="t", y_title=f"x{unit}", height=height, scale=scale
    )
    figure.add_heatmap(
        x=times,
        y=axis[:, 0].numpy(),
        z=errors.T.numpy(),
        zmin=0,
        zmax=FULL,
        colorscale=[[0, translucent(VERMILLION, 0)], [1, translucent(VERMILLION, 1)]],
        colorbar={
            "title": {"text": "σ|s − s*|", "side": "top", "font": {"size": 13 * scale}},
            "thickness": 14 * scale,
            "outlinewidth": 0,
            "tickfont": {"size": 13 * scale},
        },
        zsmooth="best",
        hovertemplate="x = %{y:.2f}: %{z:.3f}<extra></extra>",
    )
    for edge, shown in ((low, True), (high, False)):
        figure.add_scatter(
            x=times,
            y=edge.numpy(),
            line={"color": BLUE, "width": 2 * scale, "dash": "dash"},
            name="99 % of pₜ between the lines",
            showlegend=shown,
            hoverinfo="skip",
        )
    figure.update_xaxes(**_over_clock(view))
    # room for the colour scale is set: Plotly's own depends on what was drawn before
    margin = {"t": 32 * scale, "r": 84 * scale, "autoexpand": False}
    figure.update_layout(dragmode=False, margin=margin)
    return figure


def _levels(view: View, ts: torch.Tensor) -> tuple[list[float], list[float]]:
    levels = [level for level, _ in view.process.remember(ts)]
    return [level.alpha for level in levels], [level.sigma for level in levels]


def density_chart(
    known: Densities, samples: np.ndarray, name: str, *, height: int = 460, scale: float = 1.0
) -> go.Figure:
    """A learned 1D density over the exact one, and a histogram of `samples` (B,) called `name`."""
    low, high = float(known.axis[0]), float(known.axis[-1])
    exact, learned = np.exp(known.exact), np.exp(known.learned)
    heights, edges = np.histogram(samples, np.linspace(low, high, 61))
    heights = heights / (len(samples) * (edges[1] - edges[0]))
    top = 1.12 * max(exact.max(), learned.max(), heights.max())
    figure = axes_figure(
        (low, high), (0, top), x_title="x", y_title="density", height=height, scale=scale
    )
    figure.add_bar(
        x=(edges[1:] + edges[:-1]) / 2,
        y=heights,
        width=edges[1] - edges[0],
        name=name,
        marker={"color": translucent(SKY, 0.45), "line": {"width": 0}},
        hoverinfo="skip",
    )
    lines = (("exact", exact, BLUE, "solid", 5), ("learned", learned, VERMILLION, "dash", 2.6))
    for label, values, colour, dash, width in lines:
        figure.add_scatter(
            x=known.axis,
            y=values,
            name=label,
            line={"color": colour, "width": width * scale, "dash": dash},
            hovertemplate="x = %{x:.2f}: %{y:.3f}",
        )
    figure.update_layout(dragmode=False, hovermode="x", bargap=0, margin={"t": 34 * scale})
    return figure


NEAREST = (-4, 1)
"""Powers of ten of the distances that are told apart."""


def nearest_chart(
    distances: Mapping[str, np.ndarray], *, height: int = 420, scale: float = 1.0
) -> go.Figure:
    """Distances to the nearest training point, name → (B,), as one histogram for each name.

    On a log axis, for what is copied lies closer by orders of magnitude; what lies closer than the
    axis begins is counted in its first bar, which may leave the picture.
    """
    edges = np.linspace(*NEAREST, 51)
    colours = (VERMILLION, BLUE, ORANGE)
    figure = axes_figure(
        (10.0 ** NEAREST[0], 10.0 ** NEAREST[1]),
        (0, 1),
        x_title="distance to the nearest training point",
        height=height,
        scale=scale,
    )
    top = 0.02
    for (name, values), colour in zip(distances.items(), colours, strict=False):
        logs = np.log10(np.clip(values, 10.0 ** NEAREST[0] * 1.01, None))
        shares = np.histogram(logs, edges)[0] / len(values)
        top = max(top, float(shares[1:].max()))
        figure.add_scatter(
            x=10 ** ((edges[1:] + edges[:-1]) / 2),
            y=shares,
            name=name,
            fill="tozeroy",
            fillcolor=translucent(colour, 0.25),
            line={"color": colour, "width": 2.4 * scale, "shape": "hvh"},
            hovertemplate="%{x:.2g}: %{y:.1%}",
        )
    figure.update_xaxes(type="log", range=list(NEAREST), **decades(*NEAREST))
    figure.update_yaxes(range=[0, 1.25 * top], tickformat=".0%")
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale})
    return figure
