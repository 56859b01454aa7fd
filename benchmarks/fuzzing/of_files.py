"""Targets that read files: uploads, runs, checkpoints, data sets."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzzing.mutations import (
    of_bytes,
    of_gzip,
    of_json,
    of_png,
    of_safetensors,
    of_text,
)
from benchmarks.fuzzing.target import Reader, Target
from benchmarks.serving import ROOT

_CHECKPOINTS = ROOT / "checkpoints"


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _spec(folder: Path) -> Reader:
    from explorer.training.files import read_json
    from explorer.training.spec import from_json, to_json

    def reader(data: bytes) -> None:
        spec = from_json(read_json(data))
        assert from_json(json.loads(json.dumps(to_json(spec)))) == spec
        assert spec.dim in (1, 2)
        spec.process.build()
        spec.network.factory()

    return reader


def _spec_seeds() -> tuple[bytes, ...]:
    import numpy as np

    from explorer.data.mixture_spec import DEFAULTS
    from explorer.data.own_codec import encode_points
    from explorer.data.spec import DistributionSpec
    from explorer.training.presets import DEFAULT
    from explorer.training.pretrain import PRETRAINED
    from explorer.training.spec import ModelSpec, to_json

    specs = [entry.spec for entry in PRETRAINED.values()]
    own = DistributionSpec("custom-2d", (), DEFAULTS[2])
    specs.append(ModelSpec(own, DEFAULT.process, DEFAULT.network))
    drawn = DistributionSpec("own-1d", (), own=encode_points(np.array([[0.0], [1.0], [1.5]])))
    specs.append(ModelSpec(drawn, DEFAULT.process, DEFAULT.network))
    return tuple(_dumped(to_json(spec)) for spec in specs)


def _tensors(folder: Path) -> Reader:
    from explorer.training.files import read_metadata, read_tensors

    file = folder / "t.safetensors"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        read_metadata(file)
        tensors, _ = read_tensors(data)
        assert sum(t.numel() for t in tensors.values()) <= len(data)

    return reader


def _small_tensors() -> tuple[bytes, ...]:
    import torch

    from explorer.training.files import tensor_bytes

    plain = {"a": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3), "none": torch.zeros(0, 2)}
    return (tensor_bytes(plain, {"k": "v"}), tensor_bytes({"h": torch.ones(4).half()}, {}))


def _run(folder: Path) -> Reader:
    """All that *My runs* does with an upload: read, build, sample, draw a picture, list, tell."""
    import torch

    from explorer.diffusion.samplers import SAMPLERS, race
    from explorer.figures.stamps import stamp
    from explorer.training.kept import from_stranger
    from explorer.training.store import Card
    from explorer.ui.learning import in_short
    from explorer.ui.resuming import link_of

    def reader(data: bytes) -> None:
        run, model = from_stranger(data)
        start = model.process.prior((20, model.spec.dim), torch.Generator().manual_seed(0))
        entry = SAMPLERS["dpm"]
        end = race(entry, entry.build(), model.process, model.score, start, 4, 0).xs[-1]
        stamp(model.spec.distribution.build(), end)
        in_short(Card("abcd", "abcd", run.name, run.created, run.spec, run.metrics))
        link_of("abcd", run.spec)

    return reader


def _run_seeds() -> tuple[bytes, ...]:
    """A run that is kept with the state of its training, and one without."""
    from dataclasses import replace

    from explorer.training.film import filmed
    from explorer.training.kept import run_of
    from explorer.training.presets import DEFAULT
    from explorer.training.runs import Run, pack
    from explorer.training.spec import NetworkSpec
    from explorer.training.train import train

    config = replace(DEFAULT.config, steps=25, batch=16)
    network = NetworkSpec("mlp", (("width", 16), ("depth", 1)))
    spec = replace(DEFAULT, network=_smallest(network), config=config)
    *_, last = filmed(train(spec))
    whole = run_of(last, "moons", {"distance": 0.2, "floor": 0.1})
    return pack(whole), pack(Run("bare", whole.spec, whole.weights))


def _smallest(network: Any) -> Any:
    """The same kind of network at its least size."""
    from explorer.networks.mlp import NETWORKS
    from explorer.training.presets import DEFAULT
    from explorer.training.spec import NetworkSpec

    name = DEFAULT.network.name
    return NetworkSpec(name, tuple((p.name, p.low) for p in NETWORKS[name].params))


def _picture(folder: Path) -> Reader:
    from explorer.ui.image_sources import uploaded

    def reader(data: bytes) -> None:
        assert uploaded(data).shape == (3, 32, 32)

    return reader


def _pictures() -> tuple[bytes, ...]:
    from PIL import Image

    found = []
    for mode, form in (
        *(("RGB", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("RGBA", "PNG"), ("1", "PNG")),
        *(("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")),
    ):
        file = io.BytesIO()
        Image.new(mode, (9, 7)).save(file, form)
        found.append(file.getvalue())
    return tuple(found)


def _idx(folder: Path) -> Reader:
    from explorer.data.image_files import read_idx

    packed, plain = folder / "x.gz", folder / "x"

    def reader(data: bytes) -> None:
        file = packed if data.startswith(b"\x1f\x8b") else plain
        file.write_bytes(data)
        assert read_idx(file, (None, 2, 3)).shape[1:] == (2, 3)

    return reader


def _idx_seeds() -> tuple[bytes, ...]:
    plain = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(12)
    return plain, gzip.compress(plain)


def _of_idx(data: bytes, rng: Random) -> bytes:
    return of_gzip(data, rng) if data.startswith(b"\x1f\x8b") else of_bytes(data, rng)


def _parquet(folder: Path) -> Reader:
    from explorer.data.image_files import read_encoded

    file = folder / "t.parquet"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        read_encoded([file], "img", "label", (2, 3), 10)

    return reader


def _parquet_seeds() -> tuple[bytes, ...]:
    import pyarrow
    from PIL import Image
    from pyarrow import parquet

    picture, found = io.BytesIO(), []
    Image.new("RGB", (3, 2)).save(picture, "PNG")
    cell = {"bytes": picture.getvalue(), "path": None}
    for labels in ([1, 2], [1, None], ["a", "b"], [[1], [2]], [2**63, 1]):
        with contextlib.suppress(pyarrow.ArrowException, OverflowError):
            file = io.BytesIO()
            parquet.write_table(pyarrow.table({"img": [cell, cell], "label": labels}), file)
            found.append(file.getvalue())
    return tuple(found)


def _checkpoint(folder: Path) -> Reader:
    """The bytes up to the first NUL are a spec, what follows are weights or a table of losses."""
    import torch

    from explorer.training.classifier_files import load_classifier
    from explorer.training.image_folder import checkpoints, losses

    place = folder / "all" / "one"
    place.mkdir(parents=True, exist_ok=True)

    def reader(data: bytes) -> None:
        said, _, rest = data.partition(b"\0")
        for name, content in (
            ("spec.json", said),
            ("classifier.json", said),
            ("loss.csv", rest),
            ("weights.safetensors", rest),
        ):
            (place / name).write_bytes(content)
        found, wrong = checkpoints(place.parent)
        assert set(found) | set(wrong) == {"one"}, (list(found), list(wrong))
        assert all(len(text) < 1500 for text in wrong.values()), max(map(len, wrong.values()))
        for checkpoint in found.values():
            checkpoint.figure("accuracy")
            with contextlib.suppress(ValueError):
                losses(checkpoint)
        load_classifier(place, torch.device("cpu"))

    return reader


_TINY = {
    **{"format": 1, "dataset": "mnist", "widths": [1, 1, 1], "steps": 1, "batch": 1},
    **{"rate": 0.1, "shift": 0, "seed": 0},
}


def _classifier() -> bytes:
    """The weights of the smallest classifier there can be."""
    from explorer.networks.classifier import Classifier
    from explorer.training.files import tensor_bytes

    return tensor_bytes(Classifier((1, 1, 1)).state_dict(), {})


def _checkpoint_seeds() -> tuple[bytes, ...]:
    from explorer.training.image_report import LOSSES

    table = b"step,loss,smoothed\n0,1.5,1.5\n1,1.2,1.4\n"
    assert LOSSES == "loss.csv"
    found = [_dumped({"spec": _TINY, "figures": {"accuracy": 0.9}}) + b"\0" + _classifier()]
    for folder in sorted(_CHECKPOINTS.iterdir()):
        for name in ("spec.json", "classifier.json"):
            if (folder / name).exists():
                found.append((folder / name).read_bytes().rstrip() + b"\0" + table)
    return tuple(found)


def _of_checkpoint(data: bytes, rng: Random) -> bytes:
    said, _, rest = data.partition(b"\0")
    if rng.random() < 0.3:
        return said + b"\0" + of_text(rest, rng)
    return of_json(said, rng) + b"\0" + rest


def _film(folder: Path) -> Reader:
    from explorer.training.image_film_files import FOLDER, load, requests

    (folder / FOLDER).mkdir(exist_ok=True)
    sheet, said = folder / FOLDER / "f.webp", folder / FOLDER / "f.json"

    def reader(data: bytes) -> None:
        head, _, picture = data.partition(b"\0")
        said.write_bytes(head)
        sheet.write_bytes(picture)
        requests(folder)
        load(folder, "f")

    return reader


def _film_seeds() -> tuple[bytes, ...]:
    """A film of one picture in one step, and one of nine that is cut."""
    from PIL import Image

    from explorer.training.image_films import kept_steps
    from explorer.training.image_request import Lane, Request, to_json

    request = Request("one", (Lane("ddim"),), 1, (3,))
    said = {"request": to_json(request), "ratios": [9.0, 0.0], "evaluations": [1]}
    sheet = io.BytesIO()
    Image.new("RGB", (32, 2 * len(kept_steps(1)) * 32)).save(sheet, "WEBP")
    file = next(iter(sorted(_CHECKPOINTS.glob("*/films/*.json"))))
    cut = file.read_bytes() + b"\0" + file.with_suffix(".webp").read_bytes()[:15_000]
    return _dumped(said) + b"\0" + sheet.getvalue(), cut


def _archive(folder: Path) -> Reader:
    from explorer.data.download import unpack

    file = folder / "a.tar.gz"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        unpack(file, folder, "cifar-10-batches-bin")

    return reader


def _archives() -> tuple[bytes, ...]:
    import tarfile

    found = []
    for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
            member.type, member.linkname = kind, "../../../etc/passwd"
            member.size = 30 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(bytes(30)))
        found.append(file.getvalue())
    return tuple(found)


_IMAGES = ("explorer.data.image_files",)
TARGETS = (
    Target("spec", _spec, _spec_seeds, of_json, 25, ("explorer.training.spec",)),
    Target("tensors", _tensors, _small_tensors, of_safetensors, 15, ("explorer.training.files",)),
    Target(
        "run",
        _run,
        _run_seeds,
        of_safetensors,
        10,
        ("explorer.training.runs", "explorer.training.kept", "explorer.training.film"),
        200_000,
    ),
    Target("picture", _picture, _pictures, of_png, 10, ("explorer.ui.image_sources",)),
    Target("idx", _idx, _idx_seeds, _of_idx, 8, _IMAGES),
    Target("parquet", _parquet, _parquet_seeds, of_bytes, 5, _IMAGES),
    Target(
        "checkpoint",
        _checkpoint,
        _checkpoint_seeds,
        _of_checkpoint,
        8,
        (
            "explorer.training.image_spec",
            "explorer.training.image_folder",
            "explorer.training.classifier_files",
        ),
    ),
    Target(
        "film",
        _film,
        _film_seeds,
        _of_checkpoint,
        5,
        ("explorer.training.image_film_files", "explorer.training.image_request"),
        40_000,
    ),
    Target("archive", _archive, _archives, of_gzip, 3, ("explorer.data.download",)),
)
