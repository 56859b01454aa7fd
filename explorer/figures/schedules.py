"""Schedules on one axis, and the end of a process against the noise it should have reached."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.process import Process
from explorer.figures.base import axes_figure
from explorer.figures.palette import colour, translucent

DASHES = ("solid", "dash", "dot")

PANELS = (
    ("Noise rate β(t) = g²", "log"),
    ("Signal kept ᾱ = α²", "linear"),
    ("Noise σ", "log"),
    ("Signal-to-noise α²/σ²", "log"),
)


def curves(
    processes: Sequence[tuple[str, Process]], *, height: int = 470, scale: float = 1.0
) -> go.Figure:
    """β, ᾱ, σ and SNR over t, a panel each, a colour and a dash for each named process."""
    axis = axes_figure((0, 1), (0, 1), height=height, scale=scale).layout
    figure = go.Figure(layout={**axis.to_plotly_json(), "showlegend": True})
    x_axis, y_axis = axis.xaxis.to_plotly_json(), axis.yaxis.to_plotly_json()
    for panel, (title, kind) in enumerate(PANELS):
        row, column = divmod(panel, 2)
        left, bottom = 0.56 * column, 0.56 * (1 - row)
        number = str(panel + 1) if panel else ""
        across = {**x_axis, "domain": [left, left + 0.44], "anchor": f"y{number}"}
        across["title"] = {"text": "t" if row else "", "standoff": 2}
        upward = {**y_axis, "domain": [bottom, bottom + 0.38], "anchor": f"x{number}"}
        upward |= {"type": kind, "title": {"text": ""}}
        if kind == "log":
            upward |= {"dtick": 2 if panel == 3 else 1, "tickformat": ".0e"}
        upward["range"] = [0, 1.03] if kind == "linear" else _log_range(panel, processes)
        figure.update_layout({f"xaxis{number}": across, f"yaxis{number}": upward})
        figure.add_annotation(
            text=title,
            x=left,
            y=bottom + 0.385,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"size": 13 * scale},
        )
    for i, (name, process) in enumerate(processes):
        t, values = _values(process)
        for panel, y in enumerate(values):
            number = str(panel + 1) if panel else ""
            figure.add_scatter(
                x=t,
                y=y,
                name=name,
                legendgroup=str(i),
                showlegend=panel == 0,
                xaxis=f"x{number}",
                yaxis=f"y{number}",
                line={"color": colour(i), "width": 2.5 * scale, "dash": DASHES[i % 3]},
                hovertemplate="t = %{x:.2f}: %{y:.3g}",
            )
    figure.update_layout(
        dragmode=False, hovermode="x", legend={"y": 1.03, "yanchor": "bottom"}, margin={"t": 40}
    )
    return figure


def _values(process: Process, points: int = 201) -> tuple[np.ndarray, list[np.ndarray]]:
    """(P,) times from just above 0 to t_max, and the four curves over them, each (P,)."""
    t = torch.linspace(0, process.t_max, points, dtype=torch.float64)
    t[0] = 1e-3 * process.t_max
    alpha_bar, variance = process.alpha(t) ** 2, process.sigma(t) ** 2
    rate = process.diffusion(t) ** 2
    return t.numpy(), [v.numpy() for v in (rate, alpha_bar, variance.sqrt(), alpha_bar / variance)]


def _log_range(panel: int, processes: Sequence[tuple[str, Process]]) -> list[float]:
    """Powers of ten that hold all curves of a panel, at most eight of them."""
    values = np.concatenate([_values(process)[1][panel] for _, process in processes])
    logs = np.log10(values[values > 0])
    low, high = float(np.quantile(logs, 0.005)), float(np.quantile(logs, 0.995))
    return [max(low, high - 8) - 0.15, high + 0.15]


def end_against_noise(
    process: Process, distribution: ExactDistribution, *, height: int = 230, scale: float = 1.0
) -> go.Figure:
    """x_1 along its longest direction, as a histogram of draws, over the prior's density."""
    rng = torch.Generator().manual_seed(0)
    t = torch.tensor(process.t_max, dtype=torch.float64)
    x0 = distribution.sample(20_000, rng)
    x1 = process.perturb(x0, t, rng)[0].double()
    _, directions = torch.linalg.eigh(distribution.covariance)
    along = (x1 @ directions[:, -1]).numpy()
    sigma = float(process.sigma(t))
    reach = 1.05 * max(4 * sigma, float(np.abs(along).max()))
    edges = np.linspace(-reach, reach, 91)
    heights, _ = np.histogram(along, edges, density=True)
    middle = (edges[1:] + edges[:-1]) / 2
    axis = np.linspace(-reach, reach, 400)
    prior = np.exp(-0.5 * (axis / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    top = 1.08 * max(float(heights.max()), float(prior.max()))
    title = "x₁" if distribution.dim == 1 else "x₁ along the data's longest direction"
    figure = axes_figure((-reach, reach), (0, top), x_title=title, height=height, scale=scale)
    figure.add_bar(
        x=middle,
        y=heights,
        width=edges[1] - edges[0],
        name="where the process ends",
        marker={"color": translucent(colour(4), 0.75), "line": {"width": 0}},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=axis,
        y=prior,
        name="where samplers start",
        line={"color": colour(1), "width": 2.5 * scale},
        hoverinfo="skip",
    )
    figure.update_yaxes(showticklabels=False, ticks="")
    figure.update_layout(margin={"t": 34}, dragmode=False, bargap=0)
    return figure
