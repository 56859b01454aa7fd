"""Turns at the processor: a few scenes are computed at once, the others wait in a fair order.

Thirty that compute at the same time on two cores would all be done only when the last is. One after
another, half of them have their picture in half of the time, and nobody waits longer than before.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.training.threads import available_cores

R = TypeVar("R")

SLICE = 0.1
"""Seconds after which who waits looks whether it is still wanted."""
WEIGHT = 3.0
"""Seconds that each second of expected work counts as a later arrival: quick work goes first, and
slow work has its turn nevertheless, as nothing that arrives later than that overtakes it."""
NEW = 0.3
"""Seconds that work is taken to need of which nothing is known yet."""


@dataclass(order=True)
class _Waiting:
    due: float
    number: int
    called: threading.Event = field(default_factory=threading.Event, compare=False)
    gone: bool = field(default=False, compare=False)


class Turns:
    """At most `places` threads at work at once; safe for threads.  `clock` returns seconds."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        if places < 1:
            raise ValueError(f"places={places} must be at least 1")
        self.places = places
        self._clock = clock
        self._lock = threading.Lock()
        self._working = 0
        self._queue: list[_Waiting] = []
        self._numbers = itertools.count()
        self._needs: dict[Hashable, float] = {}

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        with self._lock:
            return sum(not who.gone for who in self._queue)

    @contextmanager
    def turn(
        self, kind: Hashable, since: float | None = None, wanted: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Wait for a turn, and have it for as long as the context lasts.

        kind: what the work is, by which its time is known next time.  since: when the page that
        needs it was asked for, by the clock; now if not given.  wanted: called every `SLICE`
        seconds of waiting and once before the turn; what it raises ends the waiting.
        """
        self._enter(kind, self._clock() if since is None else since, wanted)
        begun = time.thread_time()
        try:
            yield
        finally:
            self._learn(kind, time.thread_time() - begun)
            self._leave()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have this thread's turn while it waits for one of them."""
        self._leave()
        try:
            yield
        finally:
            with self._lock:
                self._working += 1  # at once: it is half done, and others may wait for it

    def _enter(self, kind: Hashable, since: float, wanted: Callable[[], None] | None) -> None:
        with self._lock:
            if self._working < self.places:
                self._working += 1
                who = None
            else:
                due = since + WEIGHT * self._needs.get(kind, NEW)
                who = _Waiting(due, next(self._numbers))
                heapq.heappush(self._queue, who)
        try:
            while who is not None and not who.called.wait(SLICE):
                if wanted is not None:
                    wanted()
            if wanted is not None:
                wanted()
        except BaseException:
            self._withdraw(who)
            raise

    def _withdraw(self, who: _Waiting | None) -> None:
        """Leave the queue, or give up the place that has been given meanwhile."""
        with self._lock:
            waits = who is not None and not who.called.is_set()
            if who is not None and waits:
                who.gone = True
        if not waits:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._working -= 1
            while self._queue and self._working < self.places:
                who = heapq.heappop(self._queue)
                if not who.gone:
                    self._working += 1
                    who.called.set()

    def _learn(self, kind: Hashable, seconds: float) -> None:
        with self._lock:
            known = self._needs.get(kind)
            self._needs[kind] = seconds if known is None else 0.7 * known + 0.3 * seconds


TURNS = Turns(available_cores())
"""Who of all sessions may compute."""
_THREAD = threading.local()


def in_turn(kind: Hashable, make: Callable[[], R]) -> R:
    """What `make` returns, once this thread has its turn.

    A page moved on or closed meanwhile computes nothing any more. What has begun is ended, for
    others may wait for it; so only the outermost of scenes asks.
    """
    if getattr(_THREAD, "computes", False):
        return make()
    with TURNS.turn(kind, _since(), _give_way):
        _THREAD.computes = True
        try:
            return make()
        finally:
            _THREAD.computes = False


def await_other(done: threading.Event) -> None:
    """Wait for what another thread computes, which may need the turn that this one has."""
    if getattr(_THREAD, "computes", False):
        with TURNS.lent():
            done.wait()
    else:
        done.wait()


def _since() -> float:
    """When the run of the page began that this thread is at: all its scenes wait from then on."""
    ctx = get_script_run_ctx(suppress_warning=True)
    if ctx is None:
        return time.monotonic()
    if getattr(_THREAD, "run", None) is not ctx.cursors:  # which each run has of its own
        _THREAD.run, _THREAD.since = ctx.cursors, time.monotonic()
    since: float = _THREAD.since
    return since


def _give_way() -> None:
    """End a run of a page that is out of date: Streamlit does so at a look into the session."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get("_")
