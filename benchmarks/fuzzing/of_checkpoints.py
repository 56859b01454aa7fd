"""Targets that read checkpoints for pictures, and their films."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzzing.mutations import (
    of_json,
    of_text,
)
from benchmarks.fuzzing.target import Reader, Target
from benchmarks.serving import ROOT

_CHECKPOINTS = ROOT / "checkpoints"


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


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


TARGETS = (
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
)
