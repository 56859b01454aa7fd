"""The bound and the weights of its terms, as still charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from explorer.diffusion.bound import Bound, eps_weights
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.figures.base import axes_figure
from explorer.figures.labels import decades
from explorer.figures.palette import BLUE, GREEN, ORANGE, VERMILLION


def terms_chart(exact: Bound, learned: Bound, *, height: int, scale: float = 1.0) -> go.Figure:
    """L_{t−1} by t in nats, on a log axis, of the exact score and of a network."""
    lines = (
        ("exact score", exact, BLUE, "solid", 5.0),
        ("network", learned, VERMILLION, "dash", 2.4),
    )
    values = [bound.steps[:-1].mean(dim=1).clamp_min(1e-6).numpy() for _, bound, *_ in lines]
    low = int(np.floor(np.log10(min(v.min() for v in values))))
    high = int(np.ceil(np.log10(max(v.max() for v in values))))
    figure = axes_figure(
        (0, 1),
        (10.0**low, 10.0**high),
        x_title="t",
        y_title="Lₜ₋₁ (nats)",
        height=height,
        scale=scale,
    )
    for (name, bound, colour, dash, width), y in zip(lines, values, strict=True):
        figure.add_scatter(
            x=bound.ts[:-1].numpy(),
            y=y,
            name=name,
            line={"color": colour, "width": width * scale, "dash": dash},
            hovertemplate="t = %{x:.3f}: %{y:.2g} nats",
        )
    figure.update_yaxes(type="log", range=[low, high], **decades(low, high))
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale, "l": 58 * scale})
    return figure


@dataclass(frozen=True)
class Rung:
    """A figure in nats with its standard error, as the ladder shows it."""

    name: str
    value: float
    error: float
    colour: str


def ladder_chart(rungs: Sequence[Rung], *, height: int, scale: float = 1.0) -> go.Figure:
    """Figures one above another on one axis of nats, each with its value and error."""
    low = min(rung.value - 3 * rung.error for rung in rungs)
    high = max(rung.value + 3 * rung.error for rung in rungs)
    room = 0.3 * max(high - low, 0.05)
    figure = axes_figure(
        (low - room, high + room),
        (-0.6, len(rungs) - 0.4),
        x_title="nats per point",
        height=height,
        scale=scale,
    )
    for place, rung in enumerate(rungs):
        figure.add_scatter(
            x=[rung.value],
            y=[place],
            error_x={"array": [2 * rung.error], "thickness": 2 * scale, "width": 6 * scale},
            mode="markers+text",
            text=[f"{rung.name}: {rung.value:.3f}"],
            textposition="top center",
            textfont={"color": rung.colour, "size": 13 * scale},
            marker={"color": rung.colour, "size": 11 * scale},
            cliponaxis=False,
            showlegend=False,
            hovertemplate=f"{rung.value:.4f} ± {rung.error:.4f} nats<extra></extra>",
        )
    figure.update_yaxes(showticklabels=False, ticks="", showgrid=False)
    figure.update_layout(dragmode=False, margin={"l": 16})
    return figure


def weights_chart(chain: LinearDDPM, *, height: int, scale: float = 1.0) -> go.Figure:
    """The weight of ‖ε − ε̂‖² in the bound by step, for both variances, and the simple loss's 1."""
    grid = chain.grid(chain.steps)
    step = (grid[:-1] * chain.steps).round().numpy()
    forward, posterior = (eps_weights(chain, grid, v).numpy() for v in ("forward", "posterior"))
    lines = (
        ("the bound's, with σₜ² = βₜ", forward, BLUE, "solid"),
        ("the bound's, with σₜ² = β̃ₜ", posterior, ORANGE, "dash"),
        ("the simple loss's: 1", np.ones(len(step)), GREEN, "dot"),
    )
    values = np.concatenate([forward, posterior])
    low = int(np.floor(np.log10(values.min())))
    high = max(int(np.ceil(np.log10(values.max()))), 1)
    figure = axes_figure(
        (0, chain.steps),
        (10.0**low, 10.0**high),
        x_title="step t",
        y_title="weight",
        height=height,
        scale=scale,
    )
    for name, y, colour, dash in lines:
        figure.add_scatter(
            x=step,
            y=y,
            name=name,
            line={"color": colour, "width": 3 * scale, "dash": dash},
            hovertemplate="t = %{x}: %{y:.3g}",
        )
    figure.update_yaxes(type="log", range=[low, high], **decades(low, high))
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale, "l": 58 * scale})
    return figure


def shares_chart(chain: LinearDDPM, *, height: int, scale: float = 1.0) -> go.Figure:
    """The share of all weight that lies on steps up to t: the bound's against the simple loss's."""
    grid = chain.grid(chain.steps)
    weights = eps_weights(chain, grid).flip(0).numpy()
    steps = np.arange(len(weights) + 1)
    figure = axes_figure(
        (0, len(weights)),
        (0, 1.02),
        x_title="step t",
        y_title="share of the weight up to t",
        height=height,
        scale=scale,
    )
    for name, share, colour, dash in (
        ("the bound", np.append(0, weights.cumsum() / weights.sum()), BLUE, "solid"),
        ("the simple loss", steps / len(weights), GREEN, "dot"),
    ):
        figure.add_scatter(
            x=steps,
            y=share,
            name=name,
            line={"color": colour, "width": 3 * scale, "dash": dash},
            hovertemplate="up to t = %{x}: %{y:.1%}",
        )
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale, "l": 62 * scale})
    return figure
