"""Schedules on one axis, and the end of a process against the noise it should have reached."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.process import Process
from explorer.figures.base import axes_layout
from explorer.figures.layers import Bars, Curve, Pane, Range
from explorer.figures.view import rounded_up

DASHES: tuple[Literal["", "dash", "dot"], ...] = ("", "dash", "dot")

PANELS = (
    ("Noise rate β(t) = g²", "log"),
    ("Signal kept ᾱ = α²", "linear"),
    ("Noise σ", "log"),
    ("Signal-to-noise α²/σ²", "log"),
)
DECADES = 8
"""How many powers of ten a panel shows at most."""

NOTHING = -400.0
"""For the logarithm of 0: ten to this power is 0 for a computer."""

STILL = np.zeros(1)


def curves(processes: Sequence[tuple[str, Process]], *, scale: float = 1.0) -> Pane:
    """β, ᾱ, σ and SNR over t, a panel each, a colour and a dash for each named process."""
    found = [_values(process) for _, process in processes]
    drawn = [[_drawn(kind, y) for (_, kind), y in zip(PANELS, ys, strict=True)] for _, ys in found]
    ranges = tuple(
        (0.0, 1.03) if kind == "linear" else _log_range([ys[panel] for ys in drawn])
        for panel, (_, kind) in enumerate(PANELS)
    )
    layers = [
        Curve(
            STILL,
            t,
            y[None],
            xaxis=f"x{panel + 1 if panel else ''}",
            yaxis=f"y{panel + 1 if panel else ''}",
            colour=i,
            name=name,
            dash=DASHES[i % 3],
            width=2.5 * scale,
            reads="t",
        )
        for i, ((name, _), (t, _), ys) in enumerate(zip(processes, found, drawn, strict=True))
        for panel, y in enumerate(ys)
    ]
    return Pane(_panels(ranges, scale), tuple(layers))


@lru_cache(maxsize=64)
def _panels(ranges: tuple[Range, ...], scale: float) -> go.Figure:
    """The four panels' axes, which most changes of a schedule leave alone."""
    layout = axes_layout((0, 1), (0, 1), scale=scale)
    type_size = {"size": 13 * scale}
    across, upward = ({**layout.pop(name), "tickfont": type_size} for name in ("xaxis", "yaxis"))
    layout["annotations"], held = [], []
    for panel, (title, kind) in enumerate(PANELS):
        row, column = divmod(panel, 2)
        left, bottom = 0.56 * column, 0.56 * (1 - row)
        number = str(panel + 1) if panel else ""
        layout[f"xaxis{number}"] = {
            **across,
            "domain": [left, left + 0.44],
            "anchor": f"y{number}",
            "title": {"text": "t" if row else "", "standoff": 2, "font": type_size},
        }
        vertical: dict[str, Any] = {
            **upward,
            "domain": [bottom, bottom + 0.38],
            "anchor": f"x{number}",
            "type": kind,
            "range": list(ranges[panel]),
            "title": {"text": ""},
        }
        if kind == "log":
            span = ranges[panel][1] - ranges[panel][0]
            vertical |= {"dtick": 2 if span > 5 else 1, "exponentformat": "power"}
        layout[f"yaxis{number}"] = vertical
        layout["annotations"].append(
            {
                "text": title,
                "x": left,
                "y": bottom + 0.385,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": type_size,
            }
        )
        # of several pairs of axes Plotly draws those that hold a trace
        held.append({"type": "scatter", "x": [None], "y": [None], "showlegend": False})
        held[-1] |= {"xaxis": f"x{number}", "yaxis": f"y{number}"}
    return go.Figure(data=held, layout={**layout, "dragmode": False})


def _values(process: Process, points: int = 201) -> tuple[np.ndarray, list[np.ndarray]]:
    """(P,) times from just above 0 to t_max, and the four curves over them, each (P,)."""
    t = torch.linspace(0, process.t_max, points, dtype=torch.float64)
    t[0] = 1e-3 * process.t_max
    alpha_bar, variance = process.alpha(t) ** 2, process.sigma(t) ** 2
    rate = process.diffusion(t) ** 2
    return t.numpy(), [v.numpy() for v in (rate, alpha_bar, variance.sqrt(), alpha_bar / variance)]


def _drawn(kind: str, values: np.ndarray) -> np.ndarray:
    """Values (P,) on their axis; `NOTHING`, far below every panel, where a logarithm has none."""
    if kind == "linear":
        return values
    return np.log10(values, where=values > 0, out=np.full_like(values, NOTHING))


def _log_range(logs: Sequence[np.ndarray]) -> Range:
    """Half powers of ten that hold all curves of a panel, but for the last steps to 0 or ∞."""
    values = np.concatenate(logs)
    low, high = (float(v) for v in np.quantile(values[values > NOTHING], (0.005, 0.995)))
    return np.floor(2 * max(low, high - DECADES) - 0.1) / 2, np.ceil(2 * high + 0.1) / 2


def end_against_noise(
    process: Process, distribution: ExactDistribution, *, scale: float = 1.0
) -> Pane:
    """x_1 along its longest direction, as a histogram of draws, over the prior's density."""
    rng = torch.Generator().manual_seed(0)
    t = torch.tensor(process.t_max, dtype=torch.float64)
    x0 = distribution.sample(20_000, rng)
    x1 = process.perturb(x0, t, rng)[0].double()
    _, directions = torch.linalg.eigh(distribution.covariance)
    along = (x1 @ directions[:, -1]).numpy()
    sigma = float(process.sigma(t))
    reach = rounded_up(1.05 * max(4 * sigma, float(np.abs(along).max())))
    edges = np.linspace(-reach, reach, 91)
    heights, _ = np.histogram(along, edges, density=True)
    axis = np.linspace(-reach, reach, 400)
    prior = np.exp(-0.5 * (axis / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    top = 1.08 * max(float(heights.max()), float(prior.max()))
    title = "x₁" if distribution.dim == 1 else "x₁ along the data's longest direction"
    layers = (
        Bars(
            STILL,
            edges,
            heights[None] / top,
            colour=4,
            name="where the process ends",
            opacity=0.75,
        ),
        Curve(
            STILL,
            axis,
            prior[None] / top,
            colour=1,
            name="where samplers start",
            width=2.5 * scale,
        ),
    )
    return Pane(_end_axes(reach, title, scale), layers)


@lru_cache(maxsize=64)
def _end_axes(reach: float, title: str, scale: float) -> go.Figure:
    layout = axes_layout((-reach, reach), (0, 1), x_title=title, scale=scale)
    layout["yaxis"] |= {"showticklabels": False, "ticks": ""}
    layout["margin"] |= {"l": 12}
    return go.Figure(layout={**layout, "dragmode": False})
