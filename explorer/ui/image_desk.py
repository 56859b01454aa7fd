"""Denoisings of pictures in this session: asked for once a server, computed in its one queue."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import streamlit as st

from explorer.training import image_film_files
from explorer.training.files import DamagedFile
from explorer.training.image_films import Denoising, Film
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.training.jobs import Job, Status
from explorer.training.works import Sampling
from explorer.ui import learning, workplace
from explorer.ui.cache import SCENES

PART = 4
"""Films take at most one part in so many of what scenes may take, beside them: else the scenes of a
busy class would drive out pictures that took a minute. A lane of ten pictures takes 1.3 MB."""


class Films:
    """The server's films by what they show, the last ones within `budget` bytes. Films are shared
    and not to be changed."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._films: OrderedDict[tuple[str, Request], Film] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, checkpoint: Checkpoint, film: Film) -> None:
        key = (str(checkpoint.folder), film.request)
        with self._lock:
            self._films[key] = film
            self._films.move_to_end(key)
            while len(self._films) > 1 and sum(map(_size, self._films.values())) > self.budget:
                self._films.popitem(last=False)

    def get(self, checkpoint: Checkpoint, request: Request) -> Film | None:
        """The film of this request, computed here before or lying beside its checkpoint."""
        key = (str(checkpoint.folder), request)
        with self._lock:
            found = self._films.get(key)
            if found is not None:
                self._films.move_to_end(key)
                return found
        name = image_film_files.requests(checkpoint.folder).get(request)
        if name is None:
            return None
        film = image_film_files.load(checkpoint.folder, name)
        self.put(checkpoint, film)
        return film


def _size(film: Film) -> int:
    return film.x_t.nbytes + film.x0_hat.nbytes


@st.cache_resource(show_spinner=False)
def films() -> Films:
    return Films(SCENES.budget // PART)


@dataclass(eq=False)
class ImageDesk:
    """What one session denoises."""

    job: Job[Denoising] | None = None
    request: Request | None = None

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.status.is_final


def desk() -> ImageDesk:
    """This session's."""
    return workplace.desk("pictures", ImageDesk)


def begin(checkpoint: Checkpoint, request: Request) -> None:
    """Queue the denoising for this session, in place of the one it may have. A callback."""
    at, main, kept = desk(), learning.desk(), films()
    if at.busy and at.job is not None:
        at.job.stop()

    def done(last: Denoising) -> None:
        if last.film is not None:
            kept.put(checkpoint, last.film)

    at.request, label = request, f"Pictures by {request.checkpoint}"
    at.job = main.pool.submit(main.owner, label, Sampling(checkpoint, request), done)


def found(checkpoint: Checkpoint, request: Request) -> tuple[Film | None, str]:
    """The film, if there is one, and what is wrong with the one that should be there."""
    try:
        return films().get(checkpoint, request), ""
    except DamagedFile as problem:
        return None, f"The film that came with the checkpoint is damaged: {problem}."


def says(job: Job[Denoising] | None, mine: bool) -> str:
    """How the job stands, in one line; `mine`: whether it computes what the page asks for."""
    if job is None or not mine:
        return "Not computed yet."
    if job.status is Status.WAITING:
        return f"Waiting: place {job.position or 1} in the queue."
    if job.status is Status.RUNNING:
        latest = job.latest
        return "Starting." if latest is None else f"Step {latest.step} of {latest.steps}."
    return "Stopped." if job.status is Status.STOPPED else "Ended."
