"""What a server's memory grows to while somebody opens one network for pictures after another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks import serving
from benchmarks.client import open_student
from benchmarks.process import resident

PAGES = ("/image_forward", "/image_sampling")
"""The first asks the network for its guess, and so reads its weights; the second its classifier."""


def opened(names: Sequence[str]) -> dict[str, float]:
    """GB of a fresh server's process: with one page open, then after each of the checkpoints."""
    with serving.serve() as server:
        return asyncio.run(_opened(server, names))


async def _opened(server: serving.Server, names: Sequence[str]) -> dict[str, float]:
    async with open_student(server.url, "/") as student:
        await student.until_done(0)
        found = {"before": _gigabytes(server)}
        for name in names:
            for page in PAGES:
                runs = student.screen.runs
                await student.turn_to(f"{page}?net={name}")
                await student.until_done(runs)
            found[name] = _gigabytes(server)
    return found


def _gigabytes(server: serving.Server) -> float:
    return round(resident(server.process.pid) * 2**20 / 1e9, 2)
