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
from made_jobs import SOON, Gate, Tick, count, ended

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
    pool = make_pool()
    job = pool.submit("a", "bad", lambda: failing(error), on_done=pytest.fail)
    after = pool.submit("a", "good", lambda: count(2))
    assert ended(job) is Status.FAILED
    assert job.error.startswith(message)
    assert job.latest == Tick(3, 10)
    assert ended(after) is Status.DONE
    assert [record.exc_info[0] for record in caplog.records] == [type(error)]


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
