"""Where the work of a job is done: in the thread that took it, or elsewhere, where it may be lost.

Work that can be done elsewhere is a frozen thing: it travels as it is, and its updates travel back.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import ClassVar, Generic, Protocol

from explorer.training.job import U

EVERY = 0.4
"""Seconds between two updates that travel; pages look twice a second."""
RESTARTS = 3
"""How often work is taken up again after its worker was lost, before its job is given up."""

REST = 3.0
GLANCE = 0.02
"""Seconds between two looks of who rests."""

log = logging.getLogger(__name__)


class WorkerLost(RuntimeError):
    """Whoever did the work is gone, and not by a fault of the work that could be told."""


class Work(ABC, Generic[U]):
    """What a job does. Subclasses are frozen dataclasses in importable modules.

    uses_gpu: whether it computes on a GPU where there is one.  self_contained: whether it needs
    nothing that the server has in memory already, so that another process here may do it.
    """

    uses_gpu: ClassVar[bool] = False
    self_contained: ClassVar[bool] = True

    @abstractmethod
    def __call__(self) -> Iterator[U]:
        """Do the work; the last update is its result."""

    def after(self, last: U) -> Work[U]:
        """The rest of the work once it has come to `last`. Without a state to go on from: all."""
        return self

    def parcel(self, update: U, sent: U | None) -> U:
        """What of `update` must travel to whom `sent` was sent last; on the CPU."""
        return update

    def opened(self, parcel: U, had: U | None) -> U:
        """The update that `parcel` was made of, for whom the update before was `had`."""
        return parcel


class Engine(Protocol):
    """Does the work and yields its updates; None means alive, but nothing new.

    Who has enough closes the generator, and the work ends.
    """

    def __call__(self, work: Callable[[], Iterator[U]]) -> Generator[U | None]: ...


def here(work: Callable[[], Iterator[U]]) -> Generator[U | None]:
    """The engine of a single machine: this thread does the work."""
    yield from work()


def patient(
    engine: Engine,
    others_wait: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Engine:
    """The engine that rests between two updates while others wait for the processor.

    It rests at most `REST` times as long as it has just worked, so that work comes to its end
    however many others there are.
    """

    def works(work: Callable[[], Iterator[U]]) -> Generator[U | None]:
        with closing(engine(work)) as updates:
            begun = clock()
            for update in updates:
                yield update
                worked = clock() - begun
                until = clock() + REST * min(worked, EVERY)
                while clock() < until and others_wait():
                    sleep(GLANCE)
                begun = clock()

    return works


def parcels(
    work: Work[U], every: float = EVERY, clock: Callable[[], float] = time.monotonic
) -> Iterator[U]:
    """Do the work far from who watches it: an update at most every so many seconds, and the last.

    What is left out costs nothing: the next parcel brings all that is new.
    """
    sent: U | None = None
    held: U | None = None
    due = clock()
    for update in work():
        held = update
        if clock() >= due:
            yield work.parcel(update, sent)
            sent, held, due = update, None, clock() + every
    if held is not None:
        yield work.parcel(held, sent)


def restarting(
    work: Work[U],
    attempt: Callable[[Work[U]], Iterator[U | None]],
    most: int = RESTARTS,
) -> Generator[U | None]:
    """`attempt` the work, and again from its last update whenever its worker is lost.

    Raises WorkerLost when that happens for the (most + 1)st time, and whatever the work raises.
    """
    for lost in range(most + 1):
        last: U | None = None
        try:
            for update in attempt(work):
                last = update if update is not None else last
                yield update
            return
        except WorkerLost as problem:
            if lost == most:
                raise WorkerLost(
                    f"{problem} It was the {most + 1}th worker lost on this job, so it was given "
                    "up. What is saved can be gone on with; ask whoever runs the server to look "
                    "after the workers."
                ) from problem
            log.warning("a worker was lost and the work is taken up again: %s", problem)
            if last is not None:
                work = work.after(last)
