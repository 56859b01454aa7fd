"""What is watched is made anew as often as it may cost, and at once where it is another."""

from __future__ import annotations

import itertools

import pytest

from explorer.ui.paced import PART, Paced


def test_the_dearer_it_is_the_rarer_it_is_made() -> None:
    now, made = [100.0], []

    def make(cost: float) -> int:
        now[0] += cost
        made.append(now[0])
        return len(made)

    for cost, every in ((0.1, 0.5), (1.0, 5.0)):
        made.clear()
        paced = Paced[int](clock=lambda: now[0])
        begun = now[0]
        while now[0] < begun + 50:
            paced.get("a", lambda cost=cost: make(cost))
            now[0] += 0.01
        gaps = [later - earlier for earlier, later in itertools.pairwise(made)]
        assert gaps == pytest.approx([every] * len(gaps), abs=0.03)
        assert len(made) * cost <= PART * 50 + cost


def test_another_is_made_at_once() -> None:
    paced = Paced[str](clock=iter([0.0, 9.0, 9.1, 9.2, 9.3]).__next__)
    assert paced.get("a", lambda: "first") == "first"
    assert paced.get("a", lambda: "second") == "first"
    assert paced.get("b", lambda: "second") == "second"
