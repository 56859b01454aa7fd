"""The image checkpoints of a folder: what each says of itself, or why it cannot be used.

Whatever lies in the folder is read as JSON, CSV, safetensors or WebP and never executed.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from explorer.training.files import MIB, DamagedFile, read_json
from explorer.training.image_model import ImageModel
from explorer.training.image_report import LOSSES, SPEC, WEIGHTS, load_checkpoint
from explorer.training.image_spec import Described, from_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ROOT = Path(__file__).resolve().parents[2] / "checkpoints"
MAX_ROWS = 100_000


@dataclass(frozen=True)
class Checkpoint:
    """A folder that holds a network for pictures, and what was measured when it was made.

    `weights`: its file of weights; `load` reads the model from the folder.
    """

    folder: Path
    spec: Described
    figures: Mapping[str, Any] = field(default_factory=dict)
    weights: str = WEIGHTS
    load: Callable[[Path, torch.device], ImageModel] = load_checkpoint

    @property
    def name(self) -> str:
        return self.folder.name

    def figure(self, name: str) -> float | None:
        """A figure by its name; None where the file has no such number."""
        return _number(self.figures.get(name))


def root() -> Path:
    """Where checkpoints lie: $EXPLORER_CHECKPOINTS, or the folder that comes with the program."""
    return Path(os.environ.get("EXPLORER_CHECKPOINTS") or ROOT)


def checkpoints(folder: Path) -> tuple[dict[str, Checkpoint], dict[str, str]]:
    """Name → checkpoint for all that can be used, and name → what is wrong for all others.

    A folder counts if it has a spec.json; links that lead out of `folder` are not followed.
    """
    found: dict[str, Checkpoint] = {}
    wrong: dict[str, str] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not (place / SPEC).exists():
            continue
        try:
            found[place.name] = _checkpoint(place)
        except (DamagedFile, OSError) as problem:
            wrong[place.name] = str(problem)
    return found, wrong


def _checkpoint(place: Path) -> Checkpoint:
    if not NAME.fullmatch(place.name):
        raise DamagedFile("its name has other characters than letters, digits, '.', '_' and '-'")
    for path in (place, *place.iterdir()):
        if path.is_symlink() and place.parent.resolve() not in path.resolve().parents:
            raise DamagedFile(f"{path.name} is a link that leads out of the folder")
    value = read_json(place / SPEC)
    if not isinstance(value, dict) or "spec" not in value:
        raise DamagedFile(f"{SPEC} lacks the spec")
    figures = value.get("figures")
    return Checkpoint(place, from_json(value["spec"]), figures if isinstance(figures, dict) else {})


def _number(value: Any) -> float | None:
    try:
        return float(value) if type(value) in (int, float) else None
    except OverflowError:  # an integer of hundreds of digits
        return None


def table(path: Path, columns: tuple[str, ...]) -> dict[str, list[float]]:
    """The numbers of a CSV file by column, which must be exactly `columns`.

    Raises DamagedFile for a file that is missing, too large, or anything but such a table.
    """
    if not path.is_file():
        raise DamagedFile(f"{path.name} is missing")
    if path.stat().st_size > MIB:
        raise DamagedFile(f"{path.name} has more than {MIB:,} bytes")
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        if not rows or tuple(rows[0]) != columns or len(rows) > MAX_ROWS:
            raise DamagedFile(f"{path.name} does not begin with the columns {', '.join(columns)}")
        found = [[float(cell) for cell in row] for row in rows[1:]]
        parts = list(zip(*found, strict=True)) or [()] * len(columns)
        if len(parts) != len(columns):
            raise DamagedFile(f"{path.name} has rows of another length than its head")
        if not all(map(math.isfinite, chain.from_iterable(parts))):
            raise DamagedFile(f"{path.name} holds values that are not finite")
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        if isinstance(error, DamagedFile):
            raise
        raise DamagedFile(f"{path.name} is no table of numbers ({error})") from error
    return {name: list(part) for name, part in zip(columns, parts, strict=True)}


def losses(checkpoint: Checkpoint) -> dict[str, list[float]]:
    """Columns step, loss and smoothed of the training; DamagedFile as `table`."""
    return table(checkpoint.folder / LOSSES, ("step", "loss", "smoothed"))
