"""Scenes and what they are made of: computed once for equal requests, kept within some memory.

    @cached
    def scene(distribution: DistributionSpec, seed: int, scale: float = 1.0) -> Scene: ...

All functions so marked share one budget, `EXPLORER_CACHE_MB`; what was asked for longest ago goes
first. What they return is shared between sessions and must not be changed.
"""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar, overload

from explorer.ui.helpers import with_help
from explorer.ui.sizes import lumped
from explorer.ui.turns import await_other, in_turn

P = ParamSpec("P")
R = TypeVar("R")

VARIABLE, DEFAULT = "EXPLORER_CACHE_MB", 256
MIB = 1 << 20
MOMENTS = 60.0
"""Seconds for which a value that was asked for may still be in use, and grow."""


@dataclass(eq=False)
class _Entry:
    """A value with the key and the memory that it holds on to."""

    key: Hashable
    value: Any
    grows: bool
    parts: dict[int, int]
    used: float
    measured: float = float("-inf")

    def may_have_grown(self, now: float) -> bool:
        """Whether it was asked for since it was measured; or so shortly before that whoever asked
        was at work still, and is done by now."""
        return self.used >= self.measured or self.measured < self.used + MOMENTS <= now


@dataclass(eq=False)
class _Flight:
    """A value that one thread computes and others may wait for."""

    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    problem: Exception | None = None
    landed: bool = False


class Cache:
    """Values by key, the least recently used of which go as soon as all together exceed `budget`.

    Bytes that several values share count once. A value that is larger than the budget is handed
    out and not kept. Safe for threads: the first that asks for a key computes, others wait.
    """

    def __init__(self, budget: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self._clock = clock
        self.computed = 0
        """How many values so far."""
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._holders: dict[int, int] = {}
        self._sizes: dict[int, int] = {}  # as first counted: what two hold may grow in between
        self._bytes = 0

    @property
    def held(self) -> int:
        """Bytes of all that is kept."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, make: Callable[[], R], *, grows: bool = False) -> R:
        """The value of `key`, from memory or by `make`, at whose exception nothing is kept.

        Whoever waits for another thread's `make` gets its exception, too. grows: whether the value
        goes on taking memory while it is used; `measure` looks at it again.
        """
        while True:
            with self._lock:
                entry = self._entries.get(key)
                if entry is not None:
                    self._entries.move_to_end(key)
                    entry.used = self._clock()
                    return entry.value
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if mine:
                return self._fly(key, flight, make, grows)
            await_other(flight.done)
            if flight.problem is not None:
                raise flight.problem
            if flight.landed:
                return flight.value
            # the run of the page that computed was broken off; now it is this one's turn

    def _fly(self, key: Hashable, flight: _Flight, make: Callable[[], R], grows: bool) -> R:
        try:
            value = make()
            entry = _Entry(key, value, grows, lumped(key, value), self._clock())
            flight.value, flight.landed = value, True
            gone = self._keep(entry)
        except Exception as problem:
            flight.problem = problem
            raise
        finally:
            with self._lock:
                self.computed += 1
                del self._flights[key]
            flight.done.set()
        del gone
        return value

    def _keep(self, entry: _Entry) -> list[_Entry]:
        """Keep it, and return what had to go, for the caller to drop outside of the lock."""
        with self._lock:
            if sum(entry.parts.values()) > self.budget:
                return []
            self._entries[entry.key] = entry
            self._count(entry)
            return self._evict(self.budget)

    def _evict(self, budget: int) -> list[_Entry]:
        gone = []
        while self._bytes > budget and self._entries:
            _, entry = self._entries.popitem(last=False)
            self._discount(entry)
            gone.append(entry)
        return gone

    def _count(self, entry: _Entry) -> None:
        for address, size in entry.parts.items():
            before = self._holders.get(address, 0)
            if not before:
                self._sizes[address] = size
                self._bytes += size
            self._holders[address] = before + 1

    def _discount(self, entry: _Entry) -> None:
        for address in entry.parts:
            left = self._holders.pop(address) - 1
            if left:
                self._holders[address] = left
            else:
                self._bytes -= self._sizes.pop(address)

    def measure(self) -> None:
        """Count anew what may have grown, as it was used, and let go what no longer has room."""
        with self._lock:
            now = self._clock()
            entries = self._entries.values()
            growing = [entry for entry in entries if entry.grows and entry.may_have_grown(now)]
        for entry in growing:
            entry.measured = self._clock()
            found = lumped(entry.key, entry.value)
            with self._lock:
                if found != entry.parts and self._entries.get(entry.key) is entry:
                    self._discount(entry)
                    entry.parts = found
                    self._count(entry)
        self.shrink(self.budget)

    def shrink(self, budget: int) -> int:
        """Let go what was used longest ago until at most `budget` bytes are held; how many went."""
        with self._lock:
            before = self._bytes
            gone = self._evict(budget)
            freed = before - self._bytes
        del gone
        return freed

    def clear(self) -> None:
        self.shrink(0)


def budget(environment: dict[str, str] | None = None) -> int:
    """Bytes that the environment allows; ValueError where it names no whole number above 0."""
    given = (os.environ if environment is None else environment).get(VARIABLE, "") or str(DEFAULT)
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise ValueError(f"{VARIABLE}={given!r} is no number of MiB; give 1 or more, or unset it")
    return int(given) * MIB


SCENES = Cache(budget())
"""What all sessions of this server share."""


@overload
def cached(function: Callable[P, R]) -> Callable[P, R]: ...
@overload
def cached(
    *, grows: bool = False, away: Callable[..., bool] | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def cached(
    function: Callable[P, R] | None = None,
    *,
    grows: bool = False,
    away: Callable[..., bool] | None = None,
) -> Any:
    """Keep what the function returns, known by its arguments but those that begin with "_".

    Arguments are compared as in a dict, so models and the like are known by their identity.
    grows: as for `Cache.get`.  away: whether, with these arguments, a helper process can compute
    it, which knows what comes with the program and what the arguments say, and no more.
    """
    if function is None:
        return lambda function: _cached(function, grows, away)
    return _cached(function, grows, away)


def _cached(
    function: Callable[P, R], grows: bool, away: Callable[..., bool] | None
) -> Callable[P, R]:
    signature = inspect.signature(function)
    named = [name for name in signature.parameters if not name.startswith("_")]

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        key = (function, *(bound.arguments[name] for name in named))

        def make() -> R:
            if away is not None and away(*args, **kwargs):
                return with_help(function, asked, args, kwargs)
            return function(*args, **kwargs)

        return SCENES.get(key, lambda: in_turn(function, make), grows=grows)

    return asked
