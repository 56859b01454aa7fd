"""What is looked at while it changes, made anew no more often than its cost allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PART = 0.2
"""Of the time, what may go into making it. A look at a training takes 0.1 s of a core that is free,
and is then made every half second; where thirty students want the core, it takes a second, and
looks as often as before would leave nothing for the training."""


@dataclass(eq=False)
class Paced(Generic[T]):
    """The last of its kind. For one thread at a time; `clock` returns seconds."""

    clock: Callable[[], float] = time.monotonic
    _key: Hashable = None
    _value: T | None = None
    _due: float = float("-inf")

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returns now, or what it returned for the same key a while ago."""
        begun = self.clock()
        if self._value is None or key != self._key or begun >= self._due:
            self._key, self._value = key, make()
            ended = self.clock()
            self._due = ended + (ended - begun) * (1 / PART - 1)
        return self._value
