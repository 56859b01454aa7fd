"""Denoisings of pictures in this session: asked for once a server, computed in its one queue."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st

from explorer.training import image_film_files
from explorer.training.files import DamagedFile
from explorer.training.image_films import Denoising, Film
from explorer.training.image_folder import Checkpoint
from explorer.training.image_request import Request
from explorer.training.jobs import Job, Status
from explorer.training.task import Doing
from explorer.training.works import Sampling
from explorer.ui import learning, links, workplace
from explorer.ui.cache import SCENES
from explorer.ui.controls import SEEDS
from explorer.ui.job_bar import waits

PART = 4
"""Films take at most one part in so many of what scenes may take, beside them: else the scenes of a
busy class would drive out pictures that took a minute. A lane of ten pictures takes 1.3 MB."""
LOOK = 0.2
"""Seconds between two looks at a denoising that somebody else has asked for."""
SILENT = 60.0
"""Seconds without a sign of life after which it is begun anew by who waits for it: half of those
after which the queue gives up who began it."""


@dataclass(eq=False)
class _Flight:
    """A denoising under way; over: once it has ended, with a film or without."""

    latest: Denoising | None = None
    heard: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)


class Films:
    """The server's films by what they show, the last ones within `budget` bytes. Films are shared
    and not to be changed."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._films: OrderedDict[tuple[str, Request], Film] = OrderedDict()
        self._flights: dict[tuple[str, Request], _Flight] = {}
        self._lock = threading.Lock()

    def once(
        self, checkpoint: Checkpoint, request: Request, doing: Doing[Denoising]
    ) -> Generator[Denoising | None]:
        """What `doing` yields, or what an equal request has come to that is at work already.

        A class that asks for the same pictures has them drawn once. Where that one is stopped,
        fails or hangs, another goes on in its place.
        """
        key = (str(checkpoint.folder), request)
        while (film := self._usable(checkpoint, request)) is None:
            with self._lock:
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if mine:
                yield from self._fly(checkpoint, flight, key, doing)
                return
            while not flight.over.wait(LOOK):
                if time.monotonic() - flight.heard > SILENT:
                    self._gone(key, flight)
                    break
                yield flight.latest
        yield Denoising(request.steps, request.steps, film.x_t[:, -1], film.x0_hat[:, -1], film)

    def _usable(self, checkpoint: Checkpoint, request: Request) -> Film | None:
        try:
            return self.get(checkpoint, request)
        except DamagedFile:  # what came with the checkpoint; it is drawn here instead
            return None

    def _fly(
        self,
        checkpoint: Checkpoint,
        flight: _Flight,
        key: tuple[str, Request],
        doing: Doing[Denoising],
    ) -> Generator[Denoising | None]:
        try:
            with closing(doing()) as updates:
                for update in updates:
                    flight.heard = time.monotonic()
                    flight.latest = update or flight.latest
                    if update is not None and update.film is not None:
                        self.put(checkpoint, update.film)
                    yield update
        finally:
            self._gone(key, flight)

    def _gone(self, key: tuple[str, Request], flight: _Flight) -> None:
        """It has ended, or nobody waits for it any more."""
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.over.set()

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
    """What one session denoises; turned: whether its button has set another seed for the page."""

    job: Job[Denoising] | None = None
    request: Request | None = None
    turned: bool = False

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

    def once(doing: Doing[Denoising]) -> Doing[Denoising]:
        return partial(kept.once, checkpoint, request, doing)

    at.request, label = request, f"Pictures by {request.checkpoint}"
    at.job = main.pool.submit(main.owner, label, Sampling(checkpoint, request), around=once)


def begin_anew(checkpoint: Checkpoint, request: Request) -> None:
    """The same by the next seed, of which there may be a film. A callback."""
    seed = (request.seed + 1) % SEEDS
    links.adjust({"seed": str(seed)})
    desk().turned = True
    request = replace(request, seed=seed)
    if found(checkpoint, request)[0] is None:
        begin(checkpoint, request)


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
        return waits(job)
    if job.status is Status.RUNNING:
        latest = job.latest
        return "Starting." if latest is None else f"Step {latest.step} of {latest.steps}."
    return "Stopped." if job.status is Status.STOPPED else "Ended."
