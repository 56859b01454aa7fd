"""What a student of a class does at a server, and what the students met with."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Slider_pb2 import Slider

from benchmarks.client import Student
from benchmarks.queue import trains
from benchmarks.screen import Screen, Shown

WATCHED = (
    *("/forward_diffusion", "/score_field", "/reverse_race", "/noise_schedules"),
    *("/exact_against_learned", "/diffusion_against_mcmc", "/seed_space", "/image_forward"),
)
"""Pages with sliders and a picture that follows them."""
TRAINING = "/train?steps=500"
ENDED = "Trained in"
PICTURES = "/image_sampling"
PAUSE = (1.0, 5.0)
"""Seconds that a student looks at what came, at random between these."""
PATIENCE = 240.0
"""Seconds for which a student waits for a training or for pictures: a whole class may be before."""


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

    def note(self, problem: Exception, student: Student | None) -> None:
        """Write down what went wrong, in one line, and on which page."""
        where = f"/{student.page}" if student is not None else "the way in"
        first, *_ = [*str(problem).splitlines(), ""]
        self.problems[f"{type(problem).__name__} on {where}: {first[:200]}"] += 1


async def do_something(student: Student, rng: random.Random, seen: Seen, code: str) -> None:
    what = rng.choices(("watch", "train", "pictures"), (8, 2, 1))[0]
    seen.done[what] += 1
    if what == "watch":
        await turn(student, rng.choice(WATCHED), seen)
        for _ in range(rng.randint(3, 8)):
            await asyncio.sleep(rng.uniform(*PAUSE))
            await slide(student, rng, seen)
    elif what == "train":
        await train(student, rng, seen, code)
    else:
        await pictures(student, seen)
    for problem in student.screen.problems:
        seen.problems[f"traceback on /{student.page} after {what}: {problem}"[:400]] += 1


async def turn(student: Student, path: str, seen: Seen, name: str = "page") -> None:
    """To another page, until its script rests or a clock of its own keeps it going."""
    runs = student.screen.runs
    await _timed(seen, name, student.turn_to(path), lambda: student.until_done(runs))


async def slide(student: Student, rng: random.Random, seen: Seen) -> None:
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


async def train(student: Student, rng: random.Random, seen: Seen, code: str) -> None:
    """Train a small network: seen to its end, or stopped on the way, or left in the queue."""
    await turn(student, TRAINING, seen)
    with contextlib.suppress(TimeoutError):
        await student.until(lambda screen: screen.button("Train"), 5)
    what = rng.choices(("end", "stop", "leave"), (6, 2, 1))[0]
    before = student.screen.text(ENDED)  # of an earlier training, which must not count twice
    await _timed(
        seen,
        "train_answered",
        student.press("Train"),
        lambda: student.until(lambda s: s.button("Stop") or s.text(ENDED) != before),
    )
    if what == "end":
        await student.until(_trained, PATIENCE)
        seen.finished[code] += 1
    elif what == "stop":
        await student.until(lambda s: trains(s) or _trained(s), PATIENCE)
        if student.screen.button("Stop") is not None:
            await student.press("Stop")
            await student.until(lambda s: s.text("Stopped.") or _trained(s))
        if _trained(student.screen) and not student.screen.text("Stopped."):
            seen.finished[code] += 1


def _trained(screen: Screen) -> bool:
    """Whether a training has ended well; the words alone may be left from the one before."""
    return screen.button("Stop") is None and bool(screen.text(ENDED))


async def pictures(student: Student, seen: Seen) -> None:
    """Pictures by a seed that this student has not seen, nor perhaps anybody."""
    await turn(student, PICTURES, seen)
    # beside others' trainings those of the first visit may go on being sampled for long
    await student.until(lambda s: s.button("New noise") or s.button("Sample"), PATIENCE)
    known = student.screen.button("New noise") is not None
    runs = student.screen.runs
    await _timed(
        seen,
        "pictures",
        student.press("New noise" if known else "Sample"),
        lambda: student.until(
            lambda screen: screen.runs > runs and screen.text("evaluations"), PATIENCE
        ),
    )


async def _timed(
    seen: Seen, name: str, action: Awaitable[Any], answered: Callable[[], Awaitable[Any]]
) -> None:
    begun = time.perf_counter()
    await action
    await answered()
    seen.waits[name].append(time.perf_counter() - begun)
