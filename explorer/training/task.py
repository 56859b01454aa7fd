"""One job's work, as a worker goes through it: updates are published, hooks called and survived."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias

from explorer.events import tag, tell
from explorer.training.faults import kind_of, plain_words
from explorer.training.job import Job, Status, U, saved

Doing: TypeAlias = Callable[[], Generator[U | None]]
"""The work as an engine does it: its updates, and None as a sign of life."""


@dataclass(frozen=True, eq=False)
class Task(Generic[U]):
    """What a worker needs and a job must not keep: work holds networks and data."""

    job: Job[U]
    work: Doing[U]
    on_done: Callable[[U], None] | None
    on_autosave: Callable[[U], None] | None

    def run(
        self, clock: Callable[[], float], autosave_every: float, mine: Callable[[], bool]
    ) -> tuple[Status, str]:
        """Work to the end, and how it ended: the status, and what went wrong in plain words.

        mine: whether the worker still has the task; what comes after it was given up is ignored.
        """
        try:
            return self._updates(clock, autosave_every, mine), ""
        except BaseException as problem:  # a thread has nobody above it to tell
            kind, who = kind_of(problem), tag(self.job.owner)
            tell("job_failed", logging.ERROR, kind=kind, session=who, problem=problem)
            if kind != "device" and mine():
                self._autosave(clock)  # as far as it has come
            return Status.FAILED, plain_words(problem)

    def _updates(
        self, clock: Callable[[], float], autosave_every: float, mine: Callable[[], bool]
    ) -> Status:
        job, before = self.job, clock()
        with closing(self.work()) as updates:
            for update in updates:
                if not mine():
                    return Status.FAILED
                job.heartbeat = clock()
                if update is not None:
                    job.latest = update
                if job.stopping:
                    self._autosave(clock)
                    return Status.STOPPED
                if job.heartbeat - before >= autosave_every:
                    self._autosave(clock)
                    before = clock()
        if self.on_done and job.latest is not None and mine():
            keep = partial(self.on_done, job.latest)
            if not saved(job, keep):
                job.unsaved = keep
        return Status.DONE

    def _autosave(self, clock: Callable[[], float]) -> None:
        if self.on_autosave is not None and self.job.latest is not None:
            saved(self.job, partial(self.on_autosave, self.job.latest))
            self.job.heartbeat = clock()
