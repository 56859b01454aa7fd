"""A browser finds its desks again after a lost connection or a reload, and nobody else's."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

import pytest
from made_jobs import until
from streamlit.testing.v1 import AppTest

from explorer.training.job import Job
from explorer.ui import workplace


@dataclass(eq=False)
class Desk:
    busy: bool = True


def page() -> None:
    from test_workplace import Desk

    from explorer.ui import workplace

    workplace.desk("a", Desk)
    workplace.take_over()


def visit(shelf: str, at: AppTest | None = None) -> tuple[AppTest, workplace.Workplace]:
    """A session of the browser with this shelf, and where it works."""
    if at is None:
        at = AppTest.from_function(page, default_timeout=60)
        at.query_params["shelf"] = shelf
    at.run()
    assert not at.exception
    return at, workplace._PLACES[at.session_state["_workplace"]]


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Owners whose browser is away."""
    away: set[str] = set()
    monkeypatch.setattr(
        workplace, "is_there", lambda owner: owner in workplace._PLACES and owner not in away
    )
    monkeypatch.setattr(workplace, "KEPT", 0.02)
    return away


def test_a_page_loaded_anew_takes_over_what_its_browser_left_busy_and_nobody_elses(gone: set[str]):
    _, first = visit("abcd1234")
    _, beside = visit("abcd1234")
    assert beside is not first  # a tab beside has its own
    gone.add(first.owner)
    _, stranger = visit("wxyz5678")
    assert stranger is not first
    _, again = visit("abcd1234")
    assert again is first
    first.desks["a"].busy = False
    gone.update((first.owner, beside.owner))
    beside.desks["a"].busy = False
    _, new = visit("abcd1234")
    assert new not in (first, beside)  # what has ended is on the shelf


def test_an_idle_page_moves_to_what_turns_out_to_have_been_left(gone: set[str]):
    _, first = visit("efgh1234")
    tab, mine = visit("efgh1234")
    mine.desks["a"].busy = False
    gone.add(first.owner)
    _, now = visit("efgh1234", tab)
    assert now is first


def test_what_nobody_comes_back_to_goes_and_a_returning_session_begins_anew(gone: set[str]):
    tab, first = visit("jkmn1234")
    back, kept = visit("pqrs1234")
    for place in (first, kept):
        workplace._leave(place.owner)
    _, same = visit("pqrs1234", back)
    assert same is kept
    assert kept.left is None
    gone.add(first.owner)
    until(lambda: first.owner not in workplace._PLACES)
    assert kept.owner in workplace._PLACES
    _, new = visit("jkmn1234", tab)
    assert new.owner != first.owner


def test_trainings_may_begin_while_others_look_which_there_are():
    """Thirty press the button at once, and pages look twice a second."""
    jobs, looked, problems = [], threading.Event(), []

    def begin() -> None:
        while not looked.is_set():
            jobs.append(Job("owner", "a training", None, 0.0))
            workplace.note(jobs[-1], "abcd1234", f"code{len(jobs)}")
            if len(jobs) > 500:
                jobs.clear()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    beginning = threading.Thread(target=begin)
    beginning.start()
    try:
        for _ in range(1500):
            workplace.at_work()
    except RuntimeError as problem:
        problems.append(problem)
    finally:
        looked.set()
        beginning.join()
        sys.setswitchinterval(before)
    assert not problems
