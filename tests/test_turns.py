"""Turns at the processor: who computes, who waits, and in which order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from explorer.ui.turns import TINY, WEIGHT, Turns


class Room:
    """Threads that ask for turns, one after another, and write down when they have them."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.order = turns, list[str]()
        self._threads = list[threading.Thread]()

    def ask(self, name: str, kind: str, since: float, wanted: Callable[[], None] | None) -> None:
        """Ask in a thread; returns once it waits."""

        def work() -> None:
            try:
                with self.turns.turn(kind, since, wanted):
                    self.order.append(name)
            except LookupError:
                self.order.append(f"{name} left")

        before = self.turns.waiting
        thread = threading.Thread(target=work)
        thread.start()
        self._threads.append(thread)
        while self.turns.waiting == before and thread.is_alive():
            thread.join(0.001)

    def end(self) -> list[str]:
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
        return self.order


def test_no_more_than_its_places_and_first_come_first_served() -> None:
    turns = Turns(1)
    room = Room(turns)
    with turns.turn("scene"):
        for k, name in enumerate("abc"):
            room.ask(name, "scene", 10.0 + k, None)
        assert turns.waiting == 3
        assert room.order == []
    assert room.end() == ["a", "b", "c"]
    assert turns.waiting == 0


def test_quick_work_goes_first_but_slow_work_is_not_kept_for_ever() -> None:
    turns = Turns(1)
    turns._needs.update(slow=2.0, quick=0.1)
    room = Room(turns)
    with turns.turn("other"):
        room.ask("slow", "slow", 0.0, None)
        room.ask("quick", "quick", 1.0, None)
        room.ask("quick but late", "quick", 2 * WEIGHT + 1, None)
    assert room.end() == ["quick", "slow", "quick but late"]


def test_the_last_place_is_kept_for_quick_work() -> None:
    turns = Turns(2)
    turns._needs.update(slow=2.0, quick=0.1)
    room = Room(turns)
    with turns.turn("slow"):
        room.ask("slow", "slow", 0.0, None)
        assert turns.waiting == 1
        room.ask("quick", "quick", 5.0, None)
        assert room.order == ["quick"]
    assert room.end() == ["quick", "slow"]


def test_tiny_work_waits_for_nobody_and_holds_nobody_up() -> None:
    turns = Turns(1)
    turns._needs["tiny"] = 0.9 * TINY
    room = Room(turns)
    with turns.turn("slow"):
        room.ask("tiny", "tiny", 5.0, None)
        assert room.order == ["tiny"]
        with turns.turn("tiny"), turns.lent():
            room.ask("slow", "slow", 0.0, None)
            assert turns.waiting == 1  # the one place is not the tiny one's to lend
            assert room.order == ["tiny"]
    assert room.end() == ["tiny", "slow"]
    with turns.turn("not known"):
        assert turns.waiting == 0


def test_tiny_work_that_is_no_longer_wanted_is_not_done() -> None:
    def gone() -> None:
        raise LookupError

    turns = Turns(1)
    turns._needs["tiny"] = 0.0
    with pytest.raises(LookupError), turns.turn("tiny", wanted=gone):
        pytest.fail("it was done")


def test_work_that_has_grown_waits_like_others() -> None:
    turns = Turns(1)
    turns._needs["was tiny"] = TINY
    with turns.turn("was tiny"):
        turns.spent_elsewhere(100 * TINY)
    room = Room(turns)
    with turns.turn("other"):
        room.ask("was tiny", "was tiny", 0.0, None)
        assert turns.waiting == 1
    assert room.end() == ["was tiny"]


def test_what_work_needs_is_known_by_its_kind() -> None:
    turns = Turns(1)
    for _ in range(2):
        with turns.turn("scene"):
            begun = time.thread_time()
            while time.thread_time() < begun + 0.01:
                pass
    assert turns._needs["scene"] >= 0.01


def test_who_is_no_longer_wanted_leaves_and_takes_nobodys_turn() -> None:
    def gone() -> None:
        raise LookupError

    turns = Turns(1)
    room = Room(turns)
    with turns.turn("scene"):
        room.ask("first", "scene", 0.0, gone)
        room.ask("second", "scene", 1.0, None)
        while turns.waiting > 1:
            threading.Event().wait(0.001)
    assert room.end() == ["first left", "second"]
    with pytest.raises(LookupError), turns.turn("scene", wanted=gone):
        pass
    with turns.turn("scene"):  # which would wait for ever if the place were lost
        assert turns.waiting == 0


def test_who_waits_for_another_lends_the_turn() -> None:
    turns = Turns(1)
    room = Room(turns)
    with turns.turn("outer"):
        room.ask("inner", "inner", 0.0, None)
        with turns.lent():
            assert room.end() == ["inner"]
        room.ask("later", "not known", 0.0, None)
        assert room.order == ["inner"]
    assert room.end() == ["inner", "later"]


def test_a_failure_gives_the_place_back() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.turn("scene"):
        raise ZeroDivisionError
    with turns.turn("scene"):
        assert turns.waiting == 0


def test_no_places_are_refused() -> None:
    with pytest.raises(ValueError, match="places=0"):
        Turns(0)
