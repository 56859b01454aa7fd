"""The plane of seeds, each in the colour of the class it ends in, to be clicked on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from explorer.figures import palette
from explorer.figures.base import axes_layout
from explorer.figures.handle import Handle
from explorer.figures.latents import NAMES
from explorer.figures.layers import Pane, Tint
from explorer.networks.vae import CLASSES

MAP_OPACITY = 0.85


def seed_map(
    ends: np.ndarray,
    reach: float,
    chosen: tuple[float, float],
    *,
    colour: int,
    title: str = "",
    note: str = "",
    scale: float = 1.0,
) -> Pane:
    """Classes (H, W) of seeds over [−reach, reach]², rows from below; a star at the chosen seed.

    colour: the star's, an index into the palette.
    """
    weights = np.eye(CLASSES, dtype=np.float32)[ends].transpose(2, 0, 1)[None]
    span = (-reach, reach)
    squares = Tint(np.zeros(1), weights, span, span, opacity=MAP_OPACITY, sharp=True)
    star = Handle(np.zeros(1), chosen, reach, name="seed", size=24 * scale, colour=colour)
    return Pane(_seeds(reach, scale), (squares, star), title=title, note=note)


@lru_cache(maxsize=8)
def _seeds(reach: float, scale: float) -> go.Figure:
    """The axes; the pointer moves the seed, not the plane."""
    span = (-reach, reach)
    layout = axes_layout(span, span, x_title="seed x₁", y_title="seed x₂", equal=True, scale=scale)
    return go.Figure(layout={**layout, "dragmode": False})


def shares_chart(
    shares: dict[str, np.ndarray], *, height: int = 150, scale: float = 1.0
) -> go.Figure:
    """For each name one bar of length 1, divided into the shares (4,) of the classes."""
    layout = axes_layout((0, 1), (-0.5, len(shares) - 0.5), height=height, scale=scale)
    layout |= {
        "barmode": "stack",
        "dragmode": False,
        "showlegend": False,
        "bargap": 0.35,
        "margin": {"l": 130 * scale, "r": 30 * scale, "t": 6, "b": 30 * scale},
    }
    layout["xaxis"] |= {"tickformat": ".0%"}
    layout["yaxis"] |= {"showgrid": False, "ticks": ""}
    names = list(shares)[::-1]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": [float(shares[name][k]) for name in names],
            "name": NAMES[k],
            "marker": {"color": palette.colour(k)},
            "hovertemplate": f"{NAMES[k]}: %{{x:.0%}}<extra></extra>",
        }
        for k in range(CLASSES)
    ]
    return go.Figure(data=bars, layout=layout)
