"""Own data that are too long for a link: small text files, each named by the hash of what it holds.

The same data have the same name on every server; a link gives the name, and the file is checked
against it. When there are too many, those that nobody has asked for the longest go first.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.data.own_codec import MAX_TEXT, decode
from explorer.training.files import DamagedFile, write_atomically
from explorer.training.folders import Missing, reachable

MOST_FILES = 1000
"""With 16 kB each, 16 MB at most."""


@dataclass(frozen=True)
class OwnFiles:
    """The folder of these files. Methods raise StoreUnavailable where the disk fails."""

    root: Path
    most: int = MOST_FILES

    def put(self, text: str) -> str:
        """Keep a text of `own_codec`; returns its name. ValueError where it is none."""
        decode(text)
        name = hashlib.sha256(text.encode()).hexdigest()[:20]
        path = self._path(name)
        with reachable():
            self.root.mkdir(parents=True, exist_ok=True)
            if path.exists():
                _asked_for(path)
            else:
                write_atomically(path, text.encode())
                self._prune()
        return name

    def get(self, name: str) -> str:
        """The text of this name; Missing where it is not here, DamagedFile where it has changed."""
        if not re.fullmatch(r"[0-9a-f]{20}", name):
            raise ValueError(f"{name[:30]!r} is no name of own data; it has 20 of 0–9 and a–f")
        path = self._path(name)
        with reachable():
            try:
                with open(path, "rb") as file:
                    data = file.read(MAX_TEXT + 1)
            except FileNotFoundError:
                raise Missing("these data are not on this server, or no longer") from None
        _asked_for(path)
        if not hashlib.sha256(data).hexdigest().startswith(name):
            raise DamagedFile("these data were damaged on this server's disk")
        return data.decode()

    def _path(self, name: str) -> Path:
        return self.root / f"{name}.txt"

    def _prune(self) -> None:
        kept = []
        for path in self.root.glob("*.txt"):
            with suppress(FileNotFoundError):  # another server prunes too
                kept.append((path.stat().st_mtime, path))
        for _, path in sorted(kept)[: -self.most]:
            path.unlink(missing_ok=True)


def _asked_for(path: Path) -> None:
    """Note when; not in a folder that is read only, where nothing is pruned either."""
    with suppress(OSError):
        os.utime(path)
