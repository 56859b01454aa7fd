"""Imports what the other pages need while the first page is being read."""

from __future__ import annotations

import importlib
import threading

import streamlit as st

_HEAVY = (
    "torch",
    "plotly.graph_objects",
    "scipy.interpolate",
    "pandas",  # st.plotly_chart and st.data_editor ask for it
    "explorer.diffusion.doctor",
    "explorer.diffusion.samplers",
    "explorer.figures.schedules",
    "explorer.ui.scenes",
    "explorer.ui.player",
)
_DELAY = 0.4
"""Seconds, in which the first page gets to the browser undisturbed."""


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Timer:
    """Start the imports in the background, once a server."""
    timer = threading.Timer(_DELAY, _import_all)
    timer.daemon = True
    timer.start()
    return timer


def _import_all() -> None:
    for name in _HEAVY:
        importlib.import_module(name)
