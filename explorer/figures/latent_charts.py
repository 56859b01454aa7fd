"""The loss of a VAE in its two parts, above what no VAE can go below."""

from __future__ import annotations

import plotly.graph_objects as go
from torch import Tensor

from explorer.figures.base import axes_layout
from explorer.figures.palette import BLUE, GREY, ORANGE, VERMILLION
from explorer.training.vae import LEAST


def loss_chart(curve: Tensor, *, height: int = 420, scale: float = 1.0) -> go.Figure:
    """Reconstruction, KL and their sum by step, for a curve (P, 3) of step and both parts."""
    step, reconstruction, kl = curve.T.tolist()
    together = [a + b for a, b in zip(reconstruction, kl, strict=True)]
    layout = axes_layout(
        (0, step[-1]),
        (0, 1.05 * max(together)),
        x_title="VAE step",
        y_title="nats per vector",
        height=height,
        scale=scale,
    )
    lines = (
        ("together", together, VERMILLION, "solid", 2.8),
        ("KL", kl, BLUE, "solid", 2.2),
        ("reconstruction", reconstruction, ORANGE, "solid", 2.2),
        ("ln 4: the least", [LEAST] * len(step), GREY, "dash", 1.8),
    )
    data = [
        {
            "type": "scatter",
            "x": step,
            "y": values,
            "name": name,
            "line": {"color": colour, "dash": dash, "width": width * scale},
            "hovertemplate": "step %{x:,}: %{y:.2f}",
        }
        for name, values, colour, dash, width in lines
    ]
    layout |= {"dragmode": False, "margin": {**layout["margin"], "t": 34 * scale}}
    return go.Figure(data=data, layout=layout)
