"""Who goes on with a training: one holder at a time, among all servers that share the folder.

A lease is a file beside the state of a training. Its number makes it exclusive: whoever creates the
next one has the training, and whoever had it before sees that, however long it was away.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from explorer.training.ages import Sightings, age
from explorer.training.folders import new_code, reachable
from explorer.training.job import Job

BEAT = 5.0
"""Seconds between two signs of life of a holder."""
STALE = 30.0
"""Seconds without one after which a training has no holder. Servers' clocks must agree better."""
_NAME = re.compile(r"lease-(\d{1,9})")

log = logging.getLogger(__name__)
_sightings = Sightings()


class Taken(ValueError):
    """Somebody else goes on with this training."""

    def __init__(self) -> None:
        super().__init__(
            "This training goes on elsewhere: in another tab, or on another server. It will be "
            "among the runs when it is done, or can be gone on with when it is stopped there."
        )


@dataclass(frozen=True)
class Lease:
    """The right to write the state in `folder`, until somebody holds one of a higher number."""

    folder: Path
    number: int
    token: str

    @property
    def path(self) -> Path:
        return self.folder / f"lease-{self.number}"

    def renew(self) -> None:
        """Give a sign of life; Taken where the lease is lost, and OSError as the system has it."""
        if _highest(self.folder) != self.number or self.path.read_text() != self.token:
            raise Taken
        os.utime(self.path)

    def release(self) -> None:
        """Let others have the training, if it is still ours."""
        with suppress(Taken, FileNotFoundError):
            self.renew()
            for number in sorted(_numbers(self.folder)):  # ours last
                (self.folder / f"lease-{number}").unlink(missing_ok=True)


def claim(folder: Path) -> Lease:
    """Become the holder of the training in `folder`; Taken where another one lives.

    Of several who claim at once one succeeds. Raises StoreUnavailable where the disk fails.
    """
    number, token = _highest(folder) + 1, new_code()
    if quiet(folder) < STALE:
        raise Taken
    lease = Lease(folder, number, token)
    with reachable():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(lease.path, "x", encoding="ascii") as file:
                _write(file, token)
        except (FileExistsError, FileNotFoundError):  # another one's, or discarded by it just now
            raise Taken from None
    return lease


def _write(file: TextIO, token: str) -> None:
    """All of it; where the disk fails, the file goes, for it would look like another's lease."""
    try:
        file.write(token)
        file.flush()
    except OSError:
        with suppress(OSError):
            os.unlink(file.name)
        raise


def quiet(folder: Path) -> float:
    """Seconds since the holder's last sign of life; infinite where there is none."""
    if not (number := _highest(folder)):
        return float("inf")
    path = folder / f"lease-{number}"
    try:
        modified = path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")  # released just now
    return max(age(modified), _sightings.unchanged(path, modified))


def _numbers(folder: Path) -> list[int]:
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):  # not there, or discarded just now
        return []
    found = (_NAME.fullmatch(name) for name in names)
    return [int(match[1]) for match in found if match]


def _highest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


class Hold:
    """What one job has of the training in `folder`; made before it is known if it can be had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lease: Lease | None = None
        self._lock = threading.Lock()

    def take(self) -> None:
        """Have the training from now on, or still; Taken where another has it."""
        with self._lock, reachable():
            if self._lease is None:
                self._lease = claim(self._folder)
            _renew(self._lease)

    def beat(self) -> None:
        """Give a sign of life, if there is anything to hold yet, or still."""
        with self._lock, reachable():
            if self._lease is not None:
                _renew(self._lease)

    def release(self) -> None:
        with self._lock, reachable():
            if self._lease is not None:
                self._lease.release()
                self._lease = None  # to be had anew, as by who saves again what could not be saved


def _renew(lease: Lease) -> None:
    try:
        lease.renew()
    except FileNotFoundError:  # with all of the training
        raise Taken from None


class Keeper:
    """Gives the signs of life for the jobs of this server, and lets go of what has ended."""

    def __init__(self) -> None:
        self._holds: dict[Job, Hold] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(self, job: Job, hold: Hold) -> None:
        """Look after `hold` until `job` has ended; a job that lost it is stopped."""
        with self._changed:
            self._holds[job] = hold
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True, name="leases")
                self._thread.start()
            self._changed.notify_all()

    def let_go(self) -> None:
        """Release what jobs held that have ended; for whoever wants it at once."""
        with self._changed:
            over = [job for job in self._holds if job.status.is_final]
            holds = [self._holds.pop(job) for job in over]
        for hold in holds:
            try:
                hold.release()
            except OSError as problem:  # it goes stale by itself
                log.warning("a lease was not given back: %s", problem)

    def _watch(self) -> None:
        beaten = time.monotonic()
        while True:
            with self._changed:
                while not self._holds:
                    self._changed.wait()
                self._changed.wait(1.0)
            self.let_go()
            if time.monotonic() - beaten >= BEAT:
                beaten = time.monotonic()
                self._beat()

    def _beat(self) -> None:
        with self._changed:
            held = list(self._holds.items())
        for job, hold in held:
            try:
                hold.beat()
            except Taken:
                log.warning("another server goes on with a training of this one")
                job.stop()
            except OSError as problem:  # the next beat may succeed; the job goes on
                log.warning("a lease was not renewed: %s", problem)


KEEPER = Keeper()
