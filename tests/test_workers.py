"""No job takes its worker down with it: not by failing, hanging, or a full disk."""

import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
import torch
from made_jobs import SOON, Deaf, Gate, Tick, count, ended, until

from explorer.training import threads
from explorer.training.jobs import Pool, Status


@pytest.fixture
def make_pool() -> Iterator[Callable[..., Pool]]:
    pools: list[Pool] = []

    def make(**options: object) -> Pool:
        pools.append(Pool(**{"workers": 1} | options))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def failing(error: BaseException) -> Iterator[Tick]:
    yield Tick(3, 10)
    raise error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("rate=0 must be above 0"), "rate=0 must be above 0"),
        (RuntimeError("shapes differ"), "RuntimeError: shapes differ"),
        (MemoryError(), "The memory of the server is used up"),
        (SystemExit(1), "SystemExit: 1"),
    ],
)
def test_a_failing_job_says_why_and_its_worker_goes_on(make_pool, caplog, error, message):
    pool, saved = make_pool(), []
    job = pool.submit("a", "bad", lambda: failing(error), pytest.fail, saved.append)
    after = pool.submit("a", "good", lambda: count(2))
    assert ended(job) is Status.FAILED
    assert job.error.startswith(message)
    assert saved == [job.latest] == [Tick(3, 10)]  # as far as it had come
    assert ended(after) is Status.DONE
    (said,) = [r.said for r in caplog.records if r.said["event"] == "job_failed"]
    assert said["error"] == type(error).__name__
    assert any("test_workers.py" in call and "failing" in call for call in said["calls"])


def test_work_that_fails_before_its_first_update(make_pool):
    def work() -> Iterator[Tick]:
        raise ValueError("no such network")

    job = make_pool().submit("a", "bad", work)
    assert ended(job) is Status.FAILED
    assert (job.error, job.latest, job.progress) == ("no such network", None, 0.0)


def test_a_hanging_job_is_given_up_and_the_queue_moves_on(make_pool):
    pool, wake, late = make_pool(hang_after=0.3), threading.Event(), threading.Event()

    def hang() -> Iterator[Tick]:
        yield Tick(1, 3)
        wake.wait(SOON)
        yield Tick(2, 3)
        late.set()

    job = pool.submit("a", "hangs", hang, on_done=pytest.fail, on_autosave=pytest.fail)
    after = pool.submit("b", "waits", lambda: count(5))
    assert ended(job) is Status.FAILED
    assert job.error == "No sign of life for 0.3 seconds, so the job was given up."
    assert ended(after) is Status.DONE
    left_behind = [t for t in threading.enumerate() if t.name == "worker" and t.is_alive()]
    wake.set()
    for thread in left_behind:
        thread.join(0.5)
    assert (job.status, job.latest) == (Status.FAILED, Tick(1, 3))  # what comes late is ignored
    assert not late.is_set()


def test_threads_left_behind_are_replaced_up_to_a_bound_and_taken_back_when_they_end(make_pool):
    pool, deaf = make_pool(hang_after=0.2, most_left_behind=1), [Deaf(), Deaf()]
    for work in deaf:
        assert ended(pool.submit("a", "hangs", work)) is Status.FAILED
    standing = pool.standing()
    assert (standing.workers, standing.left_behind, standing.stuck) == (0, 2, True)
    last = pool.submit("b", "waits", lambda: count(1))
    assert last.status is Status.WAITING
    deaf[0].wake.set()
    assert ended(last) is Status.DONE
    assert not pool.standing().stuck
    deaf[1].wake.set()
    until(lambda: pool.standing().left_behind == 0)
    assert pool.standing().workers == 1
    assert pool.standing().ended == {"done": 1, "stopped": 0, "failed": 2}


