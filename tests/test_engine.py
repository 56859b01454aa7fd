"""Work that is done elsewhere comes back whole, however often its worker is lost."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
import torch
from made_jobs import SOON, ended
from made_works import SPEC, Beat, Beating

from explorer.training.engine import WorkerLost, here, parcels, patient, restarting
from explorer.training.folders import new_code
from explorer.training.jobs import Pool, Status
from explorer.training.latents import OURS, train_latent
from explorer.training.ray_engine import connect
from explorer.training.store import Store
from explorer.training.train import train
from explorer.training.works import LatentTraining, Training

LATENT = replace(
    OURS,
    vae=replace(OURS.vae, steps=40),
    diffusion=replace(OURS.diffusion, config=replace(SPEC.config, steps=40), network=SPEC.network),
)


class Elsewhere:
    """An engine of parcels whose worker dies at the given parcels, counted over all attempts."""

    def __init__(self, *deaths: int, most: int = 3) -> None:
        self.deaths, self.most = deaths, most
        self.sent = self.begun = 0

    def __call__(self, work: Training) -> Iterator[object]:
        return restarting(work, self._attempt, self.most)

    def _attempt(self, work: Training) -> Iterator[object]:
        self.begun += 1
        had = None
        for parcel in parcels(work, every=0.0):
            yield None  # a look whether the job is to stop
            self.sent += 1
            if self.sent in self.deaths:
                raise WorkerLost("The worker was lost.")
            had = work.opened(parcel, had)
            yield had


def test_a_training_whose_worker_dies_twice_is_the_same_to_the_bit():
    engine, (*_, wanted) = Elsewhere(2, 4), train(SPEC, device="cpu")
    seen = [update for update in engine(Training(SPEC)) if update is not None]
    assert engine.begun == 3
    assert torch.equal(seen[-1].state.losses, wanted.losses)
    for name, tensor in wanted.weights().items():
        assert torch.equal(seen[-1].state.weights()[name], tensor)
    steps = [progress.step for progress in seen]
    assert steps == sorted(set(steps))  # what was shown is not taken back
    film = [shot.step for shot in seen[-1].film]
    assert film == sorted(set(film))
    assert film[-1] == SPEC.config.steps
    for earlier, later in pairwise(seen):
        assert later.film[: len(earlier.film)] == earlier.film


def test_a_latent_training_whose_worker_dies_in_either_half_is_the_same_to_the_bit():
    *_, wanted = train_latent(LATENT, device="cpu")
    begun = []

    def attempt(work):
        begun.append(work)
        had = None
        for parcel in parcels(work, every=0.0):
            had = work.opened(parcel, had)
            if len(begun) == (1 if had.diffusion is None else 2):
                raise WorkerLost("The worker was lost.")
            yield had

    *_, last = restarting(LatentTraining(LATENT), attempt)
    assert len(begun) == 3
    assert torch.equal(last.vae.losses, wanted.vae.losses)
    assert torch.equal(last.diffusion.losses, wanted.diffusion.losses)


def test_a_job_whose_workers_keep_dying_is_given_up_and_can_be_gone_on_with(tmp_path):
    store, code, engine = Store(tmp_path), new_code(), Elsewhere(3, 4, 5, 6)
    pool = Pool(workers=1, engine=engine)

    def autosave(progress: object) -> None:
        tensors, meta = progress.state.resume_state()
        store.autosaves.autosave(code, tensors, meta)

    job = pool.submit("a", "moons", Training(SPEC), pytest.fail, autosave)
    assert ended(job) is Status.FAILED
    assert "the 4th worker lost on this job" in job.error
    assert engine.begun == 4
    *_, wanted = train(SPEC, device="cpu")
    *_, last = train(SPEC, store.autosaves.load(code), device="cpu")
    assert torch.equal(last.losses, wanted.losses)
    assert job.latest.step == store.autosaves.load(code)[0]["losses"].numel()
    pool.close()


def test_parcels_come_at_most_so_often_and_bring_all():
    now = [0.0]

    def ticking() -> float:
        now[0] += 0.1
        return now[0]

    class Plain(Beating):
        def __call__(self) -> Iterator[Beat]:
            return (Beat(step, self.steps, 0, 0, "") for step in range(1, self.steps + 1))

    sent = [beat.step for beat in parcels(Plain(20), every=0.45, clock=ticking)]
    assert sent[0] == 1
    assert sent[-1] == 20
    assert len(sent) < 8
    assert [b.step for b in parcels(Plain(1), every=9.0)] == [1]
    assert list(parcels(Plain(0), every=9.0)) == []


def test_an_engine_that_waits_can_be_stopped_and_is_closed():
    closed = []

    def silent(work: Callable[[], Iterator[Beat]]) -> Iterator[Beat | None]:
        try:
            while True:
                yield None
        finally:
            closed.append(work)

    work = Beating(3)
    pool = Pool(workers=1, engine=silent)
    job = pool.submit("a", "waits", work, on_autosave=pytest.fail)
    job.stop()
    assert ended(job) is Status.STOPPED
    assert job.latest is None
    pool.close(SOON)
    assert closed in ([work], [])  # stopped at work, or in the queue


def test_places_are_asked_for_anew_at_each_job():
    places = [1]
    pool = Pool(lambda: places[0])
    assert pool.workers == 1
    places[0] = 3
    ended(pool.submit("a", "x", partial(iter, [Beat(1, 1, 0, 0, "")])))
    assert (pool.workers, pool.standing().workers) == (3, 3)
    pool.close()


def test_here_is_this_thread():
    assert [beat.step for beat in here(Beating(3))] == [1, 2, 3]


def test_an_address_where_no_cluster_answers_is_told_at_once():
    with socket.socket() as nobody:  # bound, but not listening
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(ValueError, match=f"EXPLORER_RAY_ADDRESS={address}.*ray start"):
            connect(address)


def test_a_patient_engine_rests_while_others_wait_but_never_for_ever() -> None:
    class Time:
        now = 0.0

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    time = Time()

    def work() -> Iterator[int]:
        for k in range(3):
            time.now += 0.1
            yield k

    def needs(others_wait: Callable[[], bool]) -> float:
        time.now = 0.0
        done = patient(here, others_wait, lambda: time.now, time.sleep)(work)
        assert list(done) == [0, 1, 2]
        return time.now

    assert needs(lambda: False) == pytest.approx(0.3)
    assert needs(lambda: time.now < 0.15) == pytest.approx(0.36)  # a rest of 0.06 s after the first
    assert needs(lambda: True) == pytest.approx(0.3 + 3 * 3 * 0.1, abs=3 * 0.02)


def test_a_patient_engine_ends_the_work_of_whoever_has_enough() -> None:
    closed = []

    def work() -> Iterator[int]:
        try:
            yield from range(5)
        finally:
            closed.append(True)

    going = patient(here, lambda: False)(work)
    assert next(going) == 0
    going.close()
    assert closed == [True]
