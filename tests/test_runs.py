"""A run as one file comes back whole, and no upload passes the checks that should not."""

import json
from pathlib import Path

import pytest
import torch
from made_runs import a_run, same

from explorer.training.files import MAX_TENSOR_BYTES, DamagedFile, tensor_bytes
from explorer.training.runs import pack, unpack
from explorer.training.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


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
    ids=lambda value: value if isinstance(value, str) else "data",  # which holds the time
)
def test_uploads_are_refused_in_plain_words_and_leave_nothing(store, data, message):
    with pytest.raises(DamagedFile, match=message):
        store.import_bytes(data, "ab12")
    assert store.list_runs() == []


def test_packing_keeps_tensors_apart_by_part():
    run = a_run(weights={"loss": torch.zeros(1)}, history={"loss": torch.ones(2)})
    assert same(unpack(pack(run)), run)
