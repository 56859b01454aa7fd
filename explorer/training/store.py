"""Finished runs on disk: each a folder that appears whole or not at all, found by a random id.

Several servers may share the folder; what one writes, another sees in full or not yet.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer.training.autosaves import Autosaves
from explorer.training.files import (
    MIB,
    DamagedFile,
    json_bytes,
    read_json,
    read_tensors,
    save_tensors,
    sync_folder,
    write_atomically,
)
from explorer.training.folders import (
    Missing,
    checked_code,
    coded_folders,
    new_code,
    present,
    reachable,
    remove_folder,
    sweep,
)
from explorer.training.runs import Run, checked_name, pack, run_of, unpack

RUNS_VARIABLE = "EXPLORER_RUNS"
DEFAULT_ROOT = Path(__file__).resolve().parents[2] / "runs" / "models"
SPEC, WEIGHTS, HISTORY = "spec.json", "weights.safetensors", "history.safetensors"
PICTURES = ("picture.png", "picture.svg")

log = logging.getLogger(__name__)


class StoreFull(ValueError):
    """A limit is reached; the message says which, and what makes room. Nothing was deleted."""


@dataclass(frozen=True)
class Card:
    """What a list of runs shows of one, to be read alone; `created` is in seconds since 1970."""

    id: str
    shelf: str
    name: str
    created: float
    spec: Any
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Store:
    """The folder `root` of finished runs. A shelf is an owner's code: it lists, renames, deletes.

    Methods that touch the disk raise StoreUnavailable where it fails, ValueError for an id, shelf
    or name that cannot be, Missing for a run that is not there, and DamagedFile for one that does
    not hold what it should.
    """

    root: Path
    max_runs: int = 50
    max_bytes: int = 2048 * MIB

    @classmethod
    def from_environment(cls) -> Store:
        """The store at EXPLORER_RUNS, or at runs/models beside the app."""
        return cls(Path(os.environ.get(RUNS_VARIABLE) or DEFAULT_ROOT))

    @property
    def autosaves(self) -> Autosaves:
        """The states of trainings in progress, kept beside the runs."""
        return Autosaves(self.root / "in-progress")

    def save(self, run: Run, shelf: str, picture: bytes | None = None) -> Card:
        """Keep `run`, and its PNG or SVG picture, on `shelf`; StoreFull where there is no room."""
        head = json_bytes(run.head() | {"shelf": checked_code(shelf)})
        run_id = new_code()
        building, folder = self.root / f".new-{run_id}", self.root / run_id
        with reachable():
            self._make_room(shelf)
            building.mkdir(parents=True)
            try:
                save_tensors(building / WEIGHTS, run.weights, {})
                save_tensors(building / HISTORY, run.history, {})
                if picture is not None:
                    png = picture.startswith(b"\x89PNG")
                    write_atomically(building / PICTURES[0 if png else 1], picture)
                write_atomically(building / SPEC, head)
                os.rename(building, folder)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)  # the first error is the one to tell
                raise
            sync_folder(self.root)
        return self.card(run_id)

    def list_runs(self, shelf: str | None = None) -> list[Card]:
        """The runs on `shelf`, or on all shelves, newest first. Damaged ones go to the log."""
        cards = []
        with reachable():
            for folder in coded_folders(self.root):
                try:
                    with present(folder):
                        card = _card(folder)
                except Missing:
                    continue  # deleted since the folder was listed
                except DamagedFile as problem:
                    log.warning("the run %s cannot be listed: %s", folder.name, problem)
                    continue
                if shelf is None or card.shelf == shelf:
                    cards.append(card)
        return sorted(cards, key=lambda card: card.created, reverse=True)

    def card(self, run_id: str) -> Card:
        """What a list would show of this run."""
        folder = self._folder(run_id)
        with reachable(), present(folder):
            return _card(folder)

    def load(self, run_id: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Run:
        """The whole run, on the CPU; with `shapes`, its weights must have just these."""
        folder = self._folder(run_id)
        with reachable(), present(folder):
            weights, _ = read_tensors(folder / WEIGHTS, shapes)
            history, _ = read_tensors(folder / HISTORY)
            return run_of(read_json(folder / SPEC), weights, history)

    def picture(self, run_id: str) -> Path | None:
        """Where the run's picture lies, if it has one."""
        folder = self._folder(run_id)
        return next((folder / name for name in PICTURES if (folder / name).is_file()), None)

    def rename(self, run_id: str, shelf: str, name: str) -> Card:
        """Give the run on `shelf` another name."""
        folder = self._owned(run_id, shelf)
        with reachable(), present(folder):
            head = read_json(folder / SPEC) | {"name": checked_name(name)}
            write_atomically(folder / SPEC, json_bytes(head))
        return self.card(run_id)

    def delete(self, run_id: str, shelf: str) -> None:
        """Remove the run from `shelf`, for good."""
        folder = self._owned(run_id, shelf)
        with reachable():
            remove_folder(folder)

    def export_bytes(self, run_id: str) -> bytes:
        """The run as one safetensors file for download, without its id and its shelf."""
        return pack(self.load(run_id))

    def import_bytes(self, data: bytes, shelf: str) -> Card:
        """Keep the run in an uploaded file on `shelf`; DamagedFile says what is wrong with it."""
        return self.save(unpack(data), shelf)

    def _folder(self, run_id: str) -> Path:
        return self.root / checked_code(run_id)

    def _owned(self, run_id: str, shelf: str) -> Path:
        if self.card(run_id).shelf != shelf:
            raise ValueError(f"the run {run_id} is on another shelf; its owner alone may change it")
        return self._folder(run_id)

    def _make_room(self, shelf: str) -> None:
        self.autosaves.forget_old()
        if sweep(self.root) >= self.max_bytes:
            limit = f"{self.max_bytes / MIB:,.0f} MiB"
            raise StoreFull(f"the saved runs of all users fill their {limit}; delete some first")
        if (count := len(self.list_runs(shelf))) >= self.max_runs:
            raise StoreFull(f"{count} runs are saved, as many as there is room for; delete one")


def _card(folder: Path) -> Card:
    try:
        found = (folder / SPEC).stat()
    except FileNotFoundError:
        raise DamagedFile(f"{SPEC} is missing") from None
    return _read_card(folder, found.st_ino, found.st_mtime_ns)  # both change with each renaming


@lru_cache(maxsize=4096)
def _read_card(folder: Path, inode: int, modified: int) -> Card:
    head = read_json(folder / SPEC)
    run = run_of(head, {}, {})
    if not isinstance(shelf := head.get("shelf"), str):
        raise DamagedFile("the run is on no shelf")
    return Card(folder.name, shelf, run.name, run.created, run.spec, run.metrics)
