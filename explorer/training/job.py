"""One piece of long work as a page sees it: how it stands, how far it is, what it last yielded."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

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
    ending it. The last update stays in `latest` when the job has ended, however it did.
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

    def stop(self) -> None:
        """Take a waiting job out of the queue, or ask a running one to end after this update."""
        self.pool.stop(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended, at most `timeout` seconds; whether it has."""
        return self._ended.wait(timeout)

    def end(self, status: Status, at: float, error: str = "") -> None:
        """For the pool: write the end down, its status last, so that whoever sees it sees all."""
        self.finished, self.error = at, error
        self.status = status
        self._ended.set()


def plain_words(problem: BaseException) -> str:
    """An error as a sentence for a page: our own errors speak for themselves, others get a name."""
    text = str(problem).strip() or "no reason given"
    if isinstance(problem, ValueError | OSError):
        return text
    if isinstance(problem, MemoryError):
        return "The memory of the server is used up; try a smaller network or batch."
    return f"{type(problem).__name__}: {text}"
