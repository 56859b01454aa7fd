"""Long work beside a running app: a fair queue, a few worker threads, jobs that can be watched.

A job's work is an iterator of updates. The worker publishes each by one assignment, so that a page
reads `job.latest` at any time without a lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic

from explorer.training.fair_queue import FairQueue
from explorer.training.job import Job, Status, U, Update, plain_words
from explorer.training.threads import available_cores, step_back

__all__ = ["Job", "Pool", "Status", "Update"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Task(Generic[U]):
    """What a worker needs and a job must not keep: work holds networks and data."""

    job: Job[U]
    work: Callable[[], Iterator[U]]
    on_done: Callable[[U], None] | None
    on_autosave: Callable[[U], None] | None


class Pool:
    """A few daemon threads that work off a fair queue for the whole server.

    `workers` defaults to the cores less one, which is left to the pages. `autosave_every` and
    `hang_after` are in seconds: a job without an update for `hang_after` is given up as failed and
    its thread, which cannot be killed, is replaced. `clock` returns seconds.
    """

    def __init__(
        self,
        workers: int | None = None,
        autosave_every: float = 10.0,
        hang_after: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workers = max(1, available_cores() - 1) if workers is None else workers
        if self.workers < 1:
            raise ValueError(f"workers={workers} must be at least 1")
        if not 0 < autosave_every <= 10:
            raise ValueError(f"autosave_every={autosave_every} must be above 0 and at most 10 s")
        if hang_after <= 0:
            raise ValueError(f"hang_after={hang_after} must be above 0 s")
        self._autosave_every, self._hang_after, self._clock = autosave_every, hang_after, clock
        self._changed = threading.Condition()
        self._queue: FairQueue[_Task] = FairQueue()
        self._running: dict[threading.Thread, _Task | None] = {}  # every worker, and its task
        self._watchdog: threading.Thread | None = None
        self._closed = False

    def submit(
        self,
        owner: str,
        label: str,
        work: Callable[[], Iterator[U]],
        on_done: Callable[[U], None] | None = None,
        on_autosave: Callable[[U], None] | None = None,
    ) -> Job[U]:
        """Queue `work`, which a worker thread will call and iterate.

        The hooks run in the worker thread with the last update: `on_done` when the work has come
        to its end, before the job is shown as done; `on_autosave` every `autosave_every` seconds
        and when the job is stopped. A hook that raises leaves a note and ends nothing.
        Raises RuntimeError once the pool is closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed; make a new one")
            job = Job[U](owner, label, self, self._clock())
            self._queue.add(owner, _Task(job, work, on_done, on_autosave))
            while len(self._running) < self.workers:
                self._hire()
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._watch, daemon=True, name="watchdog")
                self._watchdog.start()
            self._changed.notify_all()
        return job

    def stop(self, job: Job) -> None:
        """See `Job.stop`; a job that has ended is left as it is."""
        with self._changed:
            job.stopping = True
            for task in self._queue.of(job.owner):
                if task.job is job:
                    self._queue.remove(job.owner, task)
                    job.end(Status.STOPPED, self._clock())

    def release(self, owner: str) -> None:
        """Stop all that `owner` has waiting or running, as when a browser tab closes."""
        for job in self.jobs(owner):
            self.stop(job)

    def jobs(self, owner: str) -> list[Job]:
        """The owner's jobs that run or wait, in the order of their submission."""
        with self._changed:
            running = [task.job for task in self._tasks() if task.job.owner == owner]
            return sorted(running, key=lambda job: job.submitted) + [
                task.job for task in self._queue.of(owner)
            ]

    def position(self, job: Job) -> int | None:
        """See `Job.position`."""
        with self._changed:
            order = [task.job for task in self._queue.order(self._counts())]
        return order.index(job) + 1 if job in order else None

    def close(self, timeout: float = 5.0) -> None:
        """Stop every job and let the workers go; waits `timeout` seconds for the last autosaves."""
        with self._changed:
            self._closed = True
            waiting = self._queue.order({})
            for job in [task.job for task in [*waiting, *self._tasks()]]:
                self.stop(job)
            workers = list(self._running)
            self._changed.notify_all()
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _tasks(self) -> list[_Task]:
        return [task for task in self._running.values() if task is not None]

    def _counts(self) -> Counter[str]:
        return Counter(task.job.owner for task in self._tasks())

    def _hire(self) -> None:
        worker = threading.Thread(target=self._work, daemon=True, name="worker")
        self._running[worker] = None
        worker.start()

    # What follows runs in the threads of the pool.

    def _work(self) -> None:
        step_back()
        while self._work_off(threading.current_thread()):
            pass  # each task in a frame of its own: an idle worker must not keep the last network

    def _work_off(self, me: threading.Thread) -> bool:
        """Run the next task; whether this worker is to go on."""
        if (task := self._next(me)) is None:
            return False
        status, error = Status.FAILED, ""
        try:
            status = self._run(task, me)
        except BaseException as problem:  # a thread has nobody above it to tell
            log.exception("the job %r failed", task.job.label)
            error = plain_words(problem)
        with self._changed:
            if self._running.get(me) is not task:
                return False  # given up meanwhile, and replaced
            self._running[me] = None
            self._queue.end_turn(task.job.owner)
            task.job.end(status, self._clock(), error)
            self._changed.notify_all()
        return True

    def _next(self, me: threading.Thread) -> _Task | None:
        with self._changed:
            while not self._closed:
                if (task := self._queue.pop(self._counts())) is not None:
                    self._running[me] = task
                    task.job.started = task.job.heartbeat = self._clock()
                    task.job.status = Status.RUNNING
                    self._changed.notify_all()  # the watchdog has something to watch
                    return task
                self._changed.wait()
            del self._running[me]
            return None

    def _run(self, task: _Task[U], me: threading.Thread) -> Status:
        job, saved = task.job, self._clock()
        for update in task.work():
            if self._running.get(me) is not task:
                return Status.FAILED  # given up: what comes now comes too late
            job.latest, job.heartbeat = update, self._clock()
            if job.stopping:
                self._call(job, task.on_autosave, update)
                return Status.STOPPED
            if job.heartbeat - saved >= self._autosave_every:
                self._call(job, task.on_autosave, update)
                saved = self._clock()
        if job.latest is not None and self._running.get(me) is task:
            self._call(job, task.on_done, job.latest)
        return Status.DONE

    def _call(self, job: Job[U], hook: Callable[[U], None] | None, update: U) -> None:
        if hook is None:
            return
        try:
            hook(update)
            job.note = ""
        except Exception as problem:  # a full disk must not end the training
            log.exception("saving the job %r failed", job.label)
            job.note = f"Not saved: {plain_words(problem)}"
        job.heartbeat = self._clock()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                for worker, task in list(self._running.items()):
                    if task is None or task.job.heartbeat is None:
                        continue
                    if self._clock() - task.job.heartbeat > self._hang_after:
                        log.error("the job %r hangs; its thread is left behind", task.job.label)
                        del self._running[worker]
                        self._queue.end_turn(task.job.owner)
                        quiet = f"{self._hang_after:g} seconds"
                        error = f"No sign of life for {quiet}, so the job was given up."
                        task.job.end(Status.FAILED, self._clock(), error)
                        self._hire()
                self._changed.wait(self._hang_after / 4 if self._tasks() else None)
