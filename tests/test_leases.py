"""A training has one holder, however many tabs and servers would go on with it."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from made_jobs import SOON, Gate, ended

from explorer.training import leases
from explorer.training.folders import StoreUnavailable
from explorer.training.jobs import Pool, Status
from explorer.training.leases import STALE, Hold, Keeper, Taken, claim
from explorer.training.store import Store


def age_by(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def until(seen: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_folder_that_goes_while_it_is_looked_through_can_be_had_anew(tmp_path, monkeypatch):
    folder, real = tmp_path / "job1", os.listdir
    claim(folder).release()

    def after_another_discards_it(path):
        shutil.rmtree(path, ignore_errors=True)
        return real(path)

    monkeypatch.setattr(os, "listdir", after_another_discards_it)
    with suppress(Taken):  # the listing at the end of it finds the new one gone, too
        Hold(folder).take()
    monkeypatch.undo()
    Hold(folder).take()
    with pytest.raises(Taken):
        claim(folder)


def test_who_claims_a_folder_that_is_being_discarded_is_told_that_it_is_taken(
    tmp_path, monkeypatch
):
    real = Path.mkdir

    def and_another_discards_it(path, *args, **options):
        real(path, *args, **options)
        path.rmdir()

    monkeypatch.setattr(Path, "mkdir", and_another_discards_it)
    with pytest.raises(Taken):
        claim(tmp_path / "job1")


def test_a_lease_is_exclusive_until_it_is_given_back_or_goes_stale(tmp_path):
    folder = tmp_path / "job1"
    first = claim(folder)
    with pytest.raises(Taken, match="goes on elsewhere"):
        claim(folder)
    first.renew()
    first.release()
    assert leases.quiet(folder) == float("inf")
    second = claim(folder)
    age_by(second.path, STALE + 1)
    third = claim(folder)
    with pytest.raises(Taken):  # it slept, and woke up too late
        second.renew()
    second.release()  # takes nothing from whoever has it now
    third.renew()
    third.release()
    assert list(folder.iterdir()) == []
    fourth = claim(folder)
    assert fourth.number == first.number
    with pytest.raises(Taken):  # the number is the same, and the lease is not
        first.renew()


def test_of_many_who_claim_at_once_one_succeeds(tmp_path):
    for round in range(20):
        folder, start, won = tmp_path / f"job{round}", threading.Barrier(8), []
        if round % 2:
            age_by(claim(folder).path, STALE + 1)

        def go(folder: Path = folder, start: threading.Barrier = start, won: list = won) -> None:
            start.wait(SOON)
            with suppress(Taken):
                won.append(claim(folder))

        threads = [threading.Thread(target=go) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        won[0].renew()


def test_a_hold_is_taken_when_first_needed_and_lost_with_the_folder(tmp_path):
    store = Store(tmp_path)
    hold, other = store.autosaves.hold("job1"), store.autosaves.hold("job1")
    hold.beat()
    assert not (store.autosaves.root / "job1").exists()
    hold.take()
    hold.take()
    store.autosaves.autosave("job1", {"w": torch.zeros(1)}, {})
    with pytest.raises(Taken):
        other.take()
    (state,) = store.autosaves.unfinished(quiet_for=0)
    assert state.held
    age_by(store.autosaves.root / "job1" / "state.safetensors", 3600)
    assert store.autosaves.unfinished() == []  # it waits in a queue, with a state of an hour ago
    hold.release()
    (state,) = store.autosaves.unfinished()
    assert not state.held
    hold.take()
    store.autosaves.discard("job1")
    with pytest.raises(Taken):
        hold.take()
    assert not (store.autosaves.root / "job1").exists()


def test_jobs_keep_their_holds_as_long_as_they_live_and_stop_when_they_lost_them(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(leases, "BEAT", 0.1)
    keeper, pool = Keeper(), Pool(workers=1)
    waiting, running = Hold(tmp_path / "waits"), Hold(tmp_path / "runs")
    gate, after = Gate(), Gate()
    first = pool.submit("a", "runs", gate)
    second = pool.submit("b", "waits", after)
    for job, hold in ((first, running), (second, waiting)):
        hold.take()
        keeper.keep(job, hold)
    for name in ("waits", "runs"):
        age_by(tmp_path / name / "lease-1", 20)
        until(lambda name=name: leases.quiet(tmp_path / name) < 10)
    first.stop()
    assert ended(first) is Status.STOPPED
    keeper.let_go()
    claim(tmp_path / "runs")
    after.wait()
    age_by(tmp_path / "waits" / "lease-1", STALE + 1)  # the server slept, and another took it up
    (tmp_path / "waits" / "lease-2").write_text("another")
    assert ended(second) is Status.STOPPED
    pool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_full_disk_leaves_no_lease_that_keeps_its_own_training_out(tmp_path):
    import resource

    hold = Hold(tmp_path / "job1")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(StoreUnavailable):
            hold.take()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    hold.take()  # there is room again
    hold.beat()


def test_a_sign_of_life_takes_nothing_again_that_is_being_given_back(tmp_path, monkeypatch):
    folder, hold = tmp_path / "job1", Hold(tmp_path / "job1")
    hold.take()
    releasing, go, real = threading.Event(), threading.Event(), leases.Lease.release

    def slowly(lease):
        releasing.set()
        assert go.wait(SOON)
        real(lease)

    monkeypatch.setattr(leases.Lease, "release", slowly)
    giving = threading.Thread(target=hold.release)
    giving.start()
    assert releasing.wait(SOON)
    beating = threading.Thread(target=hold.beat)
    beating.start()
    time.sleep(0.05)  # it has seen that there is a lease, and waits for the disk
    go.set()
    giving.join(SOON)
    beating.join(SOON)
    assert leases.quiet(folder) == float("inf")
