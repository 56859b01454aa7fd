"""Trainings in helper processes of this machine: they and the pages no longer wait for each other.

In a thread of the server a training has the interpreter only when no page wants it. In a process
the system shares out the cores by priority, however many pages wait: by Linux's weights a training
has a fifth of one beside three processes at work on two.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from explorer.training.engine import Engine, U, Work, WorkerLost, parcels, restarting
from explorer.training.nursery import STEP, HelperLost, Nursery
from explorer.training.threads import NICE

LOOK = 0.2
"""Seconds between two looks for whether a job is to stop."""
SILENT = 60.0
"""Seconds without an update after which a helper is taken for dead, and killed."""


@dataclass(frozen=True)
class Processes:
    """An `Engine`: a helper for each job where there are helpers, `otherwise` where there are none.

    Each job's helper goes with it.  silent: see `SILENT`.
    """

    nursery: Nursery
    otherwise: Engine
    silent: float = SILENT

    def __call__(self, work: Callable[[], Iterator[U]]) -> Generator[U | None]:
        if isinstance(work, Work) and work.self_contained:
            return restarting(work, self._attempt)
        return self.otherwise(work)

    def _attempt(self, work: Work[U]) -> Iterator[U | None]:
        """Do the work in one helper; WorkerLost where that is lost."""
        if not self.nursery.ready:
            yield from self.otherwise(work)
            return
        try:
            with closing(self._parcels(work)) as parcels:
                had: U | None = None
                for parcel in parcels:
                    if parcel is not None:
                        had = work.opened(parcel, had)
                    yield had if parcel is not None else None
        except HelperLost as problem:
            raise WorkerLost(str(problem)) from problem

    def _parcels(self, work: Work[U]) -> Generator[U | None]:
        helper, heard = self.nursery.helper(), time.monotonic()
        try:
            helper.ask(partial(_work, work))
            while True:
                answer = helper.answer(LOOK)
                if answer is None:
                    if time.monotonic() - heard > self.silent:
                        raise WorkerLost(f"The helper said nothing for {self.silent:g} seconds.")
                    yield None
                    continue
                if answer.problem is not None:
                    raise answer.problem
                if answer.last:
                    return
                heard = time.monotonic()
                yield answer.value
        finally:
            helper.dismiss()


def _work(work: Work[Any]) -> Iterator[Any]:
    """What the helper does: it steps back for the pages."""
    os.nice(max(NICE - STEP, 0))
    return parcels(work)
