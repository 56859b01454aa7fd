"""Eight sessions of one server train at once: over Streamlit's own protocol, without a browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.request import urlopen

import pytest

from benchmarks import serving
from benchmarks.client import open_student
from benchmarks.queue import LONG, shelf, trains
from benchmarks.screen import Screen
from benchmarks.serving import Server
from explorer.training.store import Store
from explorer.training.threads import available_cores
from tests.loops import in_a_thread

pytestmark = pytest.mark.xdist_group("sessions")  # they share one server
WORKERS = max(1, available_cores() - 1)
STUDENTS = 8
QUICK = "/train?steps=200&batch=64"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving.serve() as running:
        yield running


async def all_in_turn(url: str) -> list[str]:
    """Eight queue behind sessions that hold every worker; what each is told of its place."""
    told = []
    async with AsyncExitStack() as room:

        async def enter(path: str) -> Any:
            return await room.enter_async_context(open_student(url, path))

        holders = [await enter(LONG) for _ in range(WORKERS)]
        students = [await enter(f"{QUICK}&shelf={shelf(k)}") for k in range(STUDENTS)]
        for holder in holders:
            await holder.press("Train")
            await holder.until(trains)
        for student in students:
            await student.press("Train")
            await student.until(lambda screen: screen.text("Waiting"))
            told.append(student.screen.text("Waiting"))
        for holder in holders:
            await holder.leave()
        await asyncio.gather(*(student.until_text("Trained in") for student in students))
        for student in students:
            await student.until(lambda screen: screen.metrics.get("Step") == "200 of 200")
            assert student.screen.problems == []
    return told


def test_eight_sessions_wait_in_line_and_none_is_lost(server: Server):
    told = in_a_thread(all_in_turn(server.url))
    places = [f"Waiting: place {k + 1} in the queue." for k in range(STUDENTS)]
    assert [text.split(" It begins")[0] for text in told] == places
    runs = sorted(Store(server.log_file.parent / "runs").list_runs(), key=lambda run: run.created)
    ended = [int(run.shelf.removeprefix("student")) for run in runs]
    assert sorted(ended) == list(range(STUDENTS))
    # beside each other only so many run, so nobody ends further from the place in line
    assert all(abs(place - student) < WORKERS for place, student in enumerate(ended))
    assert "Traceback" not in server.log()


async def stopped_and_closed(url: str) -> tuple[float, float]:
    """Seconds until a press of Stop is answered, and until a closed tab's worker has the next."""
    async with AsyncExitStack() as room:
        students = [
            await room.enter_async_context(open_student(url, LONG)) for _ in range(WORKERS + 1)
        ]
        *holders, last = students
        for holder in holders:  # one by one: who presses first need not be answered first
            await holder.press("Train")
            await holder.until(trains)
        await last.press("Train")
        await last.until_text("Waiting: place 1")
        begun = time.perf_counter()
        await holders[0].leave()
        await last.until(lambda screen: not screen.text("Waiting"))
        freed = time.perf_counter() - begun
        await last.until(trains)
        begun = time.perf_counter()
        await last.press("Stop")
        await last.until_text("Stopped.")
        return time.perf_counter() - begun, freed


def test_stop_answers_at_once_and_a_closed_tab_makes_room(server: Server):
    """`python -m benchmarks queue` measures both; here four times as long is still let pass."""
    stopped, freed = in_a_thread(stopped_and_closed(server.url))
    assert stopped < 4 * 1.0
    assert freed < 4 * 2.0


def step(screen: Screen) -> int:
    return int(screen.metrics["Step"].split(" of ")[0].replace(",", ""))


async def dropped_and_reloaded(url: str) -> list[int]:
    """The steps that a training has done before its connection drops, after, and in a new tab."""
    link = f"{LONG}&shelf={shelf(77)}"
    async with open_student(url, link) as student:
        await student.press("Train")
        await student.until(trains)
        steps, session = [step(student.screen)], student.session
    async with open_student(url, link, session) as student:  # a network that was away
        await student.until(trains)
        await student.until(lambda screen: step(screen) > steps[0])
        assert student.session == session
        steps.append(step(student.screen))
    async with open_student(url, link) as student:  # a page that is loaded anew
        await student.until(trains)
        await student.until(lambda screen: step(screen) > steps[1])
        assert student.session != session
        steps.append(step(student.screen))
        await student.press("Stop")
        await student.until_text("Stopped.")
    return steps


def test_a_training_goes_on_while_its_browser_is_away_and_is_found_by_a_page_loaded_anew(
    server: Server,
):
    """Nobody else waits, so that nothing is stopped; it is the same training all the time."""
    steps = in_a_thread(dropped_and_reloaded(server.url))
    assert steps == sorted(steps)
    ended = urlopen(f"{server.url}/metrics").read().decode()
    assert 'explorer_jobs{state="running"} 0' in ended
    assert json.load(urlopen(f"{server.url}/ready")) == {"ready": True, "problems": {}}
    assert "job_started" in server.log()
    assert "Traceback" not in server.log()
