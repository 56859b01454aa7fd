"""What another process and its children take of this machine, as /proc tells; nought elsewhere."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found


def resident(process: int) -> float:
    """The resident memory of a process in MiB, and what its children have beside it: of memory that
    several share, each counts its part."""
    return round(sum(_memory(process).values()), 1)


def _memory(process: int) -> dict[int, float]:
    """MiB of the process and of each that descends from it, as `resident` counts them."""
    found = {process: _kilobytes(process, "status", "VmRSS")}
    found |= {child: _kilobytes(child, "smaps_rollup", "Pss") for child in family(process)[1:]}
    return {one: kilobytes / 1024 for one, kilobytes in found.items()}


def _kilobytes(process: int, file: str, name: str) -> int:
    with suppress(OSError):
        found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/{file}").read_text())
        return int(found[1]) if found else 0
    return 0


def cpu_seconds(process: int) -> float:
    """Seconds of work that all threads of a process have done."""
    with suppress(OSError):
        user, system = _state(process)[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def niceness(process: int) -> int:
    """How far a process steps back for others; 0 where it has ended."""
    with suppress(OSError):
        return int(_state(process)[16])
    return 0


def _state(process: int) -> list[str]:
    """What /proc says of a process behind its name."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


async def settled(process: int, wait: float = 0.0) -> float:
    """The resident memory after `wait` seconds and once it no longer falls, 20 s later at most."""
    await asyncio.sleep(wait)
    lowest = resident(process)
    for _ in range(10):
        await asyncio.sleep(2)
        now = resident(process)
        if now > 0.995 * lowest:
            return now
        lowest = now
    return lowest


class Watch:
    """What a process and its children take from now on, seen every half second.

    highest: their largest resident memory in MiB.  What a child worked after it was seen last
    before it ended is lost.
    """

    def __init__(self, process: int) -> None:
        self.highest = 0.0
        self._at_highest: dict[int, float] = {}
        self._process = process
        self._worked = dict(self._works())
        self._before = dict(self._worked)
        self._nice: dict[int, int] = {}
        self._task = asyncio.create_task(self._watch())

    @property
    def cpu(self) -> float:
        """Seconds of work of all of them."""
        return sum(self.cpu_by_priority().values())

    def cpu_by_priority(self) -> dict[str, float]:
        """Seconds of work of the process itself, and of those beside it by how they step back."""
        worked = {one: took - self._before.get(one, 0.0) for one, took in self._worked.items()}
        return self._by_priority(worked)

    @property
    def highest_by_priority(self) -> dict[str, float]:
        """`highest` of the process itself, and of those beside it by how they step back."""
        return self._by_priority(self._at_highest)

    def _by_priority(self, values: dict[int, float]) -> dict[str, float]:
        found: dict[str, float] = {}
        for one, value in values.items():
            beside = f"nice {self._nice.get(one, 0)}"
            kind = "itself" if one == self._process else beside
            found[kind] = found.get(kind, 0.0) + value
        return {kind: round(value, 1) for kind, value in sorted(found.items())}

    async def end(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._worked |= dict(self._works())

    def _works(self) -> Iterator[tuple[int, float]]:
        return ((one, cpu_seconds(one)) for one in family(self._process))

    async def _watch(self) -> None:
        while True:
            memory = _memory(self._process)
            if sum(memory.values()) > self.highest:
                self.highest, self._at_highest = round(sum(memory.values()), 1), memory
            self._worked |= {one: cpu for one, cpu in self._works() if cpu}
            self._nice |= {one: nice for one in memory if (nice := niceness(one))}
            await asyncio.sleep(0.5)
