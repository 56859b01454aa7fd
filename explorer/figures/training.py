"""How a training goes: the loss by step and by time, as Vega-Lite, which redraws without a flicker.

The specification stays the same while the data grow, so that the chart is never mounted anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.diffusion.losses import WEIGHTINGS
from explorer.figures.base import axes_figure
from explorer.figures.palette import BLUE, GREEN, VERMILLION
from explorer.training.spec import ModelSpec

POINTS = 160
Columns = dict[str, Any]


def loss_rows(losses: Tensor) -> Columns:
    """Columns step, loss and mean from losses (S,): at most 160 rows, the mean over a tenth."""
    count = len(losses)
    if not count:
        return {"step": [1], "loss": [1.0], "mean": [1.0]}
    values = losses.double().numpy()
    sums = np.concatenate([[0.0], values.cumsum()])
    ends = np.unique(np.linspace(1, count, min(POINTS, count)).round().astype(int))
    width = max(1, count // POINTS)
    narrow, wide = ends - np.minimum(ends, width), ends - np.minimum(ends, max(5, count // 10))
    return {
        "step": ends,
        "loss": (sums[ends] - sums[narrow]) / (ends - narrow),
        "mean": (sums[ends] - sums[wide]) / (ends - wide),
    }


def by_time_rows(edges: Tensor, loss: Tensor) -> Columns:
    """Columns t0, t1 and loss: the running loss between times; bins without an example are left."""
    there = loss.isfinite()
    return {
        "t0": edges[:-1][there].numpy(),
        "t1": edges[1:][there].numpy(),
        "loss": loss[there].double().numpy(),
    }


def _axis(title: str, scale: float) -> dict[str, Any]:
    size = {"labelFontSize": 12 * scale, "titleFontSize": 13 * scale}
    return {"title": title, **size, "titleFontWeight": "normal", "tickCount": 5}


def loss_spec(log: bool, *, height: int = 190, scale: float = 1.0) -> dict[str, Any]:
    """The loss of each step, faint, under its running mean."""
    kind = "log" if log else "linear"
    x = {
        "field": "step",
        "type": "quantitative",
        "axis": _axis("step", scale),
        "scale": {"type": kind},
    }

    def y(field: str) -> dict[str, Any]:
        axis = _axis("loss", scale)
        return {
            "field": field,
            "type": "quantitative",
            "axis": axis,
            "scale": {"type": kind, "zero": False},
        }

    def line(field: str, opacity: float, width: float) -> dict[str, Any]:
        mark = {"type": "line", "color": BLUE, "opacity": opacity, "strokeWidth": width * scale}
        return {"mark": mark, "encoding": {"x": x, "y": y(field)}}

    return {
        "height": height,
        "layer": [line("loss", 0.3, 1.0), line("mean", 1.0, 2.6)],
        "config": {"animation": False},
    }


def by_time_spec(*, height: int = 190, scale: float = 1.0) -> dict[str, Any]:
    """The running loss over t, a bar for each share of the examples."""
    return {
        "height": height,
        "mark": {"type": "bar", "color": GREEN, "opacity": 0.75, "binSpacing": 1},
        "encoding": {
            "x": {
                "field": "t0",
                "type": "quantitative",
                "bin": "binned",
                "axis": _axis("t", scale),
                "scale": {"domain": [0, 1]},
            },
            "x2": {"field": "t1"},
            "y": {"field": "loss", "type": "quantitative", "axis": _axis("loss at t", scale)},
        },
    }


def weighting_curve(spec: ModelSpec, *, height: int = 250, scale: float = 1.0) -> go.Figure:
    """How much a unit of error in ε̂ counts at each t, on a log axis, its largest value at 1."""
    process = spec.process.build()
    t = torch.linspace(spec.config.t_min, process.t_max, 300, dtype=torch.float64)
    weight = WEIGHTINGS[spec.config.weighting].build()(process, t)
    relative = (weight / weight.max()).clamp_min(1e-6).numpy()
    figure = axes_figure(
        (0, 1), (0, 1), x_title="t", y_title="weight of ‖ε̂ − ε‖²", height=height, scale=scale
    )
    low = min(-1.0, float(np.log10(relative.min())) - 0.1)
    figure.add_scatter(
        x=t.numpy(), y=relative, line={"color": VERMILLION, "width": 2.6 * scale}, showlegend=False
    )
    figure.update_yaxes(
        type="log", range=[low, 0.15], dtick=1 if low > -4 else 2, exponentformat="power"
    )
    figure.update_layout(dragmode=False, margin_l=60 * scale)
    return figure
