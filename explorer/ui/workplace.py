"""Where a browser works on this server: the desks of its pages, with all that they have running.

A workplace outlives the session in which it began: a dropped connection leads back to it, and so
does a reloaded page, which is another session of the same shelf.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.training.folders import new_code
from explorer.training.job import Job
from explorer.ui.shelf import shelf

_KEY = "_workplace"
KEPT = 60.0
"""Seconds for which a workplace waits for its browser; its jobs end before, see `absence`."""


class Desk(Protocol):
    """What one page has at hand."""

    @property
    def busy(self) -> bool: ...


D = TypeVar("D", bound=Desk)


@dataclass(frozen=True)
class _Mark:
    """Whose a job is, and the code of the autosave that it writes."""

    shelf: str
    code: str


_MARKS: WeakKeyDictionary[Job[Any], _Mark] = WeakKeyDictionary()
"""Of every job with autosaves that this server still holds."""


@dataclass(eq=False)
class Workplace:
    """session: the one that works here now.  owner: whose the jobs are, in the queue.

    left: when its tab was closed or lost, by `time.monotonic`; None while it is there.
    """

    shelf: str
    session: str
    owner: str = field(default_factory=new_code)
    desks: dict[str, Desk] = field(default_factory=dict)
    left: float | None = None

    @property
    def busy(self) -> bool:
        return any(desk.busy for desk in list(self.desks.values()))


_PLACES: dict[str, Workplace] = {}
"""All of this server by their owner. Sessions hold no more than the owner: Streamlit keeps what
theirs hold for long after their tab was closed, and desks have megabytes of snapshots."""
_tidying = threading.Lock()
"""Held while a timer runs that tidies; one for all."""


def here() -> Workplace:
    """This session's: its own, or else one that its browser has just left with work going on."""
    session = _session()
    place = _PLACES.get(st.session_state.get(_KEY, ""))
    if place is None or place.session != session:  # a reloaded page has taken it over
        place = _left_busy() or Workplace(shelf(), session)
        _settle(place, session)
    place.left = None
    _presence(place.owner)
    return place


def _settle(place: Workplace, session: str) -> None:
    place.session, place.left = session, None
    _PLACES[place.owner] = place
    st.session_state[_KEY] = place.owner


def _leave(owner: str) -> None:
    """The session's tab was closed, or its connection lost. For any thread."""
    if (place := _PLACES.get(owner)) is not None:
        place.left = time.monotonic()
        if _tidying.acquire(blocking=False):
            _tidy_later()


def _tidy_later() -> None:
    timer = threading.Timer(KEPT, _tidy)
    timer.daemon = True
    timer.start()


def _tidy() -> None:
    """Let workplaces go to which nobody has come back, and look again if any may still go."""
    now = time.monotonic()
    for place in list(_PLACES.values()):
        if place.left is not None and now - place.left >= KEPT and not is_there(place.owner):
            del _PLACES[place.owner]
    if any(place.left is not None for place in list(_PLACES.values())):
        _tidy_later()
    else:
        _tidying.release()


@st.cache_resource(scope="session", show_spinner=False, on_release=_leave)
def _presence(owner: str) -> str:
    """Goes with the connection of the session, and comes again with its next run."""
    return owner


def desk(name: str, make: Callable[[], D]) -> D:
    """The desk of this name at this session's workplace, made when it is first asked for."""
    desks = here().desks
    if name not in desks:
        desks[name] = make()
    return desks[name]  # type: ignore[return-value]  # a name has one kind of desk


def take_over() -> bool:
    """Move to a workplace that this browser left busy, unless there is work here; whether so."""
    if here().busy or (left := _left_busy()) is None:
        return False
    _settle(left, _session())
    return True


def is_there(owner: str) -> bool:
    """Whether a browser is connected to the owner's workplace. For any thread."""
    place = _PLACES.get(owner)
    if place is None:
        return False
    return not runtime.exists() or runtime.get_instance().is_active_session(place.session)


def elsewhere() -> bool:
    """Whether another session of this browser trains: a tab beside, or one just closed."""
    mine, owner = shelf(), here().owner
    return any(
        mark.shelf == mine and job.owner != owner and not job.status.is_final
        for job, mark in _marked()
    )


def at_work() -> set[str]:
    """The codes of all autosaves that a job of this server goes on writing."""
    return {mark.code for job, mark in _marked() if not job.status.is_final}


def note(job: Job[Any], shelf: str, code: str) -> None:
    """Let all sessions know of the job that writes the autosave `code` for this shelf."""
    _MARKS[job] = _Mark(shelf, code)


def _marked() -> list[tuple[Job[Any], _Mark]]:
    """All that are marked, copied at one go: another session may begin a training meanwhile."""
    held = [job for reference in _MARKS.keyrefs() if (job := reference()) is not None]
    return [(job, mark) for job in held if (mark := _MARKS.get(job)) is not None]


def _left_busy() -> Workplace | None:
    mine = shelf()
    for place in list(_PLACES.values()):
        if place.shelf == mine and place.busy and not is_there(place.owner):
            return place
    return None


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""
