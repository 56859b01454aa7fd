"""Whether anybody looks at the app, what each has before them, and what goes once nobody does."""

from __future__ import annotations

import gc
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.training import heap
from explorer.ui import departed
from explorer.ui.cache import SCENES, Cache
from explorer.ui.helpers import CROWD, HELPERS, Helpers

SWEEP = 5.0
"""Seconds between two looks at what the scenes hold."""
PART = 0.03
"""Of the time, at most this part goes into looking: a look takes the interpreter from all pages,
0.7 s with a class of thirty at work."""
QUIET = 15.0
"""Seconds without anybody after which most of the scenes go: reloading a page takes less."""
LEFT = 16
"""Of the budget one part in so many is kept then, for whoever comes next."""
CLASS = 12
"""Sessions at once that count as a class."""
FORGOTTEN = departed.STORED + SWEEP
"""Seconds without anybody after which the last closed session goes, too."""


class House:
    """Counts who is there; `tend`, called now and then, keeps `cache` within its memory.

    Of many there are `helpers`, for as long as anybody is there.
    """

    def __init__(self, cache: Cache, helpers: Helpers = HELPERS) -> None:
        self.cache, self.helpers = cache, helpers
        self.guests = 0
        self.emptied = threading.Event()
        """Set when the last one leaves."""
        self._lock = threading.Lock()
        self._tidied = 2
        """What has been put away since the last one left: nothing, scenes, sessions as well."""
        self._left_at = 0.0
        self._computed = 0

    def enter(self) -> None:
        with self._lock:
            self.guests += 1
            self._tidied = 0
            crowd = self.guests >= CROWD
        if crowd:
            self.helpers.open()
            heap.expect(self.helpers.most > 0)

    def leave(self) -> None:
        with self._lock:
            self.guests -= 1
            self._left_at = time.monotonic()
            if not self.guests:
                self.emptied.set()

    def rest(self, took: float) -> None:
        """Wait until the next look, which is due sooner once the last one leaves.

        took: seconds of work that the one before has cost.
        """
        if self.guests:
            self.emptied.wait(max(SWEEP, took / PART))
            self.emptied.clear()
        else:
            time.sleep(SWEEP)

    def tend(self) -> None:
        """Measure what grows, and give back memory; once all have been gone for `QUIET`, most."""
        with self._lock:
            alone = 0.0 if self.guests else time.monotonic() - self._left_at
            before, now = self._tidied, (alone >= QUIET) + (alone >= FORGOTTEN)
            if before and before >= now:
                return
            self._tidied = now
        if not before:
            self._look_through(empty=now > 0)
        if now == 2:
            departed.forget()
            _sweep_up()

    def _look_through(self, empty: bool) -> None:
        self.cache.measure()
        if empty:
            self.helpers.close()
            heap.expect(False)
            self.cache.shrink(self.cache.budget // LEFT)
            _sweep_up()
        elif self.cache.computed != self._computed:
            # what a scene was computed with leaves holes as large as itself: 10 to 50 ms for 100 MB
            heap.give_back()
        self._computed = self.cache.computed


def _sweep_up() -> None:
    gc.collect()  # at no other time: it would hold up whoever is there
    heap.give_back()


@dataclass(eq=False)
class Guest:
    """A session as long as its tab is open.

    Streamlit keeps the state of a closed tab's session, for it might come back, until many others
    have come. What is kept here instead goes at once.
    """

    house: House
    players: dict[str, Any] = field(default_factory=dict)
    """What the players of the page show, by their keys."""


@st.cache_resource(show_spinner=False)
def _house() -> House:
    """The server's one, with a thread that tends it."""
    made = House(SCENES)

    def keep() -> None:
        while True:
            begun = time.thread_time()
            made.tend()
            made.rest(time.thread_time() - begun)

    threading.Thread(target=keep, name="house", daemon=True).start()
    return made


def _leave(guest: Guest) -> None:
    guest.house.leave()


@st.cache_resource(scope="session", show_spinner=False, on_release=_leave)
def _guest() -> Guest:
    house = _house()
    house.enter()
    return Guest(house)


def guest() -> Guest:
    """This session's.

    The run of a page whose tab has closed meanwhile ends here: Streamlit ends it at a look into
    the session's state. Otherwise it would bring in a guest who never leaves.
    """
    st.session_state.get("_")
    return _guest()


def tick() -> float:
    """Seconds between two looks of a page at work that goes on: half a second, in a class one.

    Each look is a run of a part of the page, and in a class many wait for their trainings at once.
    """
    return 0.5 if _house().guests < CLASS else 1.0
