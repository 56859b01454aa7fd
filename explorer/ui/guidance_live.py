"""A network that learns classes with some labels hidden, watched while it is guided already."""

from __future__ import annotations

import streamlit as st

from explorer.registry import Param
from explorer.training.jobs import Job, Status
from explorer.training.labelled import LabelledSpec, Lesson, models
from explorer.training.works import LabelledTraining
from explorer.ui import controls, frame, learning, workplace
from explorer.ui.guidance_scenes import PARTICLES, Guide, Lanes, Trio, lanes_of
from explorer.ui.job_bar import JobDesk, job_bar, waits
from explorer.ui.player import player

WATCHED = 200
"""Particles while it learns: few, so that watching takes little from what is watched."""
EARLY = 20
"""The weaker network is the one after this part of the steps."""
STEPS = Param(
    "learn.steps",
    "Steps",
    2000,
    500,
    6000,
    500,
    "Updates of the weights.",
    choices=(500, 1000, 2000, 4000, 6000),
)
HIDDEN = Param(
    "learn.hidden",
    "Hidden labels",
    0.2,
    0.0,
    0.9,
    0.05,
    "The share of labels that the network is not told. Without any it never learns the data of "
    "all classes together, and classifier-free guidance has nothing to run from.",
)


def desk() -> JobDesk[Lesson]:
    """This session's."""
    return workplace.desk("guidance", JobDesk[Lesson])


def choose_training() -> LabelledSpec:
    """The controls of a training on the two trees."""
    steps = int(controls.number(STEPS, key=STEPS.name))
    hidden = float(controls.number(HIDDEN, key=HIDDEN.name))
    return LabelledSpec(steps=steps, hidden=hidden, early=steps // EARLY)


def begin(spec: LabelledSpec) -> None:
    """Queue the training for this session, in place of the one it may have. A callback."""
    at, main = desk(), learning.desk()
    if at.job is not None and at.busy:
        at.job.stop()
    label = f"Two trees, {spec.steps:,} steps"
    at.job = main.pool.submit(main.owner, label, LabelledTraining(spec))


def says(job: Job[Lesson] | None) -> str:
    """How the job stands, in one line of Markdown."""
    if job is None:
        return "Trains on one core of the CPU, in the server's queue."
    lesson = job.latest
    if job.status is Status.WAITING:
        return waits(job)
    if lesson is None:
        return "Starting." if job.status is Status.RUNNING else "Ended."
    seen = f"step {lesson.step:,} of {lesson.steps:,}, loss {lesson.loss:.3f}"
    if job.status is Status.RUNNING:
        return f"Learning: {seen}."
    done = job.status is Status.DONE
    return f"Trained in {lesson.seconds:.1f} s: {seen}." if done else f"Stopped at {seen}."


def live(guide: Guide, spec: LabelledSpec, scale: float) -> None:
    """The button, and all that changes while the network learns, redrawn once a second."""
    ticking = desk().busy
    st.fragment(_live, run_every=1.0 if ticking else None)(guide, spec, scale, ticking)


def _live(guide: Guide, spec: LabelledSpec, scale: float, ticking: bool) -> None:
    at = desk()
    job = at.job
    if at.busy != ticking:
        st.rerun()
    job_bar(job, at.busy, key="guidance-bar", begin=begin, args=(spec,), says=says(job))
    if job is None or job.latest is None:
        st.markdown(
            "A small network learns both trees from noised points and their labels, some of which "
            "it is not told. One network then gives both scores: told the class, the class's own; "
            "told nothing, that of all data. Its weights after a twentieth of the steps are kept, "
            "as the weaker model of autoguidance."
        )
        return
    scene = learned(guide, job.latest, WATCHED if at.busy else PARTICLES, scale).scene
    player(
        scene.panes,
        key="guidance-learning",
        clock=scene.clock,
        height=frame.height(370),
        position=1.0,
        autoplay=False,
    )


def learned(guide: Guide, lesson: Lesson, count: int, scale: float) -> Lanes:
    """The three lanes by the network as it is by now."""
    both = {"final": lesson.weights, "early": lesson.early}
    named = {f"{kind}.{n}": w for kind, weights in both.items() for n, w in weights.items()}
    final, early = models(lesson.spec, named)
    scores = Trio(final.score(), final.score(guide.label), early.score(guide.label))
    return lanes_of(guide, scores, count, scale)
