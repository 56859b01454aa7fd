"""Work for the tests of jobs."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from explorer.training.jobs import Job, Status

SOON = 20.0  # seconds after which a test gives up; nothing waits this long unless it is broken


@dataclass(frozen=True)
class Tick:
    step: int
    steps: int


def count(steps: int) -> Iterator[Tick]:
    return (Tick(step, steps) for step in range(1, steps + 1))


class Gate:
    """Work that runs until it is let go, one tick a millisecond."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self) -> Iterator[Tick]:
        step = 0
        while not self.open.is_set():
            step += 1
            yield Tick(step, 10**9)
            self.begun.set()
            time.sleep(0.001)

    def wait(self) -> None:
        assert self.begun.wait(SOON)


class Deaf:
    """Work that hangs after its first tick and hears nothing, until it is woken."""

    def __init__(self) -> None:
        self.hangs, self.wake = threading.Event(), threading.Event()

    def __call__(self) -> Iterator[Tick]:
        yield Tick(1, 2)
        self.hangs.set()
        self.wake.wait(SOON)
        yield Tick(2, 2)


def ended(job: Job) -> Status:
    assert job.wait(SOON), f"{job} has not ended"
    return job.status


def until(happened: Callable[[], bool], patience: float = SOON) -> None:
    deadline = time.monotonic() + patience
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert happened()
