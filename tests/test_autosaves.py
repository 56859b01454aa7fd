"""States of trainings in progress are found, kept whole and cleared away."""

import os
import time
from pathlib import Path

import pytest
import torch
from made_jobs import SOON, Gate, Tick, ended
from made_runs import a_run

from explorer.training import folders
from explorer.training.autosaves import KEPT
from explorer.training.folders import Missing, new_code
from explorer.training.jobs import Pool, Status
from explorer.training.store import SPEC, WEIGHTS, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def test_autosaves_are_found_once_nobody_writes_them(store):
    saves = store.autosaves
    assert saves.unfinished() == []
    for job, step in [("job1", 1), ("job2", 5), ("job1", 2)]:
        saves.autosave(job, {"w": torch.full((3,), float(step))}, {"step": step})
    assert saves.unfinished() == []  # just written: somebody is at it
    old = time.time() - 60
    os.utime(store.root / "in-progress" / "job1" / "state.safetensors", (old, old))
    assert [(state.job_id, state.meta) for state in saves.unfinished()] == [("job1", {"step": 2})]
    assert saves.unfinished()[0].saved == pytest.approx(old)
    assert [state.job_id for state in saves.unfinished(quiet_for=0)] == ["job2", "job1"]
    tensors, meta = saves.load("job1")
    assert meta == {"step": 2}
    assert torch.equal(tensors["w"], torch.full((3,), 2.0))
    saves.discard("job1")
    saves.discard("job1")
    assert [state.job_id for state in saves.unfinished(quiet_for=0)] == ["job2"]
    with pytest.raises(Missing):
        saves.load("job1")
    assert store.list_runs() == []  # none of it is a finished run


@pytest.mark.parametrize("hours", [1, -1, 24 * 30])
def test_a_clock_that_is_set_takes_no_state_away_and_hides_none(store, monkeypatch, hours):
    """A state that is being written is not offered, one that nobody writes is found and kept."""
    real_time, real_monotonic, passed = time.time, time.monotonic, [0.0]
    saves = store.autosaves
    saves.autosave("job1", {"w": torch.zeros(1)}, {})
    partial = store.root / "in-progress" / "job1" / f".{SPEC}.{'0' * 16}.partial"
    partial.write_bytes(b"x")  # somebody is writing it
    monkeypatch.setattr(time, "time", lambda: real_time() + passed[0] + 3600 * hours)
    monkeypatch.setattr(time, "monotonic", lambda: real_monotonic() + passed[0])
    assert saves.unfinished() == []
    now = time.time()
    saves.autosave("job2", {"w": torch.zeros(1)}, {})
    os.utime(store.root / "in-progress" / "job2" / "state.safetensors", (now, now))
    os.utime(store.root / "in-progress" / "job2", (now, now))
    store.save(a_run(), "ab12")  # clears away what is old
    assert saves.unfinished() == []
    assert partial.exists()
    assert len(saves.unfinished(quiet_for=0)) == 2
    passed[0] = 31.0
    assert sorted(state.job_id for state in saves.unfinished()) == ["job1", "job2"]


def test_a_damaged_state_is_told_and_hides_no_other(store, caplog):
    for job in ("job1", "job2"):
        store.autosaves.autosave(job, {"w": torch.zeros(1)}, {})
    (store.root / "in-progress" / "job1" / "state.safetensors").write_bytes(b"not a state")
    (store.root / "in-progress" / "job3").mkdir()  # its writer was killed before its first state
    assert [state.job_id for state in store.autosaves.unfinished(quiet_for=0)] == ["job2"]
    assert [record.args[0] for record in caplog.records] == ["job1"]


def test_a_diverged_state_does_not_replace_the_last_good_one(store):
    store.autosaves.autosave("job1", {"w": torch.zeros(1)}, {"step": 1})
    with pytest.raises(ValueError, match="not finite"):
        store.autosaves.autosave("job1", {"w": torch.tensor([float("nan")])}, {"step": 2})
    assert store.autosaves.load("job1")[1] == {"step": 1}


def test_a_job_saves_as_it_goes_and_leaves_a_run_instead_of_a_state(store):
    pool, gate, job_id = Pool(workers=1, autosave_every=0.01), Gate(), new_code()

    def keep(tick: Tick) -> None:
        store.save(a_run(f"after {tick.step} steps"), "ab12")
        store.autosaves.discard(job_id)

    def autosave(tick: Tick) -> None:
        store.autosaves.autosave(job_id, {"w": torch.zeros(3)}, {"step": tick.step})

    job = pool.submit("tab", "moons", gate, keep, autosave)
    deadline = time.monotonic() + SOON
    while not store.autosaves.unfinished(quiet_for=0) and time.monotonic() < deadline:
        time.sleep(0.01)
    (state,) = store.autosaves.unfinished(quiet_for=0)
    assert 0 < state.meta["step"] <= job.latest.step
    gate.open.set()
    assert (ended(job), job.note) == (Status.DONE, "")
    assert [card.name for card in store.list_runs("ab12")] == [f"after {job.latest.step} steps"]
    assert store.autosaves.unfinished(quiet_for=0) == []
    pool.close()


def test_litter_of_dead_writers_is_swept_by_age_and_nothing_else(store):
    card = store.save(a_run(), "ab12")
    store.autosaves.autosave("job1", {}, {})
    progress = store.root / "in-progress"
    partial = f".{SPEC}.{'0' * 16}.partial"
    for folder in (store.root, store.root / card.id, progress / "job1"):
        (folder / partial).write_bytes(b"x")
    for name in (f".new-{new_code()}", f".gone-{new_code()}"):
        (store.root / name).mkdir()
        (store.root / name / WEIGHTS).write_bytes(b"x")
    (store.root / ".hidden").mkdir()  # not ours
    (store.root / ".notes.partial").write_bytes(b"x")

    def litter() -> int:
        return sum(
            folders.LITTER.fullmatch(path.name) is not None for path in store.root.rglob("*")
        )

    store.save(a_run(), "ab12")
    assert litter() == 5  # young: its writer may be alive
    old = time.time() - 2 * folders.LITTER_AFTER
    for path in store.root.rglob("*"):
        os.utime(path, (old, old))
    store.save(a_run(), "ab12")
    assert litter() == 0
    assert (store.root / ".hidden").exists()
    assert (store.root / ".notes.partial").exists()
    assert len(store.list_runs()) == 3
    assert store.autosaves.load("job1") == ({}, {})
    old = time.time() - KEPT - 1
    os.utime(progress / "job1", (old, old))
    store.save(a_run(), "ab12")
    assert list(progress.iterdir()) == []
