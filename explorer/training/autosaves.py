"""States of trainings in progress, so that a killed server or closed tab costs seconds of work."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from explorer.training import leases
from explorer.training.ages import Sightings, age
from explorer.training.files import (
    DamagedFile,
    json_bytes,
    read_json,
    read_metadata,
    read_tensors,
    save_tensors,
)
from explorer.training.folders import (
    Missing,
    checked_code,
    coded_folders,
    present,
    reachable,
    remove_folder,
)

STATE = "state.safetensors"
QUIET = 30.0
"""Seconds without an autosave, three times the longest interval, after which a job is abandoned."""
KEPT = 7 * 86400.0
"""Seconds for which an abandoned state is kept."""

log = logging.getLogger(__name__)


_sightings = Sightings()


@dataclass(frozen=True)
class Unfinished:
    """An autosave: `saved` in seconds since 1970, `quiet` in seconds since a sign of life.

    held: whether a job, which may wait or be on another server, goes on with it.
    """

    job_id: str
    saved: float
    quiet: float
    meta: Any
    held: bool = False


@dataclass(frozen=True)
class Autosaves:
    """The folder `root` with one state per job. Raises as `Store` does."""

    root: Path

    def autosave(self, job_id: str, tensors: Mapping[str, Tensor], meta: Any) -> None:
        """Replace the job's state by this one, in one move; `meta` is anything JSON can hold.

        Raises ValueError for tensors that are not finite, and then keeps the state before.
        """
        folder = self.root / checked_code(job_id)
        with reachable():
            folder.mkdir(parents=True, exist_ok=True)
            save_tensors(folder / STATE, tensors, {"meta": json_bytes(meta).decode()})

    def load(self, job_id: str) -> tuple[dict[str, Tensor], Any]:
        """The tensors and the meta of the last autosave."""
        folder = self.root / checked_code(job_id)
        with reachable(), present(folder):
            tensors, metadata = read_tensors(folder / STATE)
        return tensors, _meta(metadata)

    def unfinished(self, quiet_for: float = QUIET) -> list[Unfinished]:
        """States that nobody has written for `quiet_for` seconds, newest first.

        The holder of a training, on this server or on another, gives signs of life more often.
        """
        found = []
        with reachable():
            folders = coded_folders(self.root)
            _sightings.keep({folder / STATE for folder in folders})
            for folder in folders:
                state = folder / STATE
                try:
                    saved = state.stat().st_mtime
                    quiet = max(age(saved), _sightings.unchanged(state, saved))
                    quiet = min(quiet, leases.quiet(folder))
                    if quiet >= quiet_for:
                        meta = _meta(read_metadata(state))
                        held = leases.quiet(folder) < leases.STALE
                        found.append(Unfinished(folder.name, saved, quiet, meta, held))
                except FileNotFoundError:
                    continue  # discarded just now, or not written yet
                except DamagedFile as problem:
                    log.warning("the state %s cannot be resumed: %s", folder.name, problem)
        return sorted(found, key=lambda state: state.saved, reverse=True)

    def hold(self, job_id: str) -> leases.Hold:
        """What the job that writes this state holds it by."""
        return leases.Hold(self.root / checked_code(job_id))

    def discard(self, job_id: str) -> None:
        """Forget the job's state; nothing happens if it has none."""
        folder = self.root / checked_code(job_id)
        with reachable(), suppress(Missing):  # where another server was faster
            if folder.exists():
                remove_folder(folder)

    def forget_old(self) -> None:
        """Delete the states that nobody asked for in a week."""
        for folder in coded_folders(self.root):
            with suppress(FileNotFoundError, Missing):  # another server deletes too
                if age(folder.stat().st_mtime) > KEPT:
                    remove_folder(folder)


def _meta(metadata: Mapping[str, str]) -> Any:
    return read_json(metadata.get("meta", ""))
