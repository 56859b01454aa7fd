"""A picture on a page, whether it moves or not."""

from __future__ import annotations

from typing import TypeAlias
from weakref import WeakValueDictionary

import plotly.graph_objects as go

from explorer.figures.layers import Pane
from explorer.ui import frame
from explorer.ui.player import player, still
from explorer.ui.scenes import Scene

Picture: TypeAlias = Scene | go.Figure
"""A scene to play, or a still chart."""

_PANES: WeakValueDictionary[int, Pane] = WeakValueDictionary()
"""The pane of each chart that the player still holds the bytes of, by the chart's identity."""


def show(picture: Picture, key: str, *, height: int = 450, position: float = 0.0) -> None:
    """A scene in a player, or a chart (which brings its own height).

    height: in pixels on a desk.  position: where on its clock a scene stands; from 0 it plays.
    A chart is drawn by the player, too: Streamlit has a Plotly of its own, 4.7 MB that the browser
    would have to read before the first of its charts.
    """
    if isinstance(picture, Scene):
        player(
            picture.panes,
            key=key,
            clock=picture.clock,
            height=frame.height(height),
            position=position,
            autoplay=position == 0,
        )
    else:
        still([_pane(picture)], key=f"{key}-chart", height=round(picture.layout.height or height))


def _pane(chart: go.Figure) -> Pane:
    """The same for the same chart, so that its bytes are made once."""
    pane = _PANES.get(id(chart))
    if pane is None:
        pane = _PANES[id(chart)] = Pane(chart)
    return pane
