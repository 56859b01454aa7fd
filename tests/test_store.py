"""Runs are whole or absent whatever kills their writer; no bad file or name passes the checks."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from explorer.training import folders
from explorer.training.autosaves import KEPT
from explorer.training.files import MAX_TENSOR_BYTES, DamagedFile, tensor_bytes, write_atomically
from explorer.training.folders import Missing, StoreUnavailable, new_code
from explorer.training.runs import Run, pack, unpack
from explorer.training.store import DEFAULT_ROOT, SPEC, WEIGHTS, Store, StoreFull

SPEC_GIVEN = {"data": {"name": "moons"}, "process": "DDPM", "width": 128, "seed": None}
PNG = b"\x89PNG\r\n\x1a\n"


def a_run(name: str = "moons, 128×3", **changes: object) -> Run:
    values = {
        "spec": SPEC_GIVEN,
        "weights": {"first.weight": torch.arange(6.0).reshape(2, 3), "first.bias": torch.zeros(2)},
        "history": {"loss": torch.linspace(1, 0, 5), "at": torch.arange(5)},
        "metrics": {"sliced_wasserstein": 0.03, "steps": 5000},
    }
    return Run(name, **(values | changes))


def same(found: Run, wanted: Run) -> bool:
    def equal(a: dict, b: dict) -> bool:
        return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)

    return (
        equal(found.weights, wanted.weights)
        and equal(found.history, wanted.history)
        and found.head() == wanted.head()
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def contents(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


# Runs


def test_a_run_comes_back_as_it_went(store):
    run = a_run()
    card = store.save(run, "ab12")
    assert same(store.load(card.id), run)
    shapes = {"first.weight": (2, 3), "first.bias": (2,)}
    assert same(store.load(card.id, shapes), run)
    assert (card.name, card.shelf, card.spec) == (run.name, "ab12", SPEC_GIVEN)
    assert (card.metrics, card.created) == (run.metrics, run.created)
    assert store.list_runs() == [card]
    assert contents(store) == [card.id]
    assert store.picture(card.id) is None


def test_pictures_lie_beside_their_run(store):
    for picture, name in [(PNG, "picture.png"), (b"<svg/>", "picture.svg")]:
        found = store.picture(store.save(a_run(), "ab12", picture).id)
        assert found is not None
        assert (found.name, found.read_bytes()) == (name, picture)


def test_lists_are_by_shelf_and_newest_first(store):
    assert store.list_runs() == []
    for shelf, created in [("ab12", 10.0), ("cd34", 30.0), ("ab12", 20.0)]:
        store.save(a_run(created=created), shelf)
    assert [card.created for card in store.list_runs()] == [30.0, 20.0, 10.0]
    assert [card.created for card in store.list_runs("ab12")] == [20.0, 10.0]
    assert store.list_runs("none") == []


def test_only_the_owner_renames_and_deletes(store):
    run = a_run()
    card = store.save(run, "ab12")
    for change in (lambda: store.rename(card.id, "cd34", "x"), lambda: store.delete(card.id, "")):
        with pytest.raises(ValueError, match="another shelf"):
            change()
    assert store.rename(card.id, "ab12", "Löwe").name == "Löwe"
    assert [card.name for card in store.list_runs()] == ["Löwe"]  # not what was read before
    assert torch.equal(store.load(card.id).weights["first.bias"], run.weights["first.bias"])
    with pytest.raises(ValueError, match="cannot name a run"):
        store.rename(card.id, "ab12", " \n")
    store.delete(card.id, "ab12")
    assert contents(store) == []
    for ask in (store.load, store.card, store.export_bytes, lambda i: store.delete(i, "ab12")):
        with pytest.raises(Missing, match="deleted in another tab"):
            ask(card.id)


@pytest.mark.parametrize("bad", ["../../etc", "..", "", "in-progress", "A" * 8, "a" * 33, "ab/cd"])
def test_no_id_leads_out_of_the_folder(store, bad):
    asks = [
        store.load,
        store.card,
        store.picture,
        store.export_bytes,
        lambda code: store.delete(code, "ab12"),
        lambda code: store.rename(code, "ab12", "x"),
        lambda code: store.save(a_run(), code),
        store.autosaves.load,
        store.autosaves.discard,
        lambda code: store.autosaves.autosave(code, {}, {}),
    ]
    for ask in asks:
        with pytest.raises(ValueError, match="is no code"):
            ask(bad)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "cannot name"),
        ({"name": "a\x00b"}, "cannot name"),
        ({"name": "x" * 81}, "81 characters"),
        ({"metrics": {"loss": float("nan")}}, "must be numbers"),
        ({"metrics": {"loss": "low"}}, "must be numbers"),
        ({"metrics": {str(k): k for k in range(51)}}, "51 metrics"),
        ({"spec": {"x": float("inf")}}, "not JSON compliant"),
        ({"weights": {"w": torch.tensor([float("inf")])}}, "not finite"),
    ],
)
def test_what_could_not_be_read_again_is_refused_and_leaves_nothing(store, changes, message):
    with pytest.raises(ValueError, match=message):
        store.save(a_run(**changes), "ab12")
    assert store.list_runs() == []
    assert not store.root.exists() or contents(store) == []


def test_limits_are_told_and_nothing_is_deleted_for_room(store):
    small = Store(store.root, max_runs=2)
    for _ in range(2):
        small.save(a_run(), "ab12")
    with pytest.raises(StoreFull, match="2 runs are saved"):
        small.save(a_run(), "ab12")
    small.save(a_run(), "cd34")  # another shelf has room
    with pytest.raises(StoreFull, match="fill their 0 MiB"):
        Store(store.root, max_bytes=1000).save(a_run(), "ef56")
    assert len(store.list_runs()) == 3


def test_damaged_runs_do_not_hide_the_others(store, caplog):
    good, bad, bare = (store.save(a_run(), "ab12") for _ in range(3))
    write_atomically(store.root / bad.id / SPEC, b'{"format": 1')
    (store.root / bare.id / SPEC).unlink()
    assert store.list_runs() == [good]
    assert {bad.id, bare.id} == {record.args[0] for record in caplog.records}
    with pytest.raises(DamagedFile, match="not JSON"):
        store.load(bad.id)
    (store.root / good.id / WEIGHTS).write_bytes(b"")
    with pytest.raises(DamagedFile, match="empty"):
        store.load(good.id)


def test_weights_must_fit_the_shapes_asked_for(store):
    card = store.save(a_run(), "ab12")
    with pytest.raises(DamagedFile, match="lacks second"):
        store.load(card.id, {"first.weight": (2, 3), "first.bias": (2,), "second": (1,)})


def test_the_folder_is_given_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    assert Store.from_environment().root == tmp_path
    monkeypatch.delenv("EXPLORER_RUNS")
    assert Store.from_environment().root == DEFAULT_ROOT
    assert DEFAULT_ROOT.parent.parent == Path(__file__).resolve().parent.parent


# Files to download and upload


def test_an_export_comes_back_on_another_shelf_and_names_no_owner(store):
    run = a_run()
    card = store.save(run, "secretshelf")
    data = store.export_bytes(card.id)
    assert b"secretshelf" not in data
    assert card.id.encode() not in data
    copy = store.import_bytes(data, "cd34")
    assert copy.id != card.id
    assert same(store.load(copy.id), run)
    assert [card.id for card in store.list_runs("cd34")] == [copy.id]


def packed(head: object, tensors: dict | None = None) -> bytes:
    return tensor_bytes(
        {"weights/w": torch.zeros(1)} if tensors is None else tensors, {"run": json.dumps(head)}
    )


HEAD = a_run().head()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (pack(a_run())[:-4], "cut short"),
        (b"PK\x03\x04" + bytes(100), "never opened"),
        (bytes(MAX_TENSOR_BYTES + 1), "at most"),
        (tensor_bytes({"weights/w": torch.zeros(1)}, {}), "its spec is missing"),
        (packed([]), "does not describe a run"),
        (packed(HEAD | {"format": 2}), "has format 2; this app reads format 1"),
        (packed({"format": 1, "name": "x"}), "lacks created, metrics, spec"),
        (packed(HEAD | {"name": ["x"]}), "cannot name a run"),
        (packed(HEAD | {"name": "x\ny"}), "cannot name a run"),
        (packed(HEAD | {"created": "today"}), "no time"),
        (packed(HEAD | {"created": 10**400}), "no time"),
        (packed(HEAD | {"metrics": [1]}), "not numbers by name"),
        (packed(HEAD | {"metrics": {"loss": 10**400}}), "must be numbers"),
        (packed(HEAD | {"metrics": {"loss": float("nan")}}), "holds NaN"),
        (packed(HEAD, {"w": torch.zeros(1)}), "belongs to no run"),
        (packed(HEAD, {"weights/": torch.zeros(1)}), "belongs to no run"),
        (packed(HEAD, {"history/loss": torch.zeros(1)}), "holds no weights"),
    ],
)
def test_uploads_are_refused_in_plain_words_and_leave_nothing(store, data, message):
    with pytest.raises(DamagedFile, match=message):
        store.import_bytes(data, "ab12")
    assert store.list_runs() == []


def test_packing_keeps_tensors_apart_by_part():
    run = a_run(weights={"loss": torch.zeros(1)}, history={"loss": torch.ones(2)})
    assert same(unpack(pack(run)), run)


# A disk that fails


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


# Trainings in progress


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


def test_a_diverged_state_does_not_replace_the_last_good_one(store):
    store.autosaves.autosave("job1", {"w": torch.zeros(1)}, {"step": 1})
    with pytest.raises(ValueError, match="not finite"):
        store.autosaves.autosave("job1", {"w": torch.tensor([float("nan")])}, {"step": 2})
    assert store.autosaves.load("job1")[1] == {"step": 1}


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


# Writers that die, and writers at the same time


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
    assert len(saved) > 60  # otherwise nothing was put to the test
    assert len(autosaved) > 30

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
