"""Train the same network in the session, and keep training it from where it stopped."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.data.spec import DistributionSpec
from explorer.training import density_networks as shipped
from explorer.training.spec import ModelSpec
from explorer.ui import controls, frame, house, learning, shelf, train_panels, train_scenes
from explorer.ui.density_scenes import asked
from explorer.ui.job_bar import job_bar
from explorer.ui.player import player

MORE = 2000
"""Steps that are added when a training is kept going."""


def trains(spec: ModelSpec, other: ModelSpec | None) -> bool:
    """Whether the session's training is that of `spec`, gone on with perhaps."""
    if other is None:
        return False
    return replace(other, config=replace(other.config, steps=spec.config.steps)) == spec


def choose_kind() -> str:
    """The control for the recipe that is trained here, of the networks' kinds."""
    recipes = {"document": "The document's", "ours": "Ours"}
    recipe = controls.segments(
        recipes,
        key="recipe",
        label="Recipe",
        default="ours",
        help="The document's: a constant rate, the last weights. Ours: a falling rate, averaged "
        "weights, a smaller network that predicts v.",
    )
    return shipped.OURS if recipe == "ours" else "short"


def live(data: DistributionSpec, size: int, kind: str, scale: float) -> None:
    """Buttons, the queue's word, what has been learned so far, and at the end what it is worth."""
    spec = shipped.training_of(data, size, kind)
    desk = learning.desk()
    ours = trains(spec, desk.spec)
    ticking, learned = desk.busy, ours and desk.progress is not None

    def keep_training() -> None:
        train_panels.go_on(MORE, spec.config.lr)

    @st.fragment(run_every=house.tick() if ticking else None)
    def redrawn() -> None:
        job = desk.job if ours else None
        progress = desk.progress if ours else None
        if (desk.busy, progress is not None) != (ticking, learned):
            st.rerun()
        job_bar(
            job,
            desk.busy,
            key="train-bar",
            begin=learning.begin,
            args=(spec,),
            says=learning.says(job),
            label=f"Train for {spec.config.steps:,} steps",
            help="This stops what the session trains on another page, if anything.",
            more=keep_training if progress is not None else None,
        )
        if progress is None:
            scene = train_scenes.before(spec, scale)
            player(scene.panes, key="to-learn", clock=scene.clock, height=frame.height(360))
            return
        state = progress.state
        if desk.learns:
            key = (desk.code, scale)
            look = desk.watched.get(key, lambda: train_scenes.look(state.model(), scale))
        else:
            look = train_scenes.look_back(state.model(), desk.code, state.step, scale)
        player(
            look.scene.panes,
            key="learned",
            clock=look.scene.clock,
            height=frame.height(350),
            position=1.0,
            autoplay=False,
        )
        train_panels.figures(state, look.distance)
        if not desk.busy:
            lost, error = asked(state.model(), desk.code, state.step, data)
            st.metric(
                "Held-out log-likelihood, below the truth",
                f"{lost:.3f} ± {error:.3f} nats",
                help="By the probability flow, on 300 draws that no training sees.",
            )

    redrawn()
    shelf.remember()
