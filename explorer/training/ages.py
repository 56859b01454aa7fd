"""How old a file is, on a clock that may be set forward or back while the server runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path

_AHEAD = time.time() - time.monotonic()
"""What the clock on the wall showed beyond the one that nobody sets, when this process began."""


def age(modified: float) -> float:
    """Seconds since `modified` (of 1970), by whichever clock makes it younger.

    A clock that was set forward makes nothing old, and one that was set back makes what is old
    young for a while: what goes by age is deleted too late then, never too early.
    """
    return min(time.time(), _AHEAD + time.monotonic()) - modified


MOST = 4096
"""Files that are remembered. One that is forgotten counts as young again: its end comes later."""


class Sightings:
    """Since when files have been seen not to change, by the clock that nobody sets.

    It finds what `age` cannot: a file of which the clock says that it will be written in an hour.
    Of more than `MOST` files those are forgotten whose change was seen longest ago.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[float, float]] = {}  # when it was modified, when that was seen
        self._lock = threading.Lock()

    def unchanged(self, path: Path, modified: float) -> float:
        """Seconds for which the file has been seen with this time of its last change."""
        now = time.monotonic()
        with self._lock:
            if self._seen.get(path, (None,))[0] != modified:
                self._seen.pop(path, None)
                self._seen[path] = (modified, now)
                if len(self._seen) > MOST:
                    del self._seen[next(iter(self._seen))]
            return now - self._seen[path][1]

    def keep(self, paths: set[Path]) -> None:
        """Forget all others."""
        with self._lock:
            self._seen = {path: seen for path, seen in self._seen.items() if path in paths}
