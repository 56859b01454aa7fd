"""What a training's page shows beside its samples: the task, the figures, and the loss."""

from __future__ import annotations

import streamlit as st

from explorer.figures import training
from explorer.metrics import Reading
from explorer.training.spec import ModelSpec
from explorer.training.train import TrainState
from explorer.ui import frame, learning, train_scenes
from explorer.ui.pictures import show
from explorer.ui.player import player
from explorer.ui.race_scenes import finite


def before(spec: ModelSpec, scale: float) -> None:
    """What there is to learn, and by what loss."""
    scene = train_scenes.before(spec, scale)
    player(scene.panes, key="to-learn", clock=scene.clock, height=frame.height(360))
    left, right = st.columns(2)
    left.markdown(
        r"$$\mathcal L=\mathbb E_{t,x_0,\varepsilon}\;w(t)\,\lVert\hat\varepsilon_\theta"
        r"(\alpha_tx_0+\sigma_t\varepsilon,\,t)-\varepsilon\rVert^2,\qquad "
        r"s_\theta=-\hat\varepsilon_\theta/\sigma_t$$"
    )
    left.markdown(
        "Press **Train**. The best guess of the noise is its mean given $x_t$, and that mean is "
        r"$-\sigma_t\nabla\log p_t$: guessing noise well *is* knowing the score."
    )
    with right:
        show(training.weighting_curve(spec, scale=scale), "weights")


def go_on(steps: int, lr: float) -> None:
    """The button that trains the network at hand for `steps` more, if it may have so many."""
    progress = learning.desk().progress
    done = progress.step if progress is not None else 0
    steps = max(0, min(steps, learning.MOST_STEPS - done))
    st.button(
        f"Continue: {steps:,} more steps",
        icon=":material/fast_forward:",
        help="From where it stopped, with the learning rate that is set now: weights, moments and "
        "random numbers go on.",
        disabled=not steps,
        on_click=learning.go_on,
        args=(steps, lr),
    )


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
