"""The queue is fair, jobs end as they should, and no job takes its worker down with it."""

import gc
import os
import random
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import torch

from explorer.training import threads
from explorer.training.fair_queue import FairQueue
from explorer.training.jobs import Job, Pool, Status

SOON = 20.0  # seconds after which a test gives up; nothing waits this long unless it is broken


@dataclass(frozen=True)
class Tick:
    step: int
    steps: int


def count(steps: int) -> Iterator[Tick]:
    return (Tick(step, steps) for step in range(1, steps + 1))


class Gate:
    """Work that runs until it is let go, one tick a millisecond."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self) -> Iterator[Tick]:
        step = 0
        while not self.open.is_set():
            step += 1
            yield Tick(step, 10**9)
            self.begun.set()
            time.sleep(0.001)

    def wait(self) -> None:
        assert self.begun.wait(SOON)


@pytest.fixture
def make_pool() -> Iterator[Callable[..., Pool]]:
    pools: list[Pool] = []

    def make(**options: object) -> Pool:
        pools.append(Pool(**{"workers": 1} | options))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def ended(job: Job) -> Status:
    assert job.wait(SOON), f"{job} has not ended"
    return job.status


# The order


def test_owners_take_turns_and_first_come_goes_first():
    queue: FairQueue[str] = FairQueue()
    for owner, item in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]:
        queue.add(owner, item)
    queue.add("b", "b2")
    expected = ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert queue.order({}) == expected
    assert [queue.pop({}) for _ in range(7)] == [*expected, None]


def test_nobody_gets_a_second_while_another_waits_for_the_first():
    queue: FairQueue[str] = FairQueue()
    for owner, item in [("a", "a2"), ("a", "a3"), ("b", "b1"), ("b", "b2")]:
        queue.add(owner, item)
    assert queue.order({"a": 1}) == ["b1", "a2", "b2", "a3"]
    assert queue.pop({"a": 1}) == "b1"


def test_joining_anew_never_overtakes():
    queue: FairQueue[str] = FairQueue()
    queue.add("a", "a1")
    queue.add("a", "a2")
    queue.pop({})
    queue.add("reloaded tab", "x")
    assert queue.order({}) == ["a2", "x"]
    queue.end_turn("a")  # a1 ran and has ended: its owner's next waits behind the others
    assert queue.order({}) == ["x", "a2"]


def test_order_tells_what_pop_will_do_for_any_queue():
    rng = random.Random(0)
    for _ in range(300):
        queue: FairQueue[tuple[str, int]] = FairQueue()
        for number in range(rng.randint(0, 12)):
            owner = rng.choice("abcd")
            queue.add(owner, (owner, number))
        running = Counter(rng.choices("abcd", k=rng.randint(0, 3)))
        told, popped = queue.order(running), []
        while (item := queue.pop(running)) is not None:
            running[item[0]] += 1
            popped.append(item)
        assert told == popped
        for owner in "abcd":
            own = [number for who, number in popped if who == owner]
            assert own == sorted(own)


# The pool


def test_a_job_runs_to_its_end_and_keeps_its_last_update(make_pool):
    done: list[tuple[Tick, Status]] = []
    pool = make_pool()
    job = pool.submit("a", "ten", lambda: count(10), lambda tick: done.append((tick, job.status)))
    assert ended(job) is Status.DONE
    assert job.latest == Tick(10, 10)
    assert job.progress == 1.0
    assert done == [(Tick(10, 10), Status.RUNNING)]  # saved before it is shown as done
    assert job.submitted <= job.started <= job.heartbeat <= job.finished
    assert (job.error, job.note, job.position) == ("", "", None)


def test_one_worker_serves_owners_in_turn_and_shows_positions(make_pool):
    pool, gate, order = make_pool(), Gate(), []

    def work(name: str) -> Callable[[], Iterator[Tick]]:
        return lambda: (order.append(name) or tick for tick in count(1))

    first = pool.submit("a", "a0", gate)
    gate.wait()
    names = ["a1", "a2", "b1", "b2", "c1"]
    jobs = {name: pool.submit(name[0], name, work(name)) for name in names}
    assert first.position is None
    positions = {name: job.position for name, job in jobs.items()}
    assert positions == {"b1": 1, "c1": 2, "a1": 3, "b2": 4, "a2": 5}
    assert [job.label for job in pool.jobs("a")] == ["a0", "a1", "a2"]
    jobs["b1"].stop()
    assert [jobs[name].position for name in names] == [3, 4, None, 1, 2]
    gate.open.set()
    for job in jobs.values():
        ended(job)
    assert order == ["b2", "c1", "a1", "a2"]  # as the positions said
    assert jobs["b1"].status is Status.STOPPED
    assert jobs["b1"].started is None


def test_two_workers_run_two_owners_before_one_owners_second(make_pool):
    pool, gates = make_pool(workers=2), [Gate() for _ in range(3)]
    first = pool.submit("a", "a1", gates[0])
    gates[0].wait()
    blocker = pool.submit("b", "b1", gates[1])
    gates[1].wait()
    second = pool.submit("a", "a2", fourth := Gate())
    other = pool.submit("c", "c1", gates[2])
    assert (second.position, other.position) == (2, 1)
    blocker.stop()
    gates[2].wait()
    assert second.status is Status.WAITING
    first.stop()
    fourth.wait()
    assert second.status is Status.RUNNING


def test_eight_owners_all_finish_and_none_is_lost(make_pool):
    pool = make_pool(workers=2)
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def tally(tick: Tick, owner: str) -> None:
        with lock:
            counts[owner] += tick.step

    jobs = [
        pool.submit(owner, f"{owner}{k}", lambda: count(50), lambda t, owner=owner: tally(t, owner))
        for k in range(5)
        for owner in "abcdefgh"
    ]
    assert [ended(job) for job in jobs] == [Status.DONE] * 40
    assert counts == Counter(dict.fromkeys("abcdefgh", 250))


def test_a_running_job_stops_and_is_saved_as_it_stands(make_pool):
    pool, gate, saved = make_pool(), Gate(), []
    job = pool.submit("a", "endless", gate, on_done=pytest.fail, on_autosave=saved.append)
    gate.wait()
    job.stop()
    assert job.wait(1.0)
    assert job.status is Status.STOPPED
    assert saved == [job.latest]


def test_stopping_twice_or_after_the_end_changes_nothing(make_pool):
    pool = make_pool()
    job = pool.submit("a", "one", lambda: count(1))
    assert ended(job) is Status.DONE
    job.stop()
    job.stop()
    assert job.status is Status.DONE


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
    pool, gate = make_pool(hang_after=0.3), Gate()
    job = pool.submit("a", "busy", gate)
    gate.wait()
    assert not job.wait(1.0)
    gate.open.set()
    assert ended(job) is Status.DONE


def test_release_stops_all_of_one_owner_and_nothing_else(make_pool):
    pool, gate = make_pool(), Gate()
    running = pool.submit("gone", "1", gate)
    waiting = pool.submit("gone", "2", lambda: count(1))
    other = pool.submit("stays", "3", lambda: count(1))
    gate.wait()
    pool.release("gone")
    assert running.wait(1.0)
    assert [running.status, waiting.status] == [Status.STOPPED, Status.STOPPED]
    assert ended(other) is Status.DONE
    assert pool.jobs("gone") == []


def test_autosaves_keep_their_interval_on_the_clock(make_pool):
    now, saved = [0.0], []

    def work() -> Iterator[Tick]:
        for step in range(1, 31):
            now[0] += 1.0  # a second per step
            yield Tick(step, 30)

    pool = make_pool(autosave_every=7, clock=lambda: now[0])
    job = pool.submit("a", "slow", work, on_autosave=lambda tick: saved.append(tick.step))
    assert ended(job) is Status.DONE
    assert saved == [7, 14, 21, 28]


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


def test_close_saves_what_runs_and_takes_no_more(make_pool):
    pool, gate, saved = make_pool(), Gate(), []
    running = pool.submit("a", "x", gate, on_autosave=saved.append)
    waiting = pool.submit("b", "y", lambda: count(1))
    gate.wait()
    pool.close()
    assert [running.status, waiting.status] == [Status.STOPPED, Status.STOPPED]
    assert saved == [running.latest]
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit("a", "z", lambda: count(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers=0"),
        ({"autosave_every": 11}, "autosave_every=11"),
        ({"hang_after": 0}, "hang_after=0"),
    ],
)
def test_a_pool_refuses_numbers_that_cannot_work(options, message):
    with pytest.raises(ValueError, match=message):
        Pool(**options)


def test_a_pool_leaves_a_core_to_the_pages(monkeypatch):
    for cores, workers in [(1, 1), (2, 1), (8, 7)]:
        monkeypatch.setattr("explorer.training.jobs.available_cores", lambda cores=cores: cores)
        assert Pool().workers == workers
