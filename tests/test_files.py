"""Files are whole or absent, and nothing that a stranger could upload gets past the readers."""

import io
import json
import os
import pickle
import random

import pytest
import torch
from torch import Tensor

from explorer.training.files import (
    MAX_HEADER_BYTES,
    DamagedFile,
    json_bytes,
    read_json,
    read_metadata,
    read_tensors,
    save_tensors,
    tensor_bytes,
    write_atomically,
)

TENSORS = {
    "weight": torch.arange(12.0).reshape(3, 4),
    "bias": torch.zeros(3),
    "count": torch.tensor(7),
    "rng": torch.Generator().manual_seed(0).get_state(),
    "none": torch.zeros(0, 5),
}


def packed(header: dict | list | bytes, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(shape: list[int], body: int, dtype: str = "F32") -> dict:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, body]}}


def same(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return found.keys() == wanted.keys() and all(
        torch.equal(found[name], wanted[name]) and found[name].dtype == wanted[name].dtype
        for name in wanted
    )


def test_tensors_come_back_as_they_went(tmp_path):
    save_tensors(tmp_path / "w.safetensors", TENSORS, {"spec": '{"λ": 10}'})
    tensors, metadata = read_tensors(tmp_path / "w.safetensors")
    assert same(tensors, TENSORS)
    assert metadata == {"spec": '{"λ": 10}'}
    assert os.listdir(tmp_path) == ["w.safetensors"]


def test_half_a_surrogate_is_no_json():
    with pytest.raises(DamagedFile, match="not JSON"):
        read_json('"\ud800"')


def test_nothing_at_all_comes_back_as_nothing(tmp_path):
    for tensors, metadata in [({}, {}), ({}, {"a": "b"}), ({"t": torch.zeros(0)}, {})]:
        save_tensors(tmp_path / "w.safetensors", tensors, metadata)
        found = read_tensors(tmp_path / "w.safetensors")
        assert same(found[0], tensors)
        assert found[1] == read_metadata(tmp_path / "w.safetensors") == metadata


def test_metadata_are_read_without_the_tensors_and_checked_alike(tmp_path):
    path = tmp_path / "w.safetensors"
    save_tensors(path, TENSORS, {"spec": "λ"})
    assert read_metadata(path) == {"spec": "λ"}
    whole = path.read_bytes()
    for data, message in [
        (whole[:4], "cut short"),
        (whole[:20], "not JSON"),
        (packed([]), "not strings by name"),
        (packed({"__metadata__": {"a": 1}}), "not strings by name"),
        (bytes(7) + b"\xff" * 9, "header is too large"),
        (b"", "empty"),
    ]:
        path.write_bytes(data)
        with pytest.raises(DamagedFile, match=message):
            read_metadata(path)
    path.unlink()
    with pytest.raises(DamagedFile, match="missing"):
        read_metadata(path)


def test_tied_and_transposed_tensors_are_saved():
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    tensors, _ = read_tensors(tensor_bytes({"a": weight, "b": weight, "c": weight.T}, {}))
    assert torch.equal(tensors["a"], tensors["b"])
    assert torch.equal(tensors["c"], weight.T)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"abc", "cut short"),
        (tensor_bytes(TENSORS, {})[:-1], "cut short"),
        (tensor_bytes(TENSORS, {}) + b"x", "header is wrong"),
        (pickle.dumps({"a": 1}), "never opened"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "header is too large"),
        (packed(b" " * (MAX_HEADER_BYTES + 1)), "header is too large"),
        (packed(b"[" * 100_000), "header is wrong"),
        (packed(b"not json"), "header is wrong"),
        (packed({"__metadata__": {"a": 1}}), "header is wrong"),
        (packed(entry([2], 4), b"1234"), "header is wrong"),
        (packed(entry([-1], 4), b"1234"), "header is wrong"),
        (packed(entry([0, 2**62, 2**62], 0)), "impossible shape"),
        (packed(entry([2**62, 0, 2**63], 0)), "impossible shape"),
        (packed(entry([1], 8, "C64"), bytes(8)), "C64"),
        (packed(entry([4], 2, "F4"), bytes(2)), "F4"),
        (packed(entry([2], 2, "BOOL"), b"\x07\x09"), "BOOL"),
        (packed(entry([1], 4), b"\0\0\xc0\x7f"), "not finite"),
        (packed(entry([1], 4), b"\0\0\x80\xff"), "not finite"),
    ],
)
def test_damaged_tensors_are_refused_in_plain_words(data, message):
    with pytest.raises(DamagedFile, match=message):
        read_tensors(data)


