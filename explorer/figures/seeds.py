"""The plane of seeds, each in the colour of the class it ends in, to be clicked on."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.base import axes_layout
from explorer.figures.latents import NAMES
from explorer.figures.palette import colour, translucent
from explorer.networks.vae import CLASSES

TARGETS = 61
"""Places along each side that a click can hit."""
MARK = "#FFFFFF"


def seed_map(
    ends: np.ndarray,
    reach: float,
    chosen: tuple[float, float],
    *,
    height: int = 380,
    scale: float = 1.0,
) -> go.Figure:
    """Classes (H, W) of seeds over [−reach, reach]², rows from below; a ring at the chosen seed.

    Over the picture lie `TARGETS`² points that cannot be seen, for a picture itself takes no click.
    """
    layout = axes_layout(
        (-reach, reach),
        (-reach, reach),
        x_title="seed x₁",
        y_title="seed x₂",
        equal=True,
        height=height,
        scale=scale,
    )
    layout |= {"dragmode": False, "showlegend": False, "hovermode": "closest"}
    axis = np.linspace(-reach, reach, ends.shape[0])
    picture = {
        "type": "heatmap",
        "x": axis,
        "y": axis,
        "z": ends.astype(np.uint8),
        "zmin": -0.5,
        "zmax": CLASSES - 0.5,
        "colorscale": _steps(),
        "showscale": False,
        "hoverinfo": "skip",
    }
    return go.Figure(data=[picture, _targets(reach), *_ring(chosen, scale)], layout=layout)


def _steps() -> list[list[Any]]:
    """A colour scale without transitions: one colour a class."""
    pairs = ((k / CLASSES, (k + 1) / CLASSES, translucent(colour(k), 0.85)) for k in range(CLASSES))
    return [[at, paint] for low, high, paint in pairs for at in (low, high)]


def _targets(reach: float) -> dict[str, Any]:
    axis = np.linspace(-reach, reach, TARGETS).round(3)
    x, y = np.meshgrid(axis, axis)
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x.ravel(),
        "y": y.ravel(),
        "marker": {"size": 9, "opacity": 0},
        "selected": unseen,
        "unselected": unseen,
        "hovertemplate": "(%{x:.1f}, %{y:.1f})<extra></extra>",
    }


def _ring(chosen: tuple[float, float], scale: float) -> list[dict[str, Any]]:
    """A white ring in a black one, which shows on every colour."""
    rings = ((17, "#000000", 4.5), (17, MARK, 2.2))
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [chosen[0]],
            "y": [chosen[1]],
            "hoverinfo": "skip",
            "selected": {"marker": {"opacity": 1}},
            "unselected": {"marker": {"opacity": 1}},
            "marker": {
                "symbol": "circle-open",
                "size": size * scale,
                "color": paint,
                "line": {"width": width * scale, "color": paint},
            },
        }
        for size, paint, width in rings
    ]


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
            "marker": {"color": colour(k)},
            "hovertemplate": f"{NAMES[k]}: %{{x:.0%}}<extra></extra>",
        }
        for k in range(CLASSES)
    ]
    return go.Figure(data=bars, layout=layout)
