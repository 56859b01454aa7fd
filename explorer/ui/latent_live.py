"""A training of VAE and diffusion as it is watched: one button, a bar, both pictures."""

from __future__ import annotations

import streamlit as st

from explorer.training.job import Status
from explorer.training.latents import LatentSpec
from explorer.ui import frame, house, latent_learning, latent_panels, latent_tables, resuming
from explorer.ui.job_bar import job_bar
from explorer.ui.player import player
from explorer.ui.scenes import Scene

_BROKEN_OFF = (Status.STOPPED, Status.FAILED)


def live(spec: LatentSpec, scale: float) -> None:
    """The button, and all that changes while the networks learn, redrawn at each `tick`."""
    resuming.refusal()
    if latent_learning.desk().job is None:
        resuming.interrupted(most=2, kind=latent_learning.KIND)
    ticking = latent_learning.desk().busy
    st.fragment(_live, run_every=house.tick() if ticking else None)(spec, scale, ticking)


def _live(spec: LatentSpec, scale: float, ticking: bool) -> None:
    desk = latent_learning.desk()
    job, state = desk.job, desk.state
    if desk.busy != ticking:
        st.rerun()
    job_bar(
        job,
        desk.busy,
        key="latent-bar",
        begin=latent_learning.begin,
        args=(spec,),
        says=latent_learning.says(job),
        label="Train both",
        more=_go_on if job is not None and job.status in _BROKEN_OFF and state else None,
    )
    if state is None:
        st.markdown(
            "First the VAE learns to put the four vectors apart, then a small network learns the "
            "score of its latents. Try a small weight of the KL term: the classes move apart, and "
            "leaving out the noise ends in one of them."
        )
        latent_tables.legend(none=False)
        _show(latent_panels.before(spec, scale))
        return
    seen = latent_panels.look(state, scale)
    latent_tables.legend()
    _show(seen.scene)
    latent_panels.metrics(state, seen)


def _go_on() -> None:
    st.button(
        "Go on",
        icon=":material/fast_forward:",
        help="From where it stopped, to the end of its steps.",
        on_click=latent_learning.go_on,
    )


def _show(scene: Scene) -> None:
    player(
        scene.panes,
        key="learning",
        clock=scene.clock,
        height=frame.height(380),
        columns=2,
        position=1.0,
        autoplay=False,
    )
