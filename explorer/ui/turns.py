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
TINY = 0.03
"""Seconds of work up to which it waits for nobody: it is done sooner than others would notice,
and behind one long scene it would wait many times as long as it takes."""
QUICK = 0.25
"""Seconds of work up to which it is quick: the last place is kept for it, so that a slider that
moves a curve need not wait until others' long chains have been computed."""
WEIGHT = 1.0
"""Seconds that each second of expected work counts as a later arrival: shorter work goes first, and
longer work has its turn nevertheless, as nothing that arrives later than that overtakes it."""


@dataclass(order=True)
class _Waiting:
    due: float
    number: int
    called: threading.Event = field(default_factory=threading.Event, compare=False)
    gone: bool = field(default=False, compare=False)


class Turns:
    """At most `places` threads at work at once; safe for threads.  `clock` returns seconds.

    Work that is not known to be quick has all places but one, and one at least. What is known to be
    tiny needs none.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        if places < 1:
            raise ValueError(f"places={places} must be at least 1")
        self.places = places
        self._clock = clock
        self._lock = threading.Lock()
        self._working = {True: 0, False: 0}  # by whether the work is quick
        self._queues: dict[bool, list[_Waiting]] = {True: [], False: []}
        self._numbers = itertools.count()
        self._needs: dict[Hashable, float] = {}
        self._mine = threading.local()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        with self._lock:
            return sum(not who.gone for queue in self._queues.values() for who in queue)

    @contextmanager
    def turn(
        self, kind: Hashable, since: float | None = None, wanted: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Wait for a turn, and have it for as long as the context lasts.

        kind: what the work is, by which its time is known next time.  since: when the page that
        needs it was asked for, by the clock; now if not given.  wanted: called every `SLICE`
        seconds of waiting and once before the turn; what it raises ends the waiting.
        """
        needs = self.needs(kind)
        self._mine.quick = quick = None if needs <= TINY else needs <= QUICK
        since = self._clock() if since is None else since
        if quick is not None:
            self._enter(quick, since + WEIGHT * needs, wanted)
        elif wanted is not None:
            wanted()
        self._mine.elsewhere, begun = 0.0, time.thread_time()
        try:
            yield
        finally:
            self._learn(kind, time.thread_time() - begun + self._mine.elsewhere)
            if quick is not None:
                self._leave(quick)

    def spent_elsewhere(self, seconds: float) -> None:
        """Count work that another process has done for the turn that this thread has."""
        self._mine.elsewhere += seconds

    def others(self) -> bool:
        """Whether anybody is at work, or waits, beside the thread that asks and has a turn."""
        with self._lock:
            return sum(self._working.values()) > 1 or any(self._queues.values())

    def needs(self, kind: Hashable) -> float:
        """Seconds that such work is known to take; `QUICK` where it is not known yet."""
        return self._needs.get(kind, QUICK)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have this thread's turn while it waits for one of them."""
        quick = self._mine.quick
        if quick is not None:
            self._leave(quick)
        try:
            yield
        finally:
            if quick is not None:
                with self._lock:  # at once: it is half done, and others may wait for it
                    self._working[quick] += 1

    def _has_room(self, quick: bool) -> bool:
        """Whether one more may work; under the lock."""
        free = self.places > sum(self._working.values())
        return free and (quick or self._working[False] < max(1, self.places - 1))

    def _enter(self, quick: bool, due: float, wanted: Callable[[], None] | None) -> None:
        who = _Waiting(due, next(self._numbers))
        with self._lock:
            if self._has_room(quick):
                self._working[quick] += 1
                who.called.set()
            else:
                heapq.heappush(self._queues[quick], who)
        try:
            while not who.called.wait(SLICE):
                if wanted is not None:
                    wanted()
            if wanted is not None:
                wanted()
        except BaseException:
            self._withdraw(quick, who)
            raise

    def _withdraw(self, quick: bool, who: _Waiting) -> None:
        """Leave the queue, or give up the place that has been given meanwhile."""
        with self._lock:
            who.gone = not who.called.is_set()
        if not who.gone:
            self._leave(quick)

    def _leave(self, quick: bool) -> None:
        with self._lock:
            self._working[quick] -= 1
            while (who := self._next()) is not None:
                who.called.set()

    def _next(self) -> _Waiting | None:
        """Take who is due first of those that there is room for, and give them their place."""
        for queue in self._queues.values():
            while queue and queue[0].gone:
                heapq.heappop(queue)
        able = [q for q, queue in self._queues.items() if queue and self._has_room(q)]
        if not able:
            return None
        quick = min(able, key=lambda q: self._queues[q][0])
        self._working[quick] += 1
        return heapq.heappop(self._queues[quick])

    def _learn(self, kind: Hashable, seconds: float) -> None:
        with self._lock:
            known = self._needs.get(kind)
            self._needs[kind] = seconds if known is None else 0.7 * known + 0.3 * seconds


TURNS = Turns(available_cores() + 1)
"""Who of all sessions may compute: long work on every core, and quick work beside it."""
_THREAD = threading.local()


def in_turn(kind: Hashable, make: Callable[[], R]) -> R:
    """What `make` returns, once this thread has its turn.

    A page moved on or closed meanwhile computes nothing any more. What has begun here is ended, for
    a thread cannot be stopped; so only the outermost of scenes asks.
    """
    if getattr(_THREAD, "computes", False):
        return make()
    with TURNS.turn(kind, _since(), give_way):
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


def give_way() -> None:
    """End a run of a page that is out of date: Streamlit does so at a look into the session."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get("_")
