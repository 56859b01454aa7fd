"""What a class costs its server, and so what machines 30, 300 and 3,000 students need.

Measures one fresh server for a minute or two: the work of its process for a page, a move of a
slider, a training and a sampling; what it sends; its memory, bare and for each session. All else is
arithmetic, in `needed`; docs/machine_room.md says it in words.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import statistics
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import serving
from benchmarks.client import Student, open_student
from benchmarks.habits import PATIENCE, PAUSE, PICTURES, WATCHED, Seen, slide, turn
from benchmarks.process import cpu_seconds, resident, settled
from benchmarks.queue import shelf
from benchmarks.serving import Server

CLASSES = (30, 300, 3000)
SLIDES, TRAININGS, SAMPLINGS, SESSIONS = 4, 3, 2, 20
TRAINING = "/train?steps=500&shelf="
BUSY = 0.6
"""The share of a core that is planned for: of the rest comes the answer to a class at once."""
PER_REPLICA = 1.0
"""Cores of page work that one process does: most of it holds Python's one lock."""
CACHE_MIB = 256
"""`EXPLORER_CACHE_MB`, which a replica fills in time."""
MIB, BITS = 1 << 20, 8


@dataclass(frozen=True)
class Cost:
    """What one action takes: seconds of one core, and bytes sent to the browser."""

    cpu: float
    sent: float


@dataclass(frozen=True)
class Costs:
    """All that was measured; memory in MiB. A training has 500 steps and is watched to its end."""

    page: Cost
    slider: Cost
    training: Cost
    pictures: Cost
    server: float
    session: float


@dataclass(frozen=True)
class Habits:
    """How often a student does what, per minute.

    As `benchmarks/habits.py` has them: of eleven occupations eight are a page with five or six
    moves of its sliders and three seconds between all of these, two a training, one a sampling.
    Nobody in a lecture is as busy as that for long.
    """

    page: float = 3.5
    slider: float = 14.0
    training: float = 0.6
    pictures: float = 0.3


def run() -> dict[str, Any]:
    """The costs, and what classes need by them."""
    with serving.serve() as server:
        costs, problems = asyncio.run(_measured(server))
    habits = Habits()
    return {
        "costs": {
            name: round(part, 1) if isinstance(part, float) else _round(part)
            for name, part in asdict(costs).items()
        },
        "habits_per_minute": asdict(habits),
        "planned_share_of_a_core": BUSY,
        "cores_of_pages_per_replica": PER_REPLICA,
        "pause_seconds": PAUSE,
        "problems": problems,
        "classes": {str(students): needed(costs, habits, students) for students in CLASSES},
    }


def needed(costs: Costs, habits: Habits, students: int) -> dict[str, float]:
    """What so many students need who are all busy at once.

    cores: all of them; page_cores of these draw pages, which `replicas` share, and work_cores train
    and sample, in the replicas or on a cluster.  gib: of memory.  mbit: sent each second.
    slide_at_once, train_at_once: seconds until the last is answered if all press together.
    """
    each = students / 60
    pages = each * (habits.page * costs.page.cpu + habits.slider * costs.slider.cpu)
    work = each * (habits.training * costs.training.cpu + habits.pictures * costs.pictures.cpu)
    sent = each * sum(rate * getattr(costs, name).sent for name, rate in asdict(habits).items())
    page_cores, work_cores = math.ceil(pages / BUSY), math.ceil(work / BUSY)
    replicas = math.ceil(page_cores / PER_REPLICA)
    mib = replicas * (costs.server + CACHE_MIB) + students * costs.session
    return {
        "cores": page_cores + work_cores,
        "page_cores": page_cores,
        "work_cores": work_cores,
        "replicas": replicas,
        "gib": math.ceil(mib / 1024),
        "mbit": round(sent * BITS / 1e6, 1),
        "slide_at_once": round(students * costs.slider.cpu / page_cores, 1),
        "train_at_once": round(students * costs.training.cpu / work_cores),
    }


async def _measured(server: Server) -> tuple[Costs, list[str]]:
    rng, seen, seeds = random.Random(0), Seen(), itertools.count(1000)
    async with open_student(server.url, "/") as student:
        for path in WATCHED:  # what is imported and loaded once
            await turn(student, path, seen)
        await _training(student, shelf(998))
        await _sampling(student, seen, seeds)
        page, slider = await _pages(server, student, rng, seen)
        training = await _cost(server, student, lambda: _training(student, shelf(999)), TRAININGS)
        drawn = await _cost(server, student, lambda: _sampling(student, seen, seeds), SAMPLINGS)
    bare = await settled(server.process.pid)
    async with AsyncExitStack() as room:
        for k in range(SESSIONS):
            link = WATCHED[k % len(WATCHED)]
            guest = await room.enter_async_context(open_student(server.url, link))
            await guest.until_done(0)
        session = (resident(server.process.pid) - bare) / SESSIONS
    costs = Costs(page, slider, training, drawn, bare, max(session, 0.0))
    return costs, [*seen.problems, *student.screen.problems]


async def _pages(
    server: Server, student: Student, rng: random.Random, seen: Seen
) -> tuple[Cost, Cost]:
    """Of each watched page, seen for the second time, and of a slider moved to a new place."""
    pages, slides = [], []
    for path in WATCHED:
        pages.append(await _cost(server, student, lambda path=path: turn(student, path, seen)))
        slides.append(await _cost(server, student, lambda: slide(student, rng, seen), SLIDES))
    return _mean(pages), _mean(slides)


async def _training(student: Student, code: str) -> None:
    runs = student.screen.runs
    await student.turn_to(TRAINING + code)
    await student.until_done(runs)
    await student.press("Train")
    await student.until(lambda screen: not screen.text("Trained in"))  # the one before
    await student.until_text("Trained in", PATIENCE)


async def _sampling(student: Student, seen: Seen, seeds: Iterator[int]) -> None:
    """The digits of a seed that nobody has asked for, watched to their end."""
    await turn(student, f"{PICTURES}?seed={next(seeds)}", seen)
    await student.press("Sample")
    await student.until(lambda screen: screen.button("Stop"))
    await student.until(lambda screen: screen.button("New noise"), PATIENCE)


async def _cost(
    server: Server, student: Student, action: Callable[[], Awaitable[None]], times: int = 1
) -> Cost:
    """What the action takes, on average, until half a second after its end."""
    cpu, sent = cpu_seconds(server.process.pid), student.bytes
    for _ in range(times):
        await action()
    await asyncio.sleep(0.5)
    spent = cpu_seconds(server.process.pid) - cpu
    return Cost(spent / times, (student.bytes - sent) / times)


def _mean(costs: list[Cost]) -> Cost:
    return Cost(statistics.mean(c.cpu for c in costs), statistics.mean(c.sent for c in costs))


def _round(part: dict[str, float]) -> dict[str, float]:
    return {"cpu": round(part["cpu"], 3), "sent": round(part["sent"])}
