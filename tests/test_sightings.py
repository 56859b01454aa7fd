"""What is known of files by looking at them now and then takes bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.training import ages
from explorer.training.ages import Sightings


def test_files_seen_long_ago_are_forgotten_and_count_as_young(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(ages, "MOST", 2)
    monkeypatch.setattr(ages.time, "monotonic", lambda: now)
    seen = Sightings()
    assert [seen.unchanged(Path(name), 1.0) for name in "ab"] == [0.0, 0.0]
    now = 5.0
    assert seen.unchanged(Path("a"), 2.0) == 0.0  # it has changed: now b is the one to go
    assert seen.unchanged(Path("c"), 1.0) == 0.0
    now = 7.0
    assert seen.unchanged(Path("a"), 2.0) == 2.0
    assert seen.unchanged(Path("b"), 1.0) == 0.0
    assert len(seen._seen) == 2
