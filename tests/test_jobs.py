"""Owners take turns, and jobs end as they should."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from made_jobs import Gate, Tick, count, ended, until

from explorer.training import absence
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
    reached = job.latest.step
    assert ended(job) is Status.STOPPED
    assert job.latest.step <= reached + 1  # at the next update, be it fast or slow
    assert saved == [job.latest]


def test_stopping_twice_or_after_the_end_changes_nothing(make_pool):
    pool = make_pool()
    job = pool.submit("a", "one", lambda: count(1))
    assert ended(job) is Status.DONE
    job.stop()
    job.stop()
    assert job.status is Status.DONE


def test_release_stops_all_of_one_owner_and_nothing_else(make_pool):
    pool, gate = make_pool(), Gate()
    running = pool.submit("gone", "1", gate)
    waiting = pool.submit("gone", "2", lambda: count(1))
    other = pool.submit("stays", "3", lambda: count(1))
    gate.wait()
    pool.release("gone")
    ended(running)
    assert [running.status, waiting.status] == [Status.STOPPED, Status.STOPPED]
    assert ended(other) is Status.DONE
    assert pool.jobs("gone") == []


def test_who_leaves_goes_on_alone_makes_room_for_others_and_loses_nothing_by_returning(
    make_pool, monkeypatch
):
    monkeypatch.setattr("explorer.training.jobs.GLANCE", 0.02)
    now, saved, gone, asked = [0.0], [], set(), Counter()

    def is_there(owner: str) -> bool:
        asked[owner] += 1
        return owner not in gone

    def seen(owner: str) -> None:
        """Wait until the watchdog has looked again, from one end to the other."""
        before = asked[owner]
        until(lambda: asked[owner] >= before + 2)

    pool = make_pool(workers=2, hang_after=1000, clock=lambda: now[0], is_there=is_there)
    jobs, gates = {}, {who: Gate() for who in "abcd"}

    def begin(who: str) -> None:
        def save(tick: Tick) -> None:
            if jobs[who].stopping:
                saved.append(who)

        jobs[who] = pool.submit(who, who, gates[who], on_autosave=save)

    for who in "ab":
        begin(who)
        gates[who].wait()
    gone.add("a")
    seen("a")
    now[0] = absence.ALONE - 1
    seen("a")
    assert jobs["a"].status is Status.RUNNING  # nobody waits for its worker
    gone.clear()
    seen("a")
    gone.add("a")
    now[0] = absence.ALONE + 1
    seen("a")
    assert jobs["a"].status is Status.RUNNING  # gone anew
    begin("c")
    now[0] += absence.OTHERS_WAIT
    assert ended(jobs["a"]) is Status.STOPPED
    assert saved == ["a"]
    gates["c"].wait()
    assert jobs["b"].status is Status.RUNNING
    begin("d")
    gone.update("bd")
    seen("b")
    now[0] += absence.OTHERS_WAIT
    seen("b")
    assert jobs["b"].status is Status.RUNNING  # who waits is gone too
    now[0] += absence.ALONE
    assert [ended(jobs[who]) for who in "bd"] == [Status.STOPPED] * 2
    assert saved == ["a", "b"]
    assert jobs["c"].status is Status.RUNNING


def test_in_the_queue_whoever_is_there_comes_first(make_pool):
    gone = set()
    pool, gate = make_pool(is_there=lambda owner: owner not in gone), Gate()
    pool.submit("x", "x", gate)
    gate.wait()
    first, second = pool.submit("a", "a", Gate()), pool.submit("b", "b", lambda: count(1))
    gone.add("a")
    until(lambda: (first.position, second.position) == (2, 1))
    gone.clear()
    until(lambda: (first.position, second.position) == (1, 2))


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
