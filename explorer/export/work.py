"""One export while it is made: whoever looks at it drives it on, and nobody else."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Maker = Callable[[Path], Iterator[float]]
"""Writes a file and yields the share that is done."""

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
        self._folder = tempfile.TemporaryDirectory(
            prefix="explorer-export-", ignore_cleanup_errors=True
        )
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
        except (ValueError, RuntimeError, OSError) as problem:
            self.stop()
            self.error = str(problem)

    def stop(self) -> None:
        """End it and take its file away."""
        close = getattr(self._going, "close", None)  # a generator's: ends what it has started
        if close is not None:
            close()
        self._folder.cleanup()


def at_once(content: Callable[[], bytes]) -> Maker:
    """A maker for what is made in one go."""

    def make(file: Path) -> Iterator[float]:
        yield 0.0  # the bar is drawn first
        file.write_bytes(content())
        yield 1.0

    return make