def test_a_silent_job_is_seen_and_stop_gives_it_up_at_once(make_pool):
    now, deaf = [0.0], Deaf()
    pool = make_pool(clock=lambda: now[0])
    job = pool.submit("a", "hangs", deaf)
    after = pool.submit("b", "waits", lambda: count(1))
    assert deaf.hangs.wait(SOON)
    assert job.silent == 0.0
    now[0] = pool.silent_after - 1
    job.stop()
    assert job.status is Status.RUNNING  # it may yet hear
    now[0] = pool.silent_after
    assert job.silent == pool.silent_after
    job.stop()
    assert job.status is Status.STOPPED
    assert "no sign of life" in job.note
    assert ended(after) is Status.DONE
    deaf.wake.set()
    until(lambda: pool.standing().left_behind == 0)
    assert job.latest == Tick(1, 2)


def test_a_busy_job_is_not_taken_for_a_hanging_one(make_pool):
    pool, gate = make_pool(hang_after=1.0), Gate()
    job = pool.submit("a", "busy", gate)
    gate.wait()
    assert not job.wait(2.0)
    gate.open.set()
    assert ended(job) is Status.DONE


def test_a_full_disk_becomes_a_note_and_ends_nothing(make_pool, caplog):
    disk_is_full, gate = [True], Gate()

    def save(tick: Tick) -> None:
        if disk_is_full[0]:
            raise OSError("The disk is full.")

    job = make_pool(autosave_every=0.01).submit("a", "x", gate, save, save)
    deadline = time.monotonic() + SOON
    while not job.note and time.monotonic() < deadline:
        time.sleep(0.001)
    assert job.note == "Not saved: The disk is full."
    assert job.status is Status.RUNNING
    disk_is_full[0] = False
    while job.note and time.monotonic() < deadline:
        time.sleep(0.001)
    assert job.note == ""  # the next one went well
    disk_is_full[0] = True
    gate.open.set()
    assert ended(job) is Status.DONE
    assert job.note == "Not saved: The disk is full."
    job.save_again()
    assert job.note == "Not saved: The disk is full."
    disk_is_full[0] = False
    job.save_again()
    assert (job.note, job.unsaved) == ("", None)


def test_an_idle_worker_keeps_nothing_of_the_work(make_pool):
    class Network: ...

    def work_with(network: Network) -> Callable[[], Iterator[Tick]]:
        return lambda: (tick for tick in count(3) if network)

    pool, network = make_pool(), Network()
    left = weakref.ref(network)
    job = pool.submit("a", "x", work_with(network))
    del network
    ended(job)
    deadline = time.monotonic() + SOON
    while left() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert left() is None


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities on Linux alone")
def test_workers_compute_on_one_core_and_step_back(make_pool):
    seen = []

    def work() -> Iterator[Tick]:
        thread = threading.get_native_id()
        seen.append((torch.get_num_threads(), os.getpriority(os.PRIO_PROCESS, thread)))
        yield Tick(1, 1)

    mine = os.getpriority(os.PRIO_PROCESS, 0)
    ended(make_pool().submit("a", "x", work))
    assert seen == [(1, min(19, mine + threads.NICE))]
    assert os.getpriority(os.PRIO_PROCESS, 0) == mine


def test_a_system_that_forbids_priorities_is_borne(make_pool, monkeypatch):
    def forbidden(which: int, who: int, nice: int) -> None:
        raise PermissionError("not here")

    monkeypatch.setattr(os, "setpriority", forbidden)
    assert ended(make_pool().submit("a", "x", lambda: count(1))) is Status.DONE


def test_where_the_system_has_no_more_threads_a_job_waits_until_it_has(make_pool, monkeypatch):
    pool, real, short = make_pool(), threading.Thread.start, [True]

    def start(thread):
        if short[0] and thread.name == "worker":
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    job = pool.submit("a", "waits", lambda: count(1))
    assert job.status is Status.WAITING
    assert pool.standing().stuck
    short[0] = False
    assert ended(job) is Status.DONE
    assert not pool.standing().stuck