def test_what_torch_saves_is_refused_unopened():
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("a pickle was opened",)

    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(1), "bomb": Bomb()}, buffer)
    with pytest.raises(DamagedFile, match="never opened"):
        read_tensors(buffer.getvalue())


def test_thousands_of_broken_bytes_raise_nothing_else():
    whole, rng = tensor_bytes(TENSORS, {"k": "v"}), random.Random(0)
    refused = 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(400)] = rng.randrange(256)
        try:
            read_tensors(bytes(data[: rng.choice([len(data), rng.randrange(len(data))])]))
        except DamagedFile:
            refused += 1
    assert refused > 2500


def test_sizes_are_checked_before_reading(tmp_path, monkeypatch):
    path = tmp_path / "huge.safetensors"
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # sparse: it takes no room
    with pytest.raises(DamagedFile, match="at most"):
        read_tensors(path)
    with pytest.raises(DamagedFile, match="at most 100 "):
        read_tensors(bytes(101), max_bytes=100)


def test_missing_files_and_folders_are_damaged_files(tmp_path):
    with pytest.raises(DamagedFile, match=r"w\.safetensors is missing"):
        read_tensors(tmp_path / "w.safetensors")
    with pytest.raises(DamagedFile, match="not a file"):
        read_tensors(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # opening one would wait for a writer for ever
    with pytest.raises(DamagedFile, match="not a file"):
        read_json(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"weight": (3, 4), "bias": (3,), "scale": (1,)}, "lacks scale"),
        ({"weight": (3, 4)}, "'bias', which are not wanted"),
        ({"weight": (4, 3), "bias": (3,)}, r"weight has the shape \(3, 4\) instead of \(4, 3\)"),
    ],
)
def test_names_and_shapes_must_fit(shapes, message):
    data = tensor_bytes({"weight": torch.zeros(3, 4), "bias": torch.zeros(3)}, {})
    read_tensors(data, {"weight": (3, 4), "bias": (3,)})
    with pytest.raises(DamagedFile, match=message):
        read_tensors(data, shapes)


def test_weights_must_be_in_float32():
    data = tensor_bytes({"w": torch.zeros(2, dtype=torch.float64)}, {})
    with pytest.raises(DamagedFile, match=r"torch\.float64 instead of float32"):
        read_tensors(data, {"w": (2,)})


@pytest.mark.parametrize(
    ("tensors", "metadata", "message"),
    [
        ({"a": torch.tensor([1.0, float("nan")])}, {}, "not finite"),
        ({"a": torch.zeros(1, dtype=torch.complex64)}, {}, "choose one of"),
        ({}, {"a": "x" * (MAX_HEADER_BYTES + 1)}, "names and metadata take"),
    ],
)
def test_what_could_not_be_read_is_not_written(tmp_path, tensors, metadata, message):
    with pytest.raises(ValueError, match=message):
        save_tensors(tmp_path / "w", tensors, metadata)
    assert os.listdir(tmp_path) == []


def test_json_comes_back_as_it_went(tmp_path):
    value = {"name": 'brackets in "strings" [[[[ \\', "values": [1, 2.5, -1e-300, None, True]}
    write_atomically(tmp_path / "s.json", json_bytes(value))
    assert read_json(tmp_path / "s.json") == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes(float("nan"))
    with pytest.raises(ValueError, match="deeper than 16"):
        json_bytes(json.loads("[" * 17 + "]" * 17))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" + b"9" * 5000 + b"]", "not JSON"),
        (b'{"a": NaN}', "holds NaN"),
        (b"[-Infinity]", "holds -Infinity"),
        (b"[1e999]", "holds 1e999"),
        (b"[" * 17 + b"]" * 17, "deeper than 16"),
        (b'{"a":' * 400_000, "at most"),
        (b"[" * 900_000, "deeper than 16"),
        (b'"' + b'\\"' * 400_000, "not JSON"),  # quadratic in a careless search for strings
    ],
)
def test_damaged_json_is_refused_in_plain_words(data, message):
    with pytest.raises(DamagedFile, match=message):
        read_json(data)
