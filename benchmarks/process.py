"""What another process takes of this machine, as /proc tells; nought where there is none."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from pathlib import Path


def resident(process: int) -> float:
    """The resident memory of a process in MiB."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    return round(int(found[1]) / 1024, 1) if found else 0.0


def cpu_seconds(process: int) -> float:
    """Seconds of work that all threads of a process have done."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    user, system = path.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


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


class Peak:
    """The largest resident memory from now on until `end`, seen every half second."""

    def __init__(self, process: int) -> None:
        self._process, self._highest = process, 0.0
        self._task = asyncio.create_task(self._watch())

    async def end(self) -> float:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        return self._highest

    async def _watch(self) -> None:
        while True:
            self._highest = max(self._highest, resident(self._process))
            await asyncio.sleep(0.5)
