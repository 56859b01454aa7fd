"""A class on one server: students change sliders, turn pages, train networks and sample pictures.

`python -m benchmarks load [STUDENTS [MINUTES [VISITS]]]`, 30, 5 and 200 if not given. Times are in
seconds and from a student's action to the end of the run that answers it, memory in MiB of the
server's process. Students pause between actions as people do; what each does follows from its
number. The students' own work shares the cores with the server; `cpu_seconds` tells how much each
took.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Slider_pb2 import Slider

from benchmarks import serving
from benchmarks.client import Student, open_student
from benchmarks.process import Peak, cpu_seconds, resident, settled
from benchmarks.queue import shelf, trains
from benchmarks.screen import Shown
from benchmarks.serving import Server
from explorer.training.store import Store
from explorer.training.threads import available_cores
from explorer.ui.house import QUIET, SWEEP
from explorer.ui.menu import MENU

WATCHED = (
    *("/forward_diffusion", "/score_field", "/reverse_race", "/noise_schedules"),
    *("/exact_against_learned", "/diffusion_against_mcmc", "/seed_space", "/image_forward"),
)
"""Pages with sliders and a picture that follows them."""
TRAINING = "/train?steps=500&shelf="
PICTURES = "/image_sampling"
PAUSE = (1.0, 5.0)
"""Seconds that a student looks at what came, at random between these."""
PATIENCE = 240.0
"""Seconds for which a student waits for a training or for pictures: a whole class may be before."""
EMPTIED = QUIET + 2 * SWEEP
"""Seconds after which a server that nobody looks at has put away what it can."""


@dataclass
class Seen:
    """What the students have met with."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sliders: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The waits after a move of a slider, by page."""
    done: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    """What went wrong, by its kind, its page and its words."""
    finished: Counter[str] = field(default_factory=Counter)
    """Shelf → trainings that were seen to their end."""


def run(students: int = 30, minutes: int = 5, visits: int = 200) -> dict[str, Any]:
    """What a class of `students` meets with in `minutes`; and what it leaves of memory.

    visits: sessions that are then opened and closed, one after another, for what they may leave.
    """
    with serving.serve() as server:
        return asyncio.run(_measured(server, students, 60.0 * minutes, visits))


async def _measured(server: Server, students: int, seconds: float, visits: int) -> dict[str, Any]:
    before = Seen()
    async with open_student(server.url, "/") as guide:
        await _tour(guide, before)
    start = await settled(server.process.pid)
    seen = Seen(problems=before.problems)
    begun, ours, its = time.perf_counter(), time.process_time(), cpu_seconds(server.process.pid)
    peak = Peak(server.process.pid)
    end = begun + seconds
    await asyncio.gather(*(_attends(server.url, k, end, seen) for k in range(students)))
    highest = await peak.end()
    took = time.perf_counter() - begun
    work = {
        "server": round(cpu_seconds(server.process.pid) - its),
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
        visited.append(await settled(server.process.pid, EMPTIED))
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
        "memory_peak": highest,
        "memory_peak_per_session": round((highest - start) / students, 1),
        "memory_when_the_last_leaves": left,
        "memory_after": after,
        "memory_after_over_start": round(after / start, 3) if start else 0.0,
        "memory_by_quarters_of_visits": visited,
    }


async def _tour(guide: Student, seen: Seen) -> None:
    """Every page once, a training, pictures: what any server has in memory after an hour."""
    for entry in MENU[1:]:
        await _turn(guide, entry.path, seen)
    await _trains(guide, random.Random(0), seen, shelf(999))
    await _pictures(guide, seen)


async def _attends(url: str, number: int, end: float, seen: Seen) -> None:
    """One student until the class ends; who is thrown out comes back, and it is written down."""
    rng = random.Random(number)
    await asyncio.sleep(rng.uniform(0, 10))
    while time.perf_counter() < end:
        try:
            async with open_student(url, "/") as student:
                await student.until_done(0)
                while time.perf_counter() < end:
                    await _does_something(student, rng, seen, shelf(number))
                    await asyncio.sleep(rng.uniform(*PAUSE))
        except Exception as problem:
            _note(seen, problem, f"student {number}")


def _note(seen: Seen, problem: Exception, who: str) -> None:
    seen.problems[f"{type(problem).__name__} of {who}: {problem}"[:400]] += 1


