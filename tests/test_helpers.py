"""Scenes that helpers compute: of many only, the same as here, and here where no helper is left."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from made_jobs import SOON, until

from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.training.nursery import HelperLost
from explorer.ui import cache, helpers, turns
from explorer.ui.cache import MIB, Cache, cached
from explorer.ui.helpers import CROWD, WORTH, Helpers, most
from explorer.ui.house import House
from explorer.ui.player.encode import encode
from explorer.ui.race_scenes import EXACT, Lane, _Course, _run
from explorer.ui.scenes import clock, shared_view
from explorer.ui.turns import QUICK, Turns

COURSE = _Course(
    DistributionSpec("moons"), ProcessSpec("ddpm"), 20, 100, 0, False, "particles", False, EXACT, 1
)


class Far(Helpers):
    """Helpers that say where they were: or that are lost."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__(1)
        self.lost = lost

    def away(
        self, work: Callable[[], Any], wanted: Callable[[], None] = lambda: None
    ) -> tuple[Any, float]:
        if self.lost:
            raise HelperLost
        return f"far {work()}", 7.0


@pytest.fixture
def turns_of(monkeypatch: pytest.MonkeyPatch) -> Turns:
    made = Turns(3)
    monkeypatch.setattr(cache, "SCENES", Cache(MIB))
    monkeypatch.setattr(turns, "TURNS", made)
    monkeypatch.setattr(helpers, "TURNS", made)
    monkeypatch.setattr(helpers, "HELPERS", Far())
    return made


def scenes() -> tuple[Callable[[int], str], list[int]]:
    """A scene that can be computed far away unless it is of 0, and what was asked of it."""
    asked: list[int] = []

    @cached(away=lambda which: which > 0)
    def scene(which: int) -> str:
        asked.append(which)
        return f"scene {which}"

    return scene, asked


def test_one_that_is_alone_is_answered_here(turns_of: Turns) -> None:
    scene, _ = scenes()
    assert scene(1) == "scene 1"


def test_beside_others_it_is_computed_by_a_helper_once(turns_of: Turns) -> None:
    scene, asked = scenes()
    with turns_of.turn("another"):
        assert scene(1) == "far scene 1"
        assert scene(1) == "far scene 1"
        assert scene(0) == "scene 0"  # which a helper cannot
    assert asked == [1, 0]


def test_what_takes_no_time_is_not_worth_the_way(turns_of: Turns) -> None:
    scene, _ = scenes()
    turns_of._needs[scene.__wrapped__] = 0.9 * WORTH
    with turns_of.turn("another"):
        assert scene(1) == "scene 1"


def test_the_time_of_the_helper_counts_as_the_scenes(turns_of: Turns) -> None:
    scene, _ = scenes()
    assert turns_of.needs(scene.__wrapped__) == QUICK
    with turns_of.turn("another"):
        scene(1)
    assert turns_of.needs(scene.__wrapped__) == pytest.approx(7.0, abs=0.5)


def test_what_a_lost_helper_had_to_do_is_done_here(
    turns_of: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helpers, "HELPERS", Far(lost=True))
    scene, _ = scenes()
    with turns_of.turn("another"):
        assert scene(1) == "scene 1"


def test_the_house_has_helpers_from_a_crowd_on_until_it_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    here = Helpers(1)
    monkeypatch.setattr(here, "open", lambda: done.append("open"))
    monkeypatch.setattr(here, "close", lambda: done.append("close"))
    house = House(Cache(MIB), here)
    for _ in range(CROWD - 1):
        house.enter()
    assert done == []
    house.enter()
    assert done == ["open"]
    for _ in range(CROWD):
        house.leave()
    house._left_at = float("-inf")
    house.tend()
    assert done == ["open", "close"]


def test_how_many_there_are_is_a_setting() -> None:
    assert most({helpers.VARIABLE: "3"}) == 3
    assert most({helpers.VARIABLE: "0"}) == 0
    assert most({}) != 1  # for one core none
    with pytest.raises(ValueError, match="EXPLORER_HELPERS='two'"):
        most({helpers.VARIABLE: "two"})
    Helpers(0).open()
    with pytest.raises(HelperLost, match="all"):
        Helpers(0).away(partial(abs, -1))


linux = pytest.mark.skipif(sys.platform != "linux", reason="helpers are forked")


@pytest.fixture(scope="module")
def crew() -> Iterator[Helpers]:
    made = Helpers(1)
    made.open()
    until(lambda: made.nursery.ready, 9 * SOON)  # it imports all
    yield made
    made.close()


def computed(lane: Lane) -> partial[Any]:
    return partial(helpers._computed, _run, (COURSE, lane), {})


def contents(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and data. Type sizes made for 1.0 serve for 1 as well, so that names by digest go."""
    end = 4 + int.from_bytes(payload[:4], "little")
    header = json.loads(payload[4:end])
    del header["version"], header["panes"][0]["figure_id"]
    return header, payload[end:]


@linux
def test_a_scene_is_the_same_to_the_byte_wherever_it_is_computed(crew: Helpers) -> None:
    (far, result), _ = crew.away(computed(Lane("sde")))
    near, same = _run(COURSE, Lane("sde"))
    times = clock(shared_view(COURSE.distribution, COURSE.process, True, False))
    assert far is not near
    assert result == same
    assert contents(encode((far,), times, {})) == contents(encode((near,), times, {}))


@linux
def test_what_a_scene_raises_is_raised_here_and_the_helper_is_kept(crew: Helpers) -> None:
    with pytest.raises(KeyError, match="no such"):
        crew.away(computed(Lane("no such")))
    assert crew.away(partial(abs, -1))[0] == 1
    assert crew.count == 1


@linux
def test_a_helper_that_ends_is_replaced(crew: Helpers) -> None:
    with pytest.raises(HelperLost):
        crew.away(exit)
    assert crew.away(partial(abs, -1))[0] == 1


@linux
def test_a_helper_that_has_grown_is_replaced_after_its_scene(
    crew: Helpers, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = 32 * MIB
    monkeypatch.setattr(helpers, "GROWN", grown)
    with pytest.raises(HelperLost):
        crew.away(exit)  # the next one has done nothing yet
    first, _ = crew.away(os.getpid)
    for size, same in ((grown // 2, True), (2 * grown, False)):
        crew.away(partial(exec, f"import builtins; builtins.held = b'x' * {size}"))
        assert (crew.away(os.getpid)[0] == first) is same
    assert crew.count == 1


@linux
def test_what_is_not_wanted_any_more_is_ended_in_the_middle(crew: Helpers) -> None:
    looks = []

    def wanted() -> None:
        looks.append(len(looks))
        if len(looks) == 2:
            raise LookupError("moved on")

    with pytest.raises(LookupError, match="moved on"):
        crew.away(partial(time.sleep, 3600), wanted)
    assert crew.away(partial(abs, -1))[0] == 1
