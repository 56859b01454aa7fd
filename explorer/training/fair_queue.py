"""Whose turn it is: owners take turns, and within an owner whoever came first goes first."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items waiting in line, one line per owner. Not thread-safe: its user holds a lock.

    The next item is the first of the owner with the fewest items running; among equals, of the
    owner who has waited longest since its line began or its last turn ended. So nobody has two
    running while another waits for the first, and joining anew never overtakes those who wait.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[T]] = {}  # in the order of turns

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, owner: str, item: T) -> None:
        """Put `item` at the end of its owner's line."""
        self._lines.setdefault(owner, deque()).append(item)

    def remove(self, owner: str, item: T) -> bool:
        """Take `item` out of its owner's line; False if it does not wait there."""
        line = self._lines.get(owner, deque())
        if item not in line:
            return False
        line.remove(item)
        if not line:
            del self._lines[owner]
        return True

    def of(self, owner: str) -> list[T]:
        """The items of one owner, first come first."""
        return list(self._lines.get(owner, ()))

    def pop(self, running: Mapping[str, int]) -> T | None:
        """Take the next item out, given how many items of each owner run; None if none waits."""
        if not self._lines:
            return None
        owner = min(self._lines, key=lambda owner: running.get(owner, 0))  # min keeps the order
        item = self._lines[owner].popleft()
        self.end_turn(owner)
        return item

    def end_turn(self, owner: str) -> None:
        """An item of `owner` has ended: whatever else its line holds goes behind all the others."""
        if line := self._lines.pop(owner, None):
            self._lines[owner] = line

    def order(self, running: Mapping[str, int]) -> list[T]:
        """All items as `pop` would give them if none that runs ended meanwhile."""
        rest: FairQueue[tuple[str, T]] = FairQueue()
        for owner, line in self._lines.items():
            for item in line:
                rest.add(owner, (owner, item))
        counts, items = Counter(running), []
        while (entry := rest.pop(counts)) is not None:
            counts[entry[0]] += 1
            items.append(entry[1])
        return items
