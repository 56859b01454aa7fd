"""Imports what the other pages need while the first page is being read."""

from __future__ import annotations

import gc
import importlib
import threading
from functools import cache

import streamlit as st

_HEAVY = (
    "torch",
    "plotly.graph_objects",
    "scipy.interpolate",
    "pandas",  # st.data_editor asks for it
    "explorer.diffusion.samplers",
    "explorer.ui.schedule_scenes",
    "explorer.ui.scenes",
    "explorer.ui.race_scenes",
    "explorer.ui.mcmc_scenes",
    "explorer.ui.train_scenes",
    "explorer.ui.memory_scenes",
    "explorer.ui.growing",
    "explorer.ui.mathematics_scenes",
    "explorer.ui.density_live",
    "explorer.ui.latent_live",
    "explorer.ui.seed_scenes",
    "explorer.ui.steering_scenes",
    "explorer.ui.guidance_live",
    "explorer.ui.image_live",
    "explorer.ui.image_forward_scenes",
    "explorer.ui.image_training",
    "explorer.ui.player",
)
_ONE_AT_A_TIME = threading.Lock()
_DELAY = 0.4
"""Seconds, in which the first page gets to the browser undisturbed."""


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Timer:
    """Start the imports in the background, once a server."""
    timer = threading.Timer(_DELAY, ready)
    timer.daemon = True
    timer.start()
    return timer


def ready() -> None:
    """Import what is not imported yet, or wait for whoever is at it.

    A page must not use Plotly before: it looks for pandas among the loaded modules, and finds it
    half loaded while another thread imports it.
    """
    with _ONE_AT_A_TIME:
        _import_all()


@cache
def _import_all() -> None:
    """Import, and take what came with it out of all later searches for garbage.

    Such a search holds up every thread: 150 ms for the 280,000 objects of the modules, 1 ms without
    them.
    """
    for name in _HEAVY:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
