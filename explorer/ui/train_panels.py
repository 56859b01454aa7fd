"""What stands below a training's picture: its figures, and its loss by step and by time."""

from __future__ import annotations

import streamlit as st

from explorer.figures import training
from explorer.metrics import Reading
from explorer.training.train import TrainState
from explorer.ui.race_scenes import finite


def figures(state: TrainState, distance: Reading) -> None:
    """How far the training is, how fast, and how far its samples are from the truth."""
    rate = state.step / max(state.seconds, 1e-9)
    floor = f"Two true samples of this size are {distance.floor:.3f} apart."
    shown = (
        ("Step", f"{state.step:,} of {state.steps:,}", None),
        ("Speed", f"{rate:,.0f} steps/s", None),
        ("Loss", f"{state.loss:.3f}", "Mean of the last 100 steps."),
        ("Distance", f"{distance.value:.3f}", "Sliced Wasserstein, 1,000 samples."),
        ("Goal: 1 × the floor", f"{finite(distance.ratio, 1)} ×", floor),
    )
    for place, (label, value, more) in zip(st.columns(len(shown)), shown, strict=True):
        place.metric(label, value, help=more)


def charts(state: TrainState, scale: float) -> None:
    """The loss by step, on logarithmic axes if wished, and by time."""
    left, right = st.columns(2)
    log = left.toggle("Log axes", key="_log")
    left.vega_lite_chart(
        training.loss_rows(state.losses), training.loss_spec(log, scale=scale), key="loss"
    )
    right.vega_lite_chart(
        training.by_time_rows(state.t_edges, state.loss_by_t),
        training.by_time_spec(height=230, scale=scale),
        key="by-time",
    )
