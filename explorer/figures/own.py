"""How own data look before they are taken: the places in the plane, or the density on the line."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import torch

from explorer.data.own import own_data
from explorer.data.own_codec import decode
from explorer.figures.base import axes_layout
from explorer.figures.palette import BLUE, ORANGE, translucent


def preview(text: str, width: float, *, height: int = 300, scale: float = 1.0) -> go.Figure:
    """The data of a text of `own_codec`; on the line with the density at this blur."""
    data = decode(text)
    share = data.weights / data.weights.max()
    x = data.centres[:, 0]
    if data.dim == 1:
        ends = float(x.min()) - 4 * width, float(x.max()) + 4 * width
        line = torch.linspace(*ends, 400, dtype=torch.float64)
        density = own_data(text, width).log_prob(line[:, None]).exp().numpy()
        traces = [
            {
                "type": "scatter",
                "x": line.numpy(),
                "y": density,
                "mode": "lines",
                "fill": "tozeroy",
                "line": {"color": BLUE, "width": 2 * scale},
                "fillcolor": translucent(BLUE, 0.2),
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "x": x,
                "y": np.zeros(len(x)),
                "mode": "markers",
                "marker": {"symbol": "line-ns-open", "size": 10, "color": ORANGE, "opacity": share},
                "hovertemplate": "%{x:.3g}<extra></extra>",
            },
        ]
        top = 1.15 * float(density.max())
        layout = axes_layout(ends, (0, top), x_title="x", height=height, scale=scale)
    else:
        reach = 1.1 * float(np.abs(data.centres).max())
        marker = {"size": 5 * scale, "color": BLUE, "opacity": share}
        if text[1] == "g":
            marker["symbol"] = "square"
        traces = [
            {
                "type": "scatter",
                "x": x,
                "y": data.centres[:, 1],
                "mode": "markers",
                "marker": marker,
                "hovertemplate": "(%{x:.3g}, %{y:.3g})<extra></extra>",
            }
        ]
        span = (-reach, reach)
        layout = axes_layout(
            span, span, x_title="x₁", y_title="x₂", equal=True, height=height, scale=scale
        )
    return go.Figure({"data": traces, "layout": {**layout, "showlegend": False}})
