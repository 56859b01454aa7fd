"""The server's queue as students feel it: a lecture hall presses Train, one stops, one goes away.

All times are in seconds and from a press to what the screen shows; a page that trains or waits
looks every half second.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks import serving
from benchmarks.client import Student, open_student
from benchmarks.screen import Screen
from explorer.training.store import Store
from explorer.training.threads import available_cores

STUDENTS, STOPS, CLOSED = 8, 10, 6
LONG, SHORT = "/train?steps=50000", "/train?steps=500"


def run() -> dict[str, Any]:
    """Figures of one fresh server."""
    with serving.serve() as server:
        found = asyncio.run(_measured(server.url))
        runs = Store(server.log_file.parent / "runs").list_runs()
        return {
            "workers": _workers(),
            **found,
            "lost": STUDENTS - len({run.shelf for run in runs} & set(map(shelf, range(STUDENTS)))),
            "tracebacks": server.log().count("Traceback"),
        }


def shelf(student: int) -> str:
    """The shelf on which a student's run is kept."""
    return f"student{student:03}"


def trains(screen: Screen) -> bool:
    """Whether a worker has taken up the training."""
    return "Step" in screen.metrics and bool(screen.text("% of"))


def _workers() -> int:
    return max(1, available_cores() - 1)


async def _measured(url: str) -> dict[str, Any]:
    return {
        "stop": await _stops(url),
        "closed_tab_to_next_training": await _closes(url),
        "hall": await _hall(url),
    }


async def _stops(url: str) -> dict[str, float]:
    """From the press of Stop to a screen that says so."""
    waits = []
    async with open_student(url, LONG) as student:
        for _ in range(STOPS):
            await student.press("Train")
            await student.until(trains)
            waits.append(await _after_press(student, "Stop", "Stopped."))
    return _spread(waits)


async def _closes(url: str) -> dict[str, float]:
    """From a closed tab to the next student's training on the worker that it has freed."""
    waits = []
    async with AsyncExitStack() as room:
        students = [await room.enter_async_context(open_student(url, LONG)) for _ in range(CLOSED)]
        for student in students:
            await student.press("Train")
            await student.until(lambda screen: trains(screen) or screen.text("Waiting"))
        for leaving, following in zip(students, students[_workers() :], strict=False):
            await leaving.until(trains)
            begun = time.perf_counter()
            await leaving.leave()
            await following.until(lambda screen: not screen.text("Waiting"))
            waits.append(time.perf_counter() - begun)
    return _spread(waits)


async def _hall(url: str) -> dict[str, Any]:
    """All press Train at the same moment."""
    async with AsyncExitStack() as room:
        links = [f"{SHORT}&shelf={shelf(k)}" for k in range(STUDENTS)]
        begun = time.perf_counter()
        students = [await room.enter_async_context(open_student(url, link)) for link in links]
        await asyncio.gather(*(student.until_text("Press **Train**") for student in students))
        opened, begun = time.perf_counter() - begun, time.perf_counter()
        answered = await asyncio.gather(
            *(
                _after_press(student, "Train", ("Waiting", "Starting", "% of"))
                for student in students
            )
        )
        await asyncio.gather(*(student.until_text("Trained in") for student in students))
        return {
            "students": STUDENTS,
            "all_opened": round(opened, 2),
            "press_to_place_in_queue": _spread(answered),
            "all_trained": round(time.perf_counter() - begun, 2),
            "mib_to_each": round(statistics.mean(s.bytes for s in students) / (1 << 20), 2),
        }


async def _after_press(student: Student, button: str, text: str | Sequence[str]) -> float:
    parts = (text,) if isinstance(text, str) else text
    begun = time.perf_counter()
    await student.press(button)
    await student.until(lambda screen: any(screen.text(part) for part in parts))
    return time.perf_counter() - begun


def _spread(waits: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(waits), 2), "worst": round(max(waits), 2)}
