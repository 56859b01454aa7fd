"""The threads of a pool: what each works at, and which were left behind because they hang."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from explorer.training.job import Job
from explorer.training.task import Task

log = logging.getLogger(__name__)


class Crew:
    """`size` threads at work; not thread-safe: its user holds a lock.

    Of the threads left behind, `most_left_behind` are replaced. A thread cannot be killed and may
    go on to use a core, so that those beyond keep their place until they end after all.
    """

    def __init__(self, size: int, most_left_behind: int) -> None:
        self.size, self._bound = size, most_left_behind
        self.at: dict[threading.Thread, Task | None] = {}
        self.left_behind: set[threading.Thread] = set()
        self._short = False

    @property
    def missing(self) -> int:
        """How many threads are to be hired."""
        beyond = max(0, len(self.left_behind) - self._bound)
        return max(0, self.size - beyond - len(self.at))

    def hire(self, work: Callable[[], None]) -> None:
        """Let threads begin `work` until none is missing, or the system has no more of them."""
        while self.missing and (worker := begun(work, "worker")) is not None:
            self.at[worker] = None
        if self.missing and not self._short:
            log.warning("a worker is missing: the system has no more threads")
        self._short = self.missing > 0

    @property
    def stuck(self) -> bool:
        """Whether nothing can run any more: every thread hangs, or the system has none."""
        return not self.at and (self._short or (bool(self.left_behind) and not self.missing))

    def tasks(self) -> list[Task]:
        """What is worked at."""
        return [task for task in self.at.values() if task is not None]

    def has(self, worker: threading.Thread, task: Task) -> bool:
        """Whether the thread still has the task, and has not been left behind with it."""
        return self.at.get(worker) is task

    def leave_behind(self, job: Job) -> None:
        """Give up the thread that works at `job`."""
        worker = next(w for w, task in self.at.items() if task is not None and task.job is job)
        del self.at[worker]
        self.left_behind.add(worker)


def begun(work: Callable[[], None], name: str) -> threading.Thread | None:
    """A thread at work, which ends with the program; None where the system has no more of them."""
    thread = threading.Thread(target=work, daemon=True, name=name)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
