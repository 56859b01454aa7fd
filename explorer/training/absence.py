"""Owners whose browser has gone, perhaps to return: whose jobs go on meanwhile, and how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from explorer.training.job import Job

OTHERS_WAIT = 1.0
"""Seconds for which the job of somebody gone keeps a worker that others wait for."""
ALONE = 30.0
"""Seconds for which it goes on where nobody waits: a phone that changes its network, a reload."""
LAST = 1_000_000
"""Turns that somebody gone lets pass in the queue: whoever is there comes first."""


class Absences:
    """Since when owners are gone. Not thread-safe: its user holds a lock."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def __contains__(self, owner: str) -> bool:
        return owner in self._since

    def look(self, owners: Iterable[str], is_there: Callable[[str], bool], now: float) -> None:
        """Note who of the `owners` is there; of others there is nothing to keep."""
        self._since = {
            owner: self._since.get(owner, now) for owner in owners if not is_there(owner)
        }

    def turns(self, counts: Iterable[tuple[str, int]]) -> dict[str, int]:
        """How many jobs of each owner run, for `FairQueue`: of those gone, more than of anybody."""
        turns = dict(counts)
        return turns | {owner: turns.get(owner, 0) + LAST for owner in self._since}

    def over(self, now: float) -> list[str]:
        """Those gone for so long that nothing of theirs goes on."""
        return [owner for owner, since in self._since.items() if now - since >= ALONE]

    def giving_way(
        self, running: Sequence[Job], waiting: Sequence[str], idle: int, now: float
    ) -> list[Job]:
        """The jobs to stop so that the `waiting` owners who are there need not wait for others.

        idle: workers without a job. Who has been gone longest gives way first.
        """
        at_work = [job for job in running if not job.stopping]
        wanted = sum(owner not in self for owner in waiting) - idle - len(running) + len(at_work)
        gone = [job for job in at_work if now - self._since.get(job.owner, now) >= OTHERS_WAIT]
        return sorted(gone, key=lambda job: self._since[job.owner])[: max(wanted, 0)]
