"""Scenes are computed once, whoever asks, and kept within their memory."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from functools import partial

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from explorer.ui import cache, sizes, turns
from explorer.ui.cache import MIB, MOMENTS, Cache, budget, cached
from explorer.ui.sizes import LUMP, lumped, parts


def held(*values: object) -> int:
    return sum(parts(*values).values())


def array(mebibytes: float) -> np.ndarray:
    return np.zeros(round(mebibytes * MIB), np.uint8)


@dataclass(frozen=True, eq=False)
class Thing:
    array: np.ndarray

    def used(self) -> None:
        """Its bound method holds the array."""


def test_arrays_and_tensors_count_once_wherever_they_lie() -> None:
    big = array(4)
    tensor = torch.from_numpy(big)
    nested = {"a": [Thing(big), Thing(big[: MIB // 2])], "b": (tensor, tensor[:10], lambda: tensor)}
    assert 4 * MIB < held(nested) < 4 * MIB + 10_000
    assert held(torch.zeros(3, MIB)[0]) > 12 * MIB  # a view keeps all of what it looks at
    assert held(torch.zeros(MIB).numpy()) > 4 * MIB
    assert held(partial(max, array(1)), Thing(array(1)).used) > 2 * MIB
    assert held(b"\0" * MIB, "a" * MIB) > 2 * MIB


def test_a_chart_counts_its_numbers_and_a_network_its_weights() -> None:
    chart = go.Figure(go.Scatter(x=np.zeros(MIB), y=np.zeros(10)))
    assert 8 * MIB < held(chart) < 8.5 * MIB
    assert 4 * MIB < held(torch.nn.Linear(1024, 1024)) < 4.1 * MIB


def test_a_chart_is_one_thing_that_scenes_share_and_forgotten_with_it() -> None:
    chart = go.Figure(go.Scatter(x=np.zeros(1000)))
    alone = parts(chart)
    assert list(alone) == [id(chart)]
    assert sum(alone.values()) > 8000
    assert parts((chart, b"a"), (chart, b"b"))[id(chart)] == alone[id(chart)]
    which = id(chart)
    assert which in sizes._FIGURES
    del chart
    gc.collect()
    assert which not in sizes._FIGURES


def test_what_was_used_longest_ago_goes_first() -> None:
    kept, made = Cache(4 * MIB), []

    def ask(name: str) -> np.ndarray:
        return kept.get(name, lambda: made.append(name) or array(1.2))

    for name in "abcacd":  # d is one too many; a was used after b
        ask(name)
    assert made == list("abcd")
    assert kept.held <= 4 * MIB
    ask("a")
    ask("c")
    assert made == list("abcd")
    ask("b")
    assert made == list("abcdb")


def test_what_several_share_counts_once_and_stays_until_the_last_has_gone() -> None:
    kept, shared = Cache(8 * MIB), array(3)
    kept.get("first", lambda: Thing(shared))
    kept.get("second", lambda: [Thing(shared), array(1)])
    assert 4 * MIB < kept.held < 4.1 * MIB
    kept.get("third", lambda: array(5))  # only all of the others make room for it
    assert len(kept) == 1
    assert 5 * MIB < kept.held < 5.1 * MIB
    kept.clear()
    assert (kept.held, len(kept)) == (0, 0)


def test_what_exceeds_the_whole_budget_is_handed_out_and_costs_nobody_his_place() -> None:
    kept = Cache(2 * MIB)
    kept.get("small", lambda: array(1))
    assert kept.get("large", lambda: array(3)).nbytes == 3 * MIB
    assert len(kept) == 1
    assert kept.held < 1.1 * MIB


def test_what_grows_is_measured_again() -> None:
    now, growing = [0.0], {}
    kept = Cache(4 * MIB, lambda: now[0])
    kept.get("growing", lambda: growing, grows=True)
    kept.get("other", lambda: array(1))
    growing["more"] = array(2)
    now[0] = 5.0
    kept.measure()
    assert 3 * MIB < kept.held < 3.1 * MIB
    growing["yet more"] = array(2)  # by whoever asked for it at first, and is at work still
    now[0] = MOMENTS
    kept.measure()
    assert len(kept) == 1  # the oldest had to go: it was itself
    assert kept.held < 1.1 * MIB


def test_what_nobody_asks_for_is_not_looked_through_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, looks = [0.0], []

    def looked(*values: object) -> dict[int, int]:
        looks.append(values)
        return {}

    monkeypatch.setattr(cache, "lumped", looked)
    kept = Cache(MIB, lambda: now[0])
    kept.get("view", list, grows=True)
    kept.get("scene", list)
    counts = []
    for now[0] in (5.0, 10.0, 15.0, MOMENTS, MOMENTS + 5, 10 * MOMENTS):
        kept.measure()
        counts.append(len(looks) - 2)  # both were, when they were made
    assert counts == [1, 1, 1, 2, 2, 2]
    kept.get("view", list, grows=True)
    now[0] += 1
    kept.measure()
    assert len(looks) - 2 == 3


def test_what_two_hold_and_one_has_seen_grow_is_taken_off_as_it_was_put_on() -> None:
    kept, growing = Cache(4 * MIB), {}
    kept.get("before", lambda: [growing])
    growing.update((k, None) for k in range(10_000))
    kept.get("after", lambda: [growing])
    kept.clear()
    assert kept.held == 0


class Crowd:
    """Threads that ask for one key at once; `answers` are values or what was raised."""

    def __init__(self, kept: Cache, size: int) -> None:
        self.kept, self.size, self.made = kept, size, 0
        self.go = threading.Event()
        self.begun = threading.Event()
        self.answers: list[object] = []

    def make(self) -> object:
        self.made += 1
        self.begun.set()
        assert self.go.wait(30)
        return self.outcome()

    def outcome(self) -> object:
        return object()

    def ask(self) -> None:
        try:
            self.answers.append(self.kept.get("key", self.make))
        except BaseException as problem:  # the threads' own ends are what is looked at
            self.answers.append(problem)

    def run(self) -> None:
        threads = [threading.Thread(target=self.ask) for _ in range(self.size)]
        for thread in threads:
            thread.start()
        assert self.begun.wait(30)
        self.go.set()
        for thread in threads:
            thread.join(30)


def test_equal_requests_at_once_are_computed_once() -> None:
    crowd = Crowd(Cache(MIB), 30)
    crowd.run()
    assert crowd.made == 1
    assert len(crowd.answers) == 30
    assert len({id(answer) for answer in crowd.answers}) == 1


def test_a_problem_reaches_all_who_wait_and_is_not_kept() -> None:
    crowd = Crowd(Cache(MIB), 12)
    crowd.outcome = lambda: int("no number")
    crowd.run()
    assert len(crowd.answers) == 12
    assert all(isinstance(answer, ValueError) for answer in crowd.answers)
    made = crowd.made
    crowd.outcome = object
    crowd.ask()
    assert crowd.made == made + 1
    assert not isinstance(crowd.answers[-1], BaseException)


def test_who_waits_for_a_run_that_is_broken_off_computes_himself() -> None:
    class Stopped(BaseException):
        """As Streamlit ends the run of a page."""

    crowd = Crowd(Cache(MIB), 8)
    ends = iter([Stopped()])

    def outcome() -> object:
        if (end := next(ends, None)) is not None:
            raise end
        return "scene"

    crowd.outcome = outcome
    crowd.run()
    assert sorted(map(str, crowd.answers)) == ["", *["scene"] * 7]
    assert crowd.made == 2


def test_functions_keep_their_names_and_are_known_by_their_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "SCENES", Cache(MIB))
    made = []

    @cached
    def scene(_model: object, name: str, seed: int, scale: float = 1.0) -> object:
        """What it shows."""
        made.append((name, seed, scale))
        return object()

    assert scene.__doc__ == "What it shows."
    first = scene({}, "a", 1)
    assert scene({1: 2}, "a", scale=1.0, seed=1) is first  # the model does not count
    assert scene({}, "a", 2) is not first
    assert scene({}, "a", 1, 1.5) is not first
    assert made == [("a", 1, 1.0), ("a", 2, 1.0), ("a", 1, 1.5)]
    with pytest.raises(TypeError):
        scene({}, "a")


def test_a_page_that_has_moved_on_begins_no_scene_but_ends_the_one_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class MovedOn(BaseException):
        """As Streamlit ends the run of a page."""

    monkeypatch.setattr(cache, "SCENES", Cache(MIB))
    asked, moved_on = [], False

    def give_way() -> None:
        asked.append(1)
        if moved_on:
            raise MovedOn

    monkeypatch.setattr(turns, "give_way", give_way)

    @cached
    def behind(seed: int) -> int:
        return seed

    @cached
    def lane(seed: int) -> int:
        nonlocal moved_on
        moved_on = True
        return behind(seed)

    assert lane(1) == 1
    assert len(asked) == 1
    assert lane(1) == behind(1) == 1  # what is there costs nothing
    with pytest.raises(MovedOn):
        lane(2)
    moved_on = False
    assert lane(2) == 2


@pytest.mark.parametrize("given", ["0", "-5", "1.5", "much", "²"])
def test_an_unusable_budget_says_so(given: str) -> None:
    with pytest.raises(ValueError, match="EXPLORER_CACHE_MB"):
        budget({"EXPLORER_CACHE_MB": given})


def test_the_budget_comes_from_the_environment() -> None:
    assert budget({"EXPLORER_CACHE_MB": "64"}) == 64 * MIB
    assert budget({}) == budget({"EXPLORER_CACHE_MB": ""}) == 256 * MIB


def test_small_parts_are_lumped_and_counted_all_the_same() -> None:
    value = {
        "large": np.zeros(4 * LUMP, np.uint8),
        "small": [float(k) for k in range(50)],
        "s": "x",
    }
    value["many"] = [(k, str(k)) for k in range(300)]
    one, all_of_them = lumped("key", value), parts("key", value)
    assert sum(one.values()) == sum(all_of_them.values())
    assert len(one) < 8 < 300 < len(all_of_them)


def test_a_large_part_of_two_values_counts_once_though_small_ones_are_lumped() -> None:
    cache, shared = Cache(1 << 20), np.zeros(100_000, np.uint8)
    cache.get("a", lambda: (shared, ["small", "things"]))
    alone = cache.held
    cache.get("b", lambda: (shared, ["others"]))
    assert alone < cache.held < alone + 2 * LUMP
    cache.shrink(alone)
    assert 100_000 < cache.held <= alone
    cache.clear()
    assert cache.held == 0
