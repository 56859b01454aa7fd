"""What is put away once nobody looks at the app, and that its memory goes back to the system."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from benchmarks.serving import ROOT
from explorer.training import heap
from explorer.ui import departed, house
from explorer.ui.cache import MIB, Cache
from explorer.ui.helpers import CROWD, Helpers
from explorer.ui.house import CLASS, FORGOTTEN, LEFT, QUIET, House


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(house, "time", made)
    return made


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    times: list[int] = []
    monkeypatch.setattr(heap, "give_back", lambda: times.append(1))
    return times


def filled(mebibytes: int) -> Cache:
    cache = Cache(mebibytes * MIB)
    for k in range(2 * mebibytes):
        cache.get(k, lambda: np.zeros(MIB // 2, np.uint8))
    return cache


def test_most_scenes_go_when_nobody_has_been_there_for_a_while(
    clock: Clock, given_back: list[int]
) -> None:
    kept = filled(LEFT)
    here = House(kept)
    here.enter()
    here.enter()
    full = kept.held
    here.leave()
    clock.now += 10 * QUIET
    here.tend()
    assert kept.held == full  # one is there still
    assert len(given_back) == 1  # what was computed has left holes
    here.leave()
    clock.now += 0.9 * QUIET
    here.tend()
    assert kept.held == full  # who reloads a page finds all as it was
    assert len(given_back) == 1  # nothing was computed since
    clock.now += 0.2 * QUIET
    here.tend()
    assert 0 < kept.held <= MIB
    assert len(given_back) == 2
    here.tend()
    assert len(given_back) == 2  # an empty house is left alone


def test_who_comes_back_in_time_finds_the_house_as_it_was(
    clock: Clock, given_back: list[int]
) -> None:
    kept = filled(4)
    here = House(kept)
    full = kept.held
    here.enter()
    here.leave()
    clock.now += 0.5 * QUIET
    here.enter()
    clock.now += 10 * QUIET
    here.tend()
    assert kept.held == full
    here.leave()
    clock.now += QUIET
    here.tend()
    assert kept.held < full
    assert len(given_back) == 2


def test_what_grows_is_kept_within_the_budget_while_somebody_is_there(
    clock: Clock, given_back: list[int]
) -> None:
    kept, growing = filled(4), {}
    kept.get("growing", lambda: growing, grows=True)
    growing["more"] = np.zeros(2 * MIB, np.uint8)
    here = House(kept)
    here.enter()
    here.tend()
    assert 2 * MIB < kept.held <= 4 * MIB
    assert len(given_back) == 1


def test_closed_sessions_go_when_none_can_come_back_any_more(
    clock: Clock, given_back: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(departed, "forget", lambda: asked.append(clock.now))
    here = House(filled(1))
    here.enter()
    here.leave()
    clock.now += QUIET
    here.tend()
    assert not asked
    assert len(given_back) == 1
    clock.now += 0.9 * departed.STORED
    here.tend()
    assert not asked
    assert len(given_back) == 1
    clock.now += FORGOTTEN
    here.tend()
    here.tend()
    assert asked == [clock.now]
    assert len(given_back) == 2
    here.enter()
    here.leave()
    clock.now += FORGOTTEN
    here.tend()  # who is not looked at in between, as a machine that slept
    assert len(asked) == 2


def test_in_a_class_pages_look_less_often_at_what_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = House(filled(1), Helpers(0))
    monkeypatch.setattr(heap, "expect", lambda crowd: None)
    monkeypatch.setattr(house, "_house", lambda: here)
    for _ in range(CLASS - 1):
        here.enter()
    assert house.tick() == 0.5
    here.enter()
    assert house.tick() == 1.0
    here.leave()
    assert house.tick() == 0.5


def test_the_next_look_does_not_wait_long_once_the_last_one_leaves() -> None:
    here = House(filled(1))
    here.enter()
    here.enter()
    resting = threading.Thread(target=here.rest, args=(100.0,), daemon=True)  # for an hour
    resting.start()
    here.leave()
    resting.join(0.3)
    assert resting.is_alive()
    here.leave()
    resting.join(20)
    assert not resting.is_alive()


def test_the_heap_knows_of_a_crowd_until_all_have_gone(
    clock: Clock, given_back: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(heap, "expect", told.append)
    helpers = Helpers(2)
    monkeypatch.setattr(helpers, "open", lambda: None)
    here = House(filled(1), helpers)
    for _ in range(CROWD - 1):
        here.enter()
    assert told == []
    here.enter()
    assert told == [True]
    for _ in range(CROWD):
        here.leave()
        clock.now += 2 * QUIET
        here.tend()
    assert told == [True, False]


def test_without_helpers_the_server_computes_dear_scenes_and_keeps_its_room_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(heap, "expect", told.append)
    here = House(filled(1), Helpers(0))
    for _ in range(CROWD):
        here.enter()
    assert told == [False]


CROWDED = """
import sys
from pathlib import Path
from explorer.training import heap

def resident():
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmRSS:") + 1]) / 1024

heap.stay_small()
heap.expect(sys.argv[1] == "crowd")
kept, freed = [], []
for k in range(200):  # arrays of more than a megabyte, and between them what stays
    freed.append(b"x" * (1_200_000 + k))
    kept.append(b"x" * 5_000)
full = resident()
del freed
print(full - resident())
"""


@pytest.mark.skipif(
    sys.platform != "linux" or heap._libc() is None, reason="this C library cannot be told"
)
@pytest.mark.parametrize(("expected", "least", "most"), [("crowd", 200, 250), ("few", -5, 20)])
def test_in_a_crowd_arrays_leave_no_holes(expected: str, least: float, most: float) -> None:
    command = [sys.executable, "-c", CROWDED, expected]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert least < float(said) < most


ALONE = """
from pathlib import Path
from explorer.training import heap

def resident():
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmRSS:") + 1]) / 1024

pieces = [bytes(60_000 + k) for k in range(1500)]  # small enough to lie in the heap
last = bytes(60_000)  # and one above them, which alone keeps them all
full = resident()
del pieces
kept = resident()
heap.give_back()
print(full, kept, resident())
"""


@pytest.mark.skipif(
    sys.platform != "linux" or heap._libc() is None, reason="this C library cannot be told"
)
def test_freed_memory_goes_back_to_the_system() -> None:
    # in a process of its own, whose heap holds nothing else
    command = [sys.executable, "-c", ALONE]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    full, kept, left = map(float, said.split())
    assert kept > full - 10
    assert left < full - 60


def test_a_c_library_that_cannot_be_told_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_libc", lambda: None)
    heap.stay_small()
    heap.expect(crowd=True)
    heap.give_back()
