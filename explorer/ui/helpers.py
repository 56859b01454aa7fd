"""Helper processes that compute scenes while a class is at work.

One that looks alone has scenes computed in the server, at no cost beside. Of many, Python lets one
thread go on at a time, however many cores there are: with helpers all cores are at work, and pages
that need little are not held up by those that need much.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from explorer.training.nursery import Helper, HelperLost, Nursery
from explorer.training.threads import available_cores
from explorer.ui.turns import SLICE, TURNS, give_way

R = TypeVar("R")

VARIABLE = "EXPLORER_HELPERS"
CROWD = 4
"""Sessions at once from which there are helpers."""
WORTH = 0.04
"""Seconds of work from which it is sent away: the way back of a scene takes 15 ms."""
GROWN = 128 << 20
"""Bytes by which a helper may grow before another one is forked: what scenes were computed with
leaves holes in its memory, and in a new one what scenes have in common is worked out anew. With 64
MiB thirty students waited nearly twice as long for a race, before idle helpers gave memory back."""
_MODULES = (
    "explorer.training.works",
    "explorer.ui.mcmc_scenes",
    "explorer.ui.race_scenes",
    "explorer.ui.seed_scenes",
)
_SETTINGS = {
    "EXPLORER_CACHE_MB": "24",  # for what scenes have in common, in each helper
    VARIABLE: "0",
    # one thread each: there is a helper for every core, and what has threads is no good to fork
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # as `heap.stay_small` does it here, but before anything is allocated
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}


class Helpers:
    """At most `most` helpers from a nursery of their own. Safe for threads."""

    def __init__(self, most: int) -> None:
        self.nursery = Nursery(_MODULES, _SETTINGS)
        self.most = most
        self._lock = threading.Lock()
        self._idle: list[Helper] = []
        self._out = 0

    @property
    def count(self) -> int:
        """How many there are, at work or not."""
        with self._lock:
            return self._out + len(self._idle)

    def open(self) -> None:
        """Let there be helpers, in some seconds."""
        if self.most:
            self.nursery.start()

    def close(self) -> None:
        """Let them go, and their memory. Who is at work goes once that is done."""
        with self._lock:
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.dismiss()
        self.nursery.close()

    def away(
        self, work: Callable[[], R], wanted: Callable[[], None] = lambda: None
    ) -> tuple[R, float]:
        """What `work` returns in a helper, to which it travels by pickle; and its seconds of work.

        HelperLost where there is no helper, or none any more. What the work raises is raised.
        wanted: called every `SLICE` seconds; what it raises ends the helper in its work.
        """
        helper = self._take()
        try:
            helper.ask(work)
            while (answer := helper.answer(SLICE)) is None:
                wanted()
        except BaseException:
            self._lose(helper)
            raise
        self._put_back(helper)
        if answer.problem is not None:
            raise answer.problem
        return answer.value, answer.cpu

    def _take(self) -> Helper:
        with self._lock:
            if self._out >= self.most:
                raise HelperLost("all helpers are at work")
            self._out += 1
            if self._idle:
                return self._idle.pop()  # who worked last, and has in memory what is asked for now
        try:
            if not self.nursery.ready:
                raise HelperLost("there are no helpers yet")
            return self.nursery.helper()
        except BaseException:
            self._count_back()
            raise

    def _put_back(self, helper: Helper) -> None:
        kept = self.nursery.ready and helper.grown() <= GROWN
        with self._lock:
            self._out -= 1
            if kept:
                self._idle.append(helper)
        if not kept:
            helper.dismiss()

    def _lose(self, helper: Helper) -> None:
        helper.dismiss()
        self._count_back()

    def _count_back(self) -> None:
        with self._lock:
            self._out -= 1


def most(environment: dict[str, str] | None = None) -> int:
    """How many helpers the environment allows: one for each core, or none where there is one core.

    ValueError where it names no whole number.
    """
    given = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not given:
        cores = available_cores()
        return cores if cores > 1 else 0
    if not given.isascii() or not given.isdigit():
        raise ValueError(f"{VARIABLE}={given!r} is no number of processes; give 0 or more")
    return int(given)


HELPERS = Helpers(most())
"""This server's."""


def with_help(
    scene: Callable[..., R], kept: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> R:
    """What the function `scene` returns: computed by a helper if others are at work here, too.

    kept: the same as others find it in its module, with `scene` as its `__wrapped__`.  This thread
    has a turn of `TURNS`, which know the scene's time.  Where the page's run is out of date
    meanwhile, the helper is ended; whoever waits for the same scene begins it anew.
    """
    if TURNS.others() and TURNS.needs(scene) >= WORTH:
        with suppress(HelperLost):
            work = partial(_computed, kept, args, kwargs)
            value, seconds = HELPERS.away(work, give_way)
            TURNS.spent_elsewhere(seconds)
            return value
    return scene(*args, **kwargs)


def _computed(kept: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In the helper: what `kept` would compute if it had nothing; the server keeps it."""
    return kept.__wrapped__(*args, **kwargs)