async def _does_something(student: Student, rng: random.Random, seen: Seen, code: str) -> None:
    what = rng.choices(("watch", "train", "pictures"), (8, 2, 1))[0]
    seen.done[what] += 1
    if what == "watch":
        await _turn(student, rng.choice(WATCHED), seen)
        for _ in range(rng.randint(3, 8)):
            await asyncio.sleep(rng.uniform(*PAUSE))
            await _slide(student, rng, seen)
    elif what == "train":
        await _trains(student, rng, seen, code)
    else:
        await _pictures(student, seen)
    for problem in student.screen.problems:
        seen.problems[f"traceback on /{student.page} after {what}: {problem}"[:400]] += 1


async def _turn(student: Student, path: str, seen: Seen) -> None:
    """To another page, until its script rests or a clock of its own keeps it going."""
    runs = student.screen.runs
    await _timed(seen, "page", student.turn_to(path), lambda: student.until_done(runs))


async def _slide(student: Student, rng: random.Random, seen: Seen) -> None:
    """Move any of the sliders of numbers to another place."""
    moves = [move for shown in student.screen.all("slider") if (move := _move(shown, rng))]
    if not moves:
        return
    key, value = rng.choice(moves)
    runs = student.screen.runs
    await _timed(seen, "slider", student.slide(key, value), lambda: student.until_done(runs))
    seen.sliders[student.page].append(seen.waits["slider"][-1])


def _move(shown: Shown, rng: random.Random) -> tuple[str, float] | None:
    """A slider's key and a value that it can take; None for what holds no number."""
    slider, key = shown.element.slider, shown.id.rsplit("-", 1)[-1]
    if slider.type == Slider.SELECT_SLIDER:
        numbers = [text for text in slider.options if re.fullmatch(r"-?\d+(\.\d+)?", text)]
        return (key, float(rng.choice(numbers))) if numbers else None
    places = round((slider.max - slider.min) / slider.step) if slider.step else 0
    return key, slider.min + rng.randint(0, places) * slider.step


async def _trains(student: Student, rng: random.Random, seen: Seen, code: str) -> None:
    """Train a small network: seen to its end, or stopped on the way, or left in the queue."""
    await _turn(student, TRAINING + code, seen)
    with contextlib.suppress(TimeoutError):
        await student.until(lambda screen: screen.button("Train"), 5)
    what = rng.choices(("end", "stop", "leave"), (6, 2, 1))[0]
    await _timed(
        seen,
        "train_answered",
        student.press("Train"),
        lambda: student.until(
            lambda screen: any(map(screen.text, ("Waiting", "Starting", "% of", "Trained in")))
        ),
    )
    if what == "end":
        await student.until_text("Trained in", PATIENCE)
        seen.finished[code] += 1
    elif what == "stop":
        await student.until(
            lambda screen: trains(screen) or screen.text("Trained in"), patience=PATIENCE
        )
        if student.screen.button("Stop") is not None:
            await student.press("Stop")
            await student.until(lambda s: s.text("Stopped.") or s.text("Trained in"))
        if student.screen.text("Trained in"):
            seen.finished[code] += 1


async def _pictures(student: Student, seen: Seen) -> None:
    await _turn(student, PICTURES, seen)
    runs = student.screen.runs
    await _timed(
        seen,
        "pictures",
        student.press("Sample"),
        lambda: student.until(
            lambda screen: screen.runs > runs and screen.text("evaluations"), PATIENCE
        ),
    )


async def _visits(url: str, number: int, seen: Seen) -> None:
    """Come, look at one page, and go."""
    try:
        async with open_student(url, WATCHED[number % len(WATCHED)]) as student:
            await student.until_done(0)
    except Exception as problem:
        _note(seen, problem, "a visit")


async def _timed(
    seen: Seen, name: str, action: Awaitable[Any], answered: Callable[[], Awaitable[Any]]
) -> None:
    begun = time.perf_counter()
    await action
    await answered()
    seen.waits[name].append(time.perf_counter() - begun)


def _spread(waits: Sequence[float]) -> dict[str, float]:
    ordered = sorted(waits)
    return {
        "count": len(ordered),
        "median": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "worst": round(ordered[-1], 2),
    }
