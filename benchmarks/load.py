"""A class on one server: students change sliders, turn pages, train networks and sample pictures.

`python -m benchmarks load [STUDENTS [MINUTES [VISITS]]]`, 30, 5 and 200 if not given. Times are in
seconds and from a student's action to the end of the run that answers it, memory in MiB of the
server and of its helpers. Students pause between actions as people do; what each does follows from
its number. The students' own work shares the cores with the server; `cpu_seconds` tells how much
each took.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks import serving
from benchmarks.client import Student, open_student
from benchmarks.habits import PAUSE, WATCHED, Seen, do_something, pictures, train, turn
from benchmarks.process import Watch, resident, settled
from benchmarks.queue import shelf
from benchmarks.serving import Server
from explorer.training.store import Store
from explorer.training.threads import available_cores
from explorer.ui.house import FORGOTTEN, QUIET, SWEEP
from explorer.ui.menu import MENU
from explorer.ui.shelf import COOKIE

SAME = "/reverse_race?seed=4711"
"""What nobody has computed yet when a whole class asks for it."""
EMPTIED = FORGOTTEN + 2 * SWEEP
"""Seconds after which a server that nobody looks at has put away what it can."""


def run(students: int = 30, minutes: int = 5, visits: int = 200) -> dict[str, Any]:
    """What a class of `students` meets with in `minutes`; and what it leaves of memory.

    visits: sessions that are then opened and closed, one after another, for what they may leave.
    """
    with serving.serve() as server:
        return asyncio.run(_measured(server, students, 60.0 * minutes, visits))


async def _measured(server: Server, students: int, seconds: float, visits: int) -> dict[str, Any]:
    before = Seen()
    async with open_student(server.url, "/", cookie=f"{COOKIE}={shelf(999)}") as guide:
        await _tour(guide, before)
    start = await settled(server.process.pid)
    seen = Seen(problems=before.problems)
    await _together(server.url, students, seen)
    begun, ours = time.perf_counter(), time.process_time()
    watch = Watch(server.process.pid)
    end = begun + seconds
    await asyncio.gather(*(_attends(server.url, k, end, seen) for k in range(students)))
    await watch.end()
    took = time.perf_counter() - begun
    work = {
        "server": round(watch.cpu),
        "server_by_process": watch.cpu_by_priority(),
        "students": round(time.process_time() - ours),
    }
    left = resident(server.process.pid)
    after = await settled(server.process.pid, EMPTIED)
    kept = Counter(card.shelf for card in Store(server.log_file.parent / "runs").list_runs())
    lost = sum((seen.finished - kept).values())
    visited = [resident(server.process.pid)]
    for part in range(4 if visits else 0):
        for k in range(visits // 4):
            await _visits(server.url, k + part, seen)
        wait = EMPTIED if part == 3 else QUIET + 2 * SWEEP  # the last closed sessions go as well
        visited.append(await settled(server.process.pid, wait))
    return {
        "students": students,
        "seconds": round(took),
        "cores": available_cores(),
        "cpu_seconds": work,
        "actions": dict(seen.done),
        "waits": {name: _spread(waits) for name, waits in sorted(seen.waits.items())},
        "slider_by_page": {page: _spread(waits) for page, waits in sorted(seen.sliders.items())},
        "problem_count": seen.problems.total(),
        "problems": dict(seen.problems.most_common(20)),
        "tracebacks": server.log().count("Traceback"),
        "trainings_seen_to_their_end": sum(seen.finished.values()),
        "trainings_lost": lost,
        "memory_start": start,
        "memory_peak": watch.highest,
        "memory_peak_by_process": watch.highest_by_priority,
        "memory_peak_per_session": round((watch.highest - start) / students, 1),
        "memory_when_the_last_leaves": left,
        "memory_after": after,
        "memory_after_over_start": round(after / start, 3) if start else 0.0,
        "memory_by_quarters_of_visits": visited,
    }


async def _tour(guide: Student, seen: Seen) -> None:
    """Every page once, a training, pictures: what any server has in memory after an hour."""
    for entry in MENU[1:]:
        await turn(guide, entry.path, seen)
    await train(guide, random.Random(0), seen, shelf(999))
    await pictures(guide, seen)


async def _together(url: str, students: int, seen: Seen) -> None:
    """All follow one link at the same moment, as when a lecturer shows it to a class."""

    async def follows() -> None:
        student = None
        try:
            async with open_student(url, "/") as student:
                await student.until_done(0)
                waiting.release()
                await go.wait()
                await turn(student, SAME, seen, "same_link")
        except Exception as problem:
            seen.note(problem, student)
            waiting.release()

    waiting, go = asyncio.Semaphore(0), asyncio.Event()
    room = asyncio.gather(*(follows() for _ in range(students)))
    for _ in range(students):
        await waiting.acquire()
    go.set()
    await room


async def _attends(url: str, number: int, end: float, seen: Seen) -> None:
    """One student until the class ends; who is thrown out comes back, and it is written down."""
    rng = random.Random(number)
    await asyncio.sleep(rng.uniform(0, 10))
    while time.perf_counter() < end:
        student = None
        try:
            mine = f"{COOKIE}={shelf(number)}"  # kept from an earlier visit
            async with open_student(url, "/", cookie=mine) as student:
                await student.until_done(0)
                while time.perf_counter() < end:
                    await do_something(student, rng, seen, shelf(number))
                    await asyncio.sleep(rng.uniform(*PAUSE))
        except Exception as problem:
            seen.note(problem, student)


async def _visits(url: str, number: int, seen: Seen) -> None:
    """Come, look at one page, and go."""
    student = None
    try:
        async with open_student(url, WATCHED[number % len(WATCHED)]) as student:
            await student.until_done(0)
    except Exception as problem:
        seen.note(problem, student)


def _spread(waits: Sequence[float]) -> dict[str, float]:
    ordered = sorted(waits)
    return {
        "count": len(ordered),
        "median": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "worst": round(ordered[-1], 2),
    }
