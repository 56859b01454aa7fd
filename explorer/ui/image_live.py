"""Denoising as it is watched: the button, the queue, the pictures as they clear, then the film."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.figures.layers import Clock
from explorer.training.image_films import Film, opening, ratio_at
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.training.jobs import Status
from explorer.ui import frame, house, image_desk, image_readings, image_scenes
from explorer.ui.image_scenes import Look
from explorer.ui.job_bar import troubles
from explorer.ui.player import player


def live(
    checkpoint: Checkpoint, request: Request, look: Look, height: int, reads: bool = False
) -> None:
    """All that changes while pictures are drawn, redrawn at each `tick` until they are there.

    reads: whether a classifier reads the finished pictures, and those are framed that it reads as
    another class than was asked for.
    """
    ticking = image_desk.desk().busy
    fragment = st.fragment(_live, run_every=house.tick() if ticking else None)
    fragment(checkpoint, request, look, height, reads, ticking)


def _live(
    checkpoint: Checkpoint,
    request: Request,
    look: Look,
    height: int,
    reads: bool,
    ticking: bool,
) -> None:
    at = image_desk.desk()
    if at.busy != ticking or at.turned:
        at.turned = False
        st.rerun()
    film, problem = image_desk.found(checkpoint, request)
    reading = image_readings.of(checkpoint, film) if film is not None and reads else None
    mine = at.request == request
    job = at.job if mine else None
    running = job is not None and at.busy
    with st.container(horizontal=True, vertical_alignment="center", key="image-bar"):
        if running and job is not None:
            st.button("Stop", icon=":material/stop:", on_click=job.stop)
        else:
            st.button(
                "Sample" if film is None else "New noise",
                icon=":material/play_arrow:",
                type="primary",
                help=None if film is None else "Samples by the next seed.",
                on_click=image_desk.begin if film is None else image_desk.begin_anew,
                args=(checkpoint, request),
            )
        if film is not None and not running:
            st.markdown(f"{_of_film(film)} {reading.says() if reading else ''}")
        else:
            st.markdown(image_desk.says(at.job, mine))
    if running and job is not None:
        st.progress(job.progress)
    if problem:
        st.text(problem)
    if job is not None and job.status is Status.FAILED:
        st.error("The network could not draw these pictures.")
        st.text(job.error)
    elif job is not None:
        troubles(job)
    if film is None or running:
        latest = job.latest if job is not None else None
        process = checkpoint.spec.process.build()
        state = latest or opening(request, process)
        panes = image_scenes.now(checkpoint, request, look, state)
        clock = Clock("σ/α", (ratio_at(request, process, state.step),), steps=1)
    else:
        if reading is not None:
            look = replace(look, framed=reading.wrong)
        scene = image_scenes.film_scene(
            film, checkpoint, str(checkpoint.folder), request, film.seconds, look
        )
        panes, clock = scene.panes, scene.clock
    player(
        panes,
        key=f"pictures-{len(panes)}",
        clock=clock,
        height=frame.height(height),
        columns=look.across,
    )


def _of_film(film: Film) -> str:
    """What a film took, in one line of Markdown."""
    pictures, lanes = len(film.request.labels), len(film.request.lanes)
    each = f"{pictures} pictures" if lanes == 1 else f"{lanes} × {pictures} pictures"
    calls = sum(film.evaluations)
    took = f", {film.seconds:.1f} s on one core" if film.seconds else ""
    return f"{each}, {calls} evaluations of the network{took}."
