"""What a class needs follows from what was measured."""

import itertools

import pytest

from benchmarks import serving
from benchmarks.client import open_student
from benchmarks.habits import Seen
from benchmarks.machine_room import CACHE_MIB, CLASSES, Cost, Costs, Habits, _sampling, needed
from tests.loops import in_a_thread

COSTS = Costs(
    Cost(0.06, 60_000), Cost(0.03, 30_000), Cost(6.0, 1e6), Cost(12.0, 2e6), server=500, session=2
)


def test_needs_by_hand():
    habits = Habits(page=2, slider=16, training=1, pictures=0.5)
    found = needed(COSTS, habits, 60)
    assert found["page_cores"] == 1  # (2 · 0.06 + 16 · 0.03) s of 60 students a minute: 0.6 of BUSY
    assert found["work_cores"] == 20  # (6 + 6) s a minute of each: 12 cores at 60 %
    assert found["cores"] == 21
    assert found["replicas"] == 1
    assert found["gib"] == 1
    assert found["mbit"] == pytest.approx(8 * (120e3 + 480e3 + 1e6 + 1e6) / 1e6)
    assert found["slide_at_once"] == 1.8
    assert found["train_at_once"] == 18


def test_needs_grow_with_the_class():
    few, more, most = (needed(COSTS, Habits(), students) for students in CLASSES)
    for name in few:
        assert few[name] <= more[name] * 3  # rounding up makes small classes dear
        if not name.endswith("at_once"):
            assert few[name] <= more[name] <= most[name]
    assert most["gib"] >= (most["replicas"] * (500 + CACHE_MIB) + 3000 * 2) / 1024


def test_pictures_are_drawn_anew_each_time() -> None:
    async def twice(url: str) -> Seen:
        seen, seeds = Seen(), itertools.count(1000)
        async with open_student(url, "/") as student:
            for _ in range(2):
                await _sampling(student, seen, seeds)
        return seen

    with serving.serve() as server:
        assert not in_a_thread(twice(server.url)).problems
