"""The threads of a pool: what each works at, and which were left behind because they hang."""

from __future__ import annotations

import threading

from explorer.training.job import Job
from explorer.training.task import Task


class Crew:
    """`size` threads at work; not thread-safe: its user holds a lock.

    Of the threads left behind, `most_left_behind` are replaced. A thread cannot be killed and may
    go on to use a core, so that those beyond keep their place until they end after all.
    """

    def __init__(self, size: int, most_left_behind: int) -> None:
        self.size, self._bound = size, most_left_behind
        self.at: dict[threading.Thread, Task | None] = {}
        self.left_behind: set[threading.Thread] = set()

    @property
    def missing(self) -> int:
        """How many threads are to be hired."""
        beyond = max(0, len(self.left_behind) - self._bound)
        return max(0, self.size - beyond - len(self.at))

    @property
    def stuck(self) -> bool:
        """Whether nothing can run any more, because every thread hangs."""
        return bool(self.left_behind) and not self.at and not self.missing

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
