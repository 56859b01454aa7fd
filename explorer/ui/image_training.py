"""The training of two convolutions in this session, in the server's one queue, and how it looks."""

from __future__ import annotations

import streamlit as st
import torch

from explorer.data.images import Pictures, load
from explorer.figures import image_grids, training
from explorer.figures.layers import Clock, Pane
from explorer.registry import Param
from explorer.training.image_films import as_pixels
from explorer.training.image_folder import root
from explorer.training.image_lesson import Lesson, lesson_spec
from explorer.training.image_spec import ImageSpec
from explorer.training.jobs import Job, Status
from explorer.training.works import DigitsTraining
from explorer.ui import controls, frame, house, learning, workplace
from explorer.ui.image_scenes import STILL
from explorer.ui.job_bar import JobDesk, job_bar, waits
from explorer.ui.player import player

_STEPS = Param(
    "steps", "Steps", 500, 100, 4000, 100, "Of 16 digits each.", choices=(200, 500, 1000, 2000)
)
_RATE = Param(
    "rate", "Learning rate", 1e-3, 1e-4, 1e-2, 1e-4, "Adam's.", choices=(1e-4, 3e-4, 1e-3, 3e-3)
)


def desk() -> JobDesk[Lesson]:
    """This session's."""
    return workplace.desk("two convolutions", JobDesk[Lesson])


@st.cache_resource(show_spinner=False)
def _digits() -> tuple[Pictures, Pictures]:
    return load("digits", root()), load("digits", root(), "test")


@st.cache_resource(max_entries=2, show_spinner=False)
def _to_learn(scale: float) -> Pane:
    """Twenty of the digits."""
    data, _ = _digits()
    shown = as_pixels(data.batch(torch.arange(20)))
    return image_grids.grid(shown[None], STILL, 10, title="To learn: digits", scale=scale)


def choose() -> ImageSpec:
    """The controls of the training."""
    steps = int(controls.number(_STEPS, key="tiny.steps"))
    rate = float(controls.number(_RATE, key="tiny.rate"))
    return lesson_spec(steps, rate, controls.seed())


def begin(spec: ImageSpec) -> None:
    """Queue the training for this session, in place of the one it may have. A callback."""
    at, main = desk(), learning.desk()
    data, held_out = _digits()
    if at.busy and at.job is not None:
        at.job.stop()
    work = DigitsTraining(spec, data, held_out)
    at.job = main.pool.submit(main.owner, "Two convolutions on digits", work)


def live(spec: ImageSpec, scale: float) -> None:
    """The button, and all that changes while the network learns, redrawn at each `tick`."""
    ticking = desk().busy
    st.fragment(_live, run_every=house.tick() if ticking else None)(spec, scale, ticking)


def _live(spec: ImageSpec, scale: float, ticking: bool) -> None:
    at = desk()
    job = at.job
    if at.busy != ticking:
        st.rerun()
    job_bar(job, at.busy, key="lesson-bar", begin=begin, args=(spec,), says=_says(job))
    if job is None or job.latest is None:
        st.markdown(
            "Two convolutions with 3,651 weights learn scikit-learn's digits. Press **Train** and "
            "watch the loss fall, and how little that does for the samples: a network that sees "
            "5×5 pixels finds noise, but knows no digit."
        )
        player(
            [_to_learn(scale)], key="to-learn", clock=Clock("t", (0.0,)), height=frame.height(260)
        )
        return
    _show(job.latest, scale)


def _show(state: Lesson, scale: float) -> None:
    st.vega_lite_chart(
        training.loss_rows(state.losses),
        training.loss_spec(True, height=frame.height(230), scale=scale),
        key="lesson-loss",
    )
    title = f"Samples at step {state.sampled_at:,}, always from the same noise"
    pane = image_grids.grid(state.samples[None], STILL, len(state.samples), title=title)
    player([pane], key="lesson", clock=Clock("step", (state.sampled_at,)), height=frame.height(115))
    if state.held_out is not None:
        st.markdown(f"Held-out error of ε̂: **{state.held_out:.3f}**; guessing zero has 1.")


def _says(job: Job[Lesson] | None) -> str:
    if job is None:
        return "About half a minute on one core of the CPU."
    if job.status is Status.WAITING:
        return waits(job)
    state = job.latest
    if job.status is Status.RUNNING:
        return "Starting." if state is None else f"Step {state.step:,} of {state.steps:,}."
    if job.status is Status.DONE and state is not None:
        return f"Trained in {state.seconds:.1f} s."
    return "Stopped." if job.status is Status.STOPPED else "Ended."
