"""One export while it is made: whoever looks at it drives it on, and nobody else."""

from __future__ import annotations

import errno
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from explorer.training.ages import age

Maker = Callable[[Path], Iterator[float]]
"""Writes a file and yields the share that is done."""

_PREFIX = "explorer-export-"
_FORGOTTEN = 86400.0
"""Seconds after which a folder in the making is a dead server's; no export takes an hour."""

_TURN = threading.Lock()  # sessions take turns: one export at a time works in this process


class Work:
    """A file in the making, in a private folder that goes when it is read, stopped or forgotten.

    share: what is done, in [0, 1].  data: the file's bytes once it is whole.  error: what went
    wrong, in words for the user.
    """

    def __init__(self, make: Maker, name: str, mime: str) -> None:
        self.name = name
        self.mime = mime
        self.share = 0.0
        self.data: bytes | None = None
        self.error = ""
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self._file = Path(self._folder.name) / f"export{Path(name).suffix}"
        self._going = make(self._file)

    @property
    def busy(self) -> bool:
        return self.data is None and not self.error

    def advance(self, seconds: float, patience: float = 1.0) -> None:
        """Go on for about so long, unless others keep their turn for longer than `patience`."""
        if not self.busy or not _TURN.acquire(timeout=patience):
            return
        try:
            self._go_on(time.monotonic() + seconds)
        finally:
            _TURN.release()

    def _go_on(self, until: float) -> None:
        try:
            for share in self._going:
                self.share = share
                if time.monotonic() >= until:
                    return
            self.data = self._file.read_bytes()
            self._folder.cleanup()
        except (ValueError, RuntimeError, OSError, MemoryError) as problem:
            self.stop()
            self.error = _words(problem)

    def stop(self) -> None:
        """End it and take its file away."""
        close = getattr(self._going, "close", None)  # a generator's: ends what it has started
        if close is not None:
            close()
        self._folder.cleanup()


def _words(problem: Exception) -> str:
    """The end of the sentence "No file was made: …"."""
    if isinstance(problem, MemoryError):
        return "the memory of the server is used up; make it smaller or shorter"
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk of the server is full"
    return str(problem)


def sweep(folder: Path | None = None) -> int:
    """Remove what killed servers left in the making, after a day; how many folders that were."""
    gone = 0
    for left in (folder or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or another server was faster
            if age(left.stat().st_mtime) > _FORGOTTEN:
                shutil.rmtree(left)
                gone += 1
    return gone


def at_once(content: Callable[[], bytes]) -> Maker:
    """A maker for what is made in one go."""

    def make(file: Path) -> Iterator[float]:
        yield 0.0  # the bar is drawn first
        file.write_bytes(content())
        yield 1.0

    return make
