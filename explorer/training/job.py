"""One piece of long work as a page sees it: how it stands, how far it is, what it last yielded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from explorer.events import tag, tell
from explorer.training.faults import kind_of, plain_words

if TYPE_CHECKING:
    from explorer.training.jobs import Pool


class Update(Protocol):
    """What the work yields: how far it has come, and whatever its page and its hooks need."""

    @property
    def step(self) -> int: ...

    @property
    def steps(self) -> int: ...


U = TypeVar("U", bound=Update)


class Status(Enum):
    """Where a job stands; the last three are final."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self not in (Status.WAITING, Status.RUNNING)


@dataclass(eq=False)
class Job(Generic[U]):
    """Pages read a job, at any time and without a lock; only its `Pool` writes to it.

    Times are those of the pool's clock (`time.monotonic`), in seconds. `heartbeat` is the last
    sign of life, `error` says in plain words why the job failed, and `note` what went wrong without
    ending it. The last update stays in `latest` when the job has ended, however it did; `unsaved`
    is what would keep it, where keeping it has failed.
    """

    owner: str
    label: str
    pool: Pool = field(repr=False)
    submitted: float
    status: Status = Status.WAITING
    latest: U | None = field(default=None, repr=False)
    stopping: bool = False
    started: float | None = None
    finished: float | None = None
    heartbeat: float | None = None
    error: str = ""
    note: str = ""
    unsaved: Callable[[], None] | None = field(default=None, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def progress(self) -> float:
        """The share of the steps that are done, from 0 to 1."""
        update = self.latest
        return update.step / update.steps if update is not None and update.steps else 0.0

    @property
    def position(self) -> int | None:
        """The place in the queue as things stand, 1 being next; None for a job not waiting."""
        return self.pool.position(self)

    @property
    def silent(self) -> float:
        """Seconds without a sign of life, 0 unless it is running; see `Pool.silent_after`."""
        if self.status is not Status.RUNNING or self.heartbeat is None:
            return 0.0
        return self.pool.clock() - self.heartbeat

    def save_again(self) -> None:
        """Try once more to keep what could not be kept at the end; `note` says how it went."""
        keep, self.unsaved = self.unsaved, None  # a second press finds nothing to do
        if keep is not None and not saved(self, keep):
            self.unsaved = keep

    def stop(self) -> None:
        """Take a waiting job out of the queue, or ask a running one to end after this update.

        One that has been silent for `Pool.silent_after` would not hear: it is given up.
        """
        self.pool.stop(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended, at most `timeout` seconds; whether it has."""
        return self._ended.wait(timeout)

    def end(self, status: Status, at: float, error: str = "") -> None:
        """For the pool: write the end down, its status last, so that whoever sees it sees all."""
        self.finished, self.error = at, error
        self.status = status
        self._ended.set()


@dataclass(frozen=True)
class Standing:
    """How a pool stands: counts of threads and jobs, and seconds; `ended` by the last status.

    worked: of all workers together, since the server began.  left_behind: threads that hang.
    stuck: nothing can run, because every worker hangs.
    """

    workers: int
    running: int
    waiting: int
    longest_wait: float
    left_behind: int
    ended: Mapping[str, int]
    worked: float
    stuck: bool


def saved(job: Job, keep: Callable[[], None]) -> bool:
    """Call what saves a job, and note on the job how that went; whether it went well."""
    try:
        keep()
    except Exception as problem:  # a full disk must not end the training
        job.note = f"Not saved: {plain_words(problem)}"
        kind, who = kind_of(problem), tag(job.owner)
        tell("save_failed", logging.ERROR, kind=kind, session=who, problem=problem)
        return False
    job.note = ""
    return True
