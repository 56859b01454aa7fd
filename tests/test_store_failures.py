"""Whatever kills a writer or fills the disk, runs are whole or absent and states are recent."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from made_runs import a_run, same

from explorer.training.folders import Missing, StoreUnavailable
from explorer.training.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def contents(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "cannot be written"), (errno.EIO, "output")],
)
def test_a_failing_disk_is_told_in_plain_words_and_leaves_nothing(
    store, monkeypatch, number, message
):
    kept = store.save(a_run(), "ab12")
    store.autosaves.autosave("job1", {"w": torch.zeros(3)}, {"step": 1})

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreUnavailable, match=message):
        store.save(a_run(), "ab12")
    with pytest.raises(StoreUnavailable, match=message):
        store.autosaves.autosave("job1", {"w": torch.ones(3)}, {"step": 2})
    assert store.list_runs() == [kept]
    assert contents(store) == sorted([kept.id, "in-progress"])
    tensors, meta = store.autosaves.load("job1")
    assert meta == {"step": 1}
    assert torch.equal(tensors["w"], torch.zeros(3))
    assert os.listdir(store.root / "in-progress" / "job1") == ["state.safetensors"]


def test_a_root_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        Store(tmp_path / "file").save(a_run(), "ab12")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_writers_killed_at_random_moments_lose_nothing_they_were_told_is_saved(store):
    program = [sys.executable, str(Path(__file__).with_name("store_crash.py"))]
    store.root.mkdir()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    subprocess.run([*program, str(store.root), "60", "0"], check=True, env=environment, timeout=120)
    saved: dict[str, int] = {}
    autosaved: dict[int, int] = {}
    renamed: set[str] = set()
    deleting: set[str] = set()
    for line in (store.root.parent / "acknowledged").read_text().splitlines():
        event, key, step = line.split()
        if event == "autosave":
            autosaved[int(key)] = int(step)
        elif event == "saved":
            saved[key] = int(step)
        else:
            (renamed if event == "renamed" else deleting).add(key)
    assert len(saved) >= 60  # otherwise nothing was put to the test

    listed = {card.id: card for card in store.list_runs()}
    assert set(saved) - deleting <= set(listed)
    for run_id, card in listed.items():
        step = card.spec["step"]
        assert saved.get(run_id, step) == step
        run = store.load(run_id, {"w": (20_000,)})
        assert torch.equal(run.weights["w"], torch.full((20_000,), float(step)))
        assert card.name.endswith("renamed") or run_id not in renamed

    unfinished = {state.job_id: state.meta["step"] for state in store.autosaves.unfinished(0)}
    for writer, step in autosaved.items():
        assert unfinished[f"job{writer:04}"] in (step, step + 1)
    for job_id, step in unfinished.items():
        tensors, meta = store.autosaves.load(job_id)
        assert meta == {"step": step}
        assert torch.equal(tensors["w"], torch.full((20_000,), float(step)))


def test_several_servers_share_the_folder(store):
    problems: list[BaseException] = []
    writing = threading.Event()
    writing.set()

    def write(shelf: str) -> None:
        try:
            for step in range(25):
                card = Store(store.root).save(a_run(f"{shelf} {step}"), shelf)
                store.rename(card.id, shelf, f"{shelf} {step} again")
                store.autosaves.autosave("shared", {"w": torch.full((999,), float(step))}, step)
                if step % 2:
                    store.delete(card.id, shelf)
        except BaseException as problem:
            problems.append(problem)

    def read() -> None:
        try:
            while writing.is_set():
                for card in store.list_runs():
                    try:
                        run = store.load(card.id)
                        assert same(run, a_run(run.name, created=card.created))
                    except Missing:
                        continue  # deleted meanwhile
                for state in store.autosaves.unfinished(0):
                    assert len(store.autosaves.load(state.job_id)[0]["w"].unique()) == 1
        except BaseException as problem:
            problems.append(problem)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(shelf,)) for shelf in ("ab12", "cd34")]
    for thread in [reader, *writers]:
        thread.start()
    for thread in writers:
        thread.join(60)
    writing.clear()
    reader.join(60)
    assert problems == []
    assert len(store.list_runs("ab12")) == len(store.list_runs("cd34")) == 13
