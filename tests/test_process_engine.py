"""Trainings in helper processes: the same to the bit, and not lost with their process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from made_jobs import SOON, ended, until
from made_works import SPEC, Beating, Failing, Hanging, Killed

from explorer.training.engine import here
from explorer.training.jobs import Pool, Status
from explorer.training.nursery import Nursery
from explorer.training.process_engine import Processes
from explorer.training.threads import NICE
from explorer.training.train import train
from explorer.training.works import Sampling, Training

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="helpers are forked")


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        made = Nursery(("made_works",))
        made.start()
    until(lambda: made.ready, 9 * SOON)  # it imports all
    yield made
    made.close()


@pytest.fixture
def pool(nursery: Nursery) -> Iterator[Pool]:
    made = Pool(workers=1, engine=Processes(nursery, here, silent=2.0))
    yield made
    made.close()


@dataclass(frozen=True, eq=False)
class Settled(Beating):
    """Can be done by this process alone."""

    self_contained: ClassVar[bool] = False


def test_a_training_whose_process_is_killed_is_the_same_to_the_bit(
    pool: Pool, tmp_path: Path
) -> None:
    job = pool.submit("a", "moons", Killed(SPEC, killed=tmp_path / "killed"))
    assert ended(job) is Status.DONE
    assert (tmp_path / "killed").exists()
    *_, wanted = train(SPEC, device="cpu")
    assert torch.equal(job.latest.state.losses, wanted.losses)
    for name, tensor in wanted.weights().items():
        assert torch.equal(job.latest.state.weights()[name], tensor)
    assert job.latest.film[-1].step == SPEC.config.steps


def test_it_is_done_by_another_process_that_goes_with_the_job(pool: Pool) -> None:
    job = pool.submit("a", "beats", Beating(5))
    assert ended(job) is Status.DONE
    assert job.latest.pid != os.getpid()
    until(lambda: not Path(f"/proc/{job.latest.pid}").exists())


def test_who_stops_a_job_ends_its_process(pool: Pool) -> None:
    job = pool.submit("a", "beats", Beating(10**6))
    until(lambda: job.latest is not None)
    mine, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (os.getpid(), job.latest.pid))
    assert its == min(mine + NICE, 19)  # by which the system gives it its share
    job.stop()
    assert ended(job) is Status.STOPPED
    assert job.latest.step < 10**6
    until(lambda: not Path(f"/proc/{job.latest.pid}").exists())


def test_what_the_work_cannot_use_is_told_in_its_words(pool: Pool) -> None:
    job = pool.submit("a", "beats", Failing(10))
    assert ended(job) is Status.FAILED
    assert "rate=0 must be above 0" in job.error


def test_work_that_falls_silent_is_taken_up_by_another_process(pool: Pool) -> None:
    job = pool.submit("a", "beats", Hanging(70))
    assert ended(job) is Status.DONE
    assert job.latest.began > 0


def test_without_helpers_and_for_what_needs_this_process_it_is_done_here(nursery: Nursery) -> None:
    none = Processes(Nursery(()), here)
    assert [beat.pid for beat in none(Beating(2)) if beat] == [os.getpid()] * 2
    assert [beat.pid for beat in Processes(nursery, here)(Settled(2)) if beat] == [os.getpid()] * 2
    assert not Sampling.self_contained
    assert Training.self_contained


def test_others_are_served_when_the_nursery_dies_in_the_middle() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        made = Nursery(("made_works",))
        made.start()
    until(lambda: made.ready, 9 * SOON)  # it imports all
    pool = Pool(workers=1, engine=Processes(made, here))
    job = pool.submit("a", "beats", Beating(300))
    until(lambda: job.latest is not None)
    assert made._process is not None
    made._process.kill()
    made._process.wait()
    after = pool.submit("b", "beats", Beating(3))
    assert job.wait(SOON)
    assert ended(after) is Status.DONE
    assert job.status is Status.DONE
    assert after.latest.pid == os.getpid()
    pool.close()
    made.close()
