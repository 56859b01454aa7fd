"""A store keeps runs by shelf, changes them for their owner alone, and lets no name lead out."""

from pathlib import Path

import pytest
import torch
from made_runs import SPEC_GIVEN, a_run, same

from explorer.training.files import DamagedFile, write_atomically
from explorer.training.folders import Missing
from explorer.training.store import DEFAULT_ROOT, SPEC, WEIGHTS, Store, StoreFull

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


def contents(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir())


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
