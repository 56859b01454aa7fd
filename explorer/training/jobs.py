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
from functools import partial

from explorer.events import tag, tell
from explorer.training.absence import Absences
from explorer.training.crew import Crew, begun
from explorer.training.engine import Engine, here
from explorer.training.fair_queue import FairQueue
from explorer.training.job import Job, Standing, Status, U, Update
from explorer.training.task import Doing, Task
from explorer.training.threads import available_cores, step_back

__all__ = ["Job", "Pool", "Status", "Update"]

GLANCE = 0.25
"""Seconds between two looks of the watchdog."""


class Pool:
    """A few daemon threads that work off a fair queue for the whole server.

    `workers` defaults to the cores less one, which is left to the pages; a function is asked anew
    at each job, as the machines behind `engine` may become more. `autosave_every` and
    `hang_after` are in seconds: a job without an update for `hang_after` is given up as failed and
    its thread, which cannot be killed, is left behind and replaced; beyond `most_left_behind` it
    keeps its place until it ends after all. `clock` returns seconds. `is_there` says whether an
    owner's browser is; of one that is gone the jobs go on for as long as `absence` says.
    """

    def __init__(
        self,
        workers: int | Callable[[], int] | None = None,
        autosave_every: float = 10.0,
        hang_after: float = 120.0,
        most_left_behind: int = 4,
        clock: Callable[[], float] = time.monotonic,
        is_there: Callable[[str], bool] = lambda owner: True,
        engine: Engine = here,
    ) -> None:
        count = max(1, available_cores() - 1) if workers is None else workers
        self._places = count if callable(count) else lambda: count
        self.workers = self._places()
        if self.workers < 1:
            raise ValueError(f"workers={workers} must be at least 1")
        if not 0 < autosave_every <= 10:
            raise ValueError(f"autosave_every={autosave_every} must be above 0 and at most 10 s")
        if hang_after <= 0:
            raise ValueError(f"hang_after={hang_after} must be above 0 s")
        self.hang_after, self.silent_after = hang_after, hang_after / 8
        self._autosave_every, self.clock = autosave_every, clock
        self._changed = threading.Condition()
        self._queue: FairQueue[Task] = FairQueue()
        self._crew = Crew(self.workers, most_left_behind)
        self._engine = engine
        self._is_there, self._away = is_there, Absences()
        self._ended = {status: 0 for status in Status if status.is_final}
        self._worked = 0.0
        self._watchdog: threading.Thread | None = None
        self._closed = False

    def submit(
        self,
        owner: str,
        label: str,
        work: Callable[[], Iterator[U]],
        on_done: Callable[[U], None] | None = None,
        on_autosave: Callable[[U], None] | None = None,
        around: Callable[[Doing[U]], Doing[U]] = lambda doing: doing,
    ) -> Job[U]:
        """Queue `work`, to be iterated by a worker thread; `around` goes about the engine's doing.

        The hooks run in the worker thread with the last update: `on_done` when the work has come
        to its end, before the job is shown as done; `on_autosave` every `autosave_every` seconds
        and when the job is stopped or has failed. A hook that raises leaves a note and ends
        nothing. Raises RuntimeError once the pool is closed.
        """
        places = self._places()  # may ask a cluster, which takes its time
        with self._changed:
            if self._closed:
                raise RuntimeError("the pool is closed; make a new one")
            self.workers = self._crew.size = places
            job = Job[U](owner, label, self, self.clock())
            doing = around(partial(self._engine, work))
            self._queue.add(owner, Task(job, doing, on_done, on_autosave))
            self._staff()
            if self._watchdog is None:
                self._watchdog = begun(self._watch, "watchdog")
            self._changed.notify_all()
        tell("job_queued", session=tag(owner))
        return job

    def stop(self, job: Job) -> None:
        """See `Job.stop`; a job that has ended is left as it is."""
        with self._changed:
            job.stopping = True
            for task in self._queue.of(job.owner):
                if task.job is job:
                    self._queue.remove(job.owner, task)
                    self._end(job, Status.STOPPED)
            if job.silent >= self.silent_after:
                job.note = "It gave no sign of life and did not hear that it was to stop."
                self._give_up(job, Status.STOPPED)

    def release(self, owner: str) -> None:
        """Stop all that `owner` has waiting or running."""
        for job in self.jobs(owner):
            self.stop(job)

    def jobs(self, owner: str) -> list[Job]:
        """The owner's jobs that run or wait, in the order of their submission."""
        with self._changed:
            running = [task.job for task in self._crew.tasks() if task.job.owner == owner]
            waiting = [task.job for task in self._queue.of(owner)]
        return sorted(running, key=lambda job: job.submitted) + waiting

    def position(self, job: Job) -> int | None:
        """See `Job.position`."""
        with self._changed:
            order = [task.job for task in self._queue.order(self._turns())]
        return order.index(job) + 1 if job in order else None

    def standing(self) -> Standing:
        """How the pool stands, for whoever watches the server."""
        with self._changed:
            now, tasks = self.clock(), self._crew.tasks()
            waiting = [task.job.submitted for task in self._queue.order({})]
            return Standing(
                workers=len(self._crew.at) + self._crew.missing,
                running=len(tasks),
                waiting=len(waiting),
                longest_wait=max((now - since for since in waiting), default=0.0),
                left_behind=len(self._crew.left_behind),
                ended={status.value: count for status, count in self._ended.items()},
                worked=self._worked + sum(now - (task.job.started or now) for task in tasks),
                stuck=self._crew.stuck,
            )

    def close(self, timeout: float = 5.0) -> None:
        """Stop every job and let the workers go; waits `timeout` seconds for the last autosaves."""
        with self._changed:
            self._closed = True
            for task in [*self._queue.order({}), *self._crew.tasks()]:
                self.stop(task.job)
            workers = list(self._crew.at)
            self._changed.notify_all()
        deadline = time.monotonic() + timeout
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))

    def _turns(self) -> dict[str, int]:
        return self._away.turns(Counter(task.job.owner for task in self._crew.tasks()).items())

    def _staff(self) -> None:
        """Hire what the crew lacks."""
        if not self._closed:
            self._crew.hire(self._work)

    def _end(self, job: Job, status: Status, error: str = "") -> None:
        now = self.clock()
        self._ended[status] += 1
        self._worked += now - (job.started if job.started is not None else now)
        job.end(status, now, error)

    def _give_up(self, job: Job, status: Status, error: str = "") -> None:
        """Leave the thread of a silent job behind and hire another, if the bound allows it."""
        self._crew.leave_behind(job)
        self._queue.end_turn(job.owner)
        self._end(job, status, error)
        self._staff()
        tell("job_given_up", logging.ERROR, kind="hang", session=tag(job.owner))

    # What follows runs in the threads of the pool.

    def _work(self) -> None:
        step_back()
        while self._work_off(threading.current_thread()):
            pass  # each task in a frame of its own: an idle worker must not keep the last network

    def _work_off(self, me: threading.Thread) -> bool:
        """Run the next task; whether this worker is to go on."""
        if (task := self._next(me)) is None:
            return False
        job = task.job
        tell("job_started", session=tag(job.owner))
        mine = partial(self._crew.has, me, task)
        status, error = task.run(self.clock, self._autosave_every, mine)
        with self._changed:
            if not mine():
                self._crew.left_behind.discard(me)  # given up meanwhile, and perhaps replaced
                self._staff()
                return False
            self._crew.at[me] = None
            self._queue.end_turn(job.owner)
            self._end(job, status, error)
            self._changed.notify_all()
        tell("job_ended", kind=status.value, session=tag(job.owner))
        return True

    def _next(self, me: threading.Thread) -> Task | None:
        with self._changed:
            while not self._closed:
                if (task := self._queue.pop(self._turns())) is not None:
                    self._crew.at[me] = task
                    task.job.started = task.job.heartbeat = self.clock()
                    task.job.status = Status.RUNNING
                    self._changed.notify_all()  # the watchdog has something to watch
                    return task
                self._changed.wait()
            del self._crew.at[me]
            return None

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                self._look()  # in a frame of its own: it must not keep the last network either
                self._changed.wait(GLANCE if self._crew.tasks() or len(self._queue) else None)

    def _look(self) -> None:
        """Give up jobs that are silent for too long, make room, and hire who could not be had."""
        for job in [task.job for task in self._crew.tasks()]:
            if job.silent > self.hang_after:
                quiet = f"No sign of life for {self.hang_after:g} seconds"
                self._give_up(job, Status.FAILED, f"{quiet}, so the job was given up.")
        self._make_room()
        self._staff()

    def _make_room(self) -> None:
        """Stop jobs of owners who are gone: for too long, or while others wait for their worker."""
        now, running = self.clock(), [task.job for task in self._crew.tasks()]
        waiting = [task.job.owner for task in self._queue.order({})]
        self._away.look({*waiting, *(job.owner for job in running)}, self._is_there, now)
        for owner in self._away.over(now):
            self.release(owner)
        idle = len(self._crew.at) - len(running)
        for job in self._away.giving_way(running, waiting, idle, now):
            self.stop(job)
