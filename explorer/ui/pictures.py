"""A picture on a page, whether it moves or not."""

from __future__ import annotations

from typing import TypeAlias

import plotly.graph_objects as go
import streamlit as st

from explorer.figures.base import CHART_CONFIG
from explorer.ui import frame
from explorer.ui.player import player
from explorer.ui.scenes import Scene

Picture: TypeAlias = Scene | go.Figure
"""A scene to play, or a still chart."""


def show(picture: Picture, key: str, *, height: int = 450, position: float = 0.0) -> None:
    """A scene in a player, or a chart (which brings its own height).

    height: in pixels on a desk.  position: where on its clock a scene stands; from 0 it plays.
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
        st.plotly_chart(picture, config=CHART_CONFIG, key=f"{key}-chart", theme=None)
