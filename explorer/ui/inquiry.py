"""Questions that may hang, as to a disk that does not answer: asked aside, and not waited for.

Whoever answers a browser has a thread of a few that all share. One that waits for a disk is missing
for whoever wants a page, so that a few dozen questions would stop the whole server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class _Asked(Generic[T]):
    begun: float = field(default_factory=time.monotonic)
    over: threading.Event = field(default_factory=threading.Event)
    value: T | None = None
    problem: Exception | None = None


class Inquiry(Generic[T]):
    """Calls `ask` in a thread of its own, one at a time, for all who want to know. Thread-safe."""

    def __init__(self, ask: Callable[[], T], patience: float = 1.0) -> None:
        self._ask, self._patience = ask, patience
        self._lock = threading.Lock()
        self._asked: _Asked[T] | None = None

    def answer(self) -> T | None:
        """What `ask` returns, or None where it is not done `patience` seconds after it began.

        What it raises is raised here.
        """
        with self._lock:
            if self._asked is None:
                asked = _Asked[T]()
                threading.Thread(target=self._go, args=[asked], daemon=True).start()
                self._asked = asked
            asked = self._asked
        if not asked.over.wait(max(0.0, asked.begun + self._patience - time.monotonic())):
            return None
        if asked.problem is not None:
            raise asked.problem
        return asked.value

    def _go(self, asked: _Asked[T]) -> None:
        try:
            asked.value = self._ask()
        except Exception as problem:
            asked.problem = problem
        with self._lock:
            self._asked = None
        asked.over.set()
