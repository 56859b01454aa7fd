"""Jobs on a Ray cluster of two workers, one of which is killed. Skipped where Ray is not installed.

`pip install -r requirements-dev.txt -r requirements-ray.txt && pytest -n 0 tests/test_ray.py`
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from made_works import SPEC, Beating, Cpu, Failing, Hanging, Killed

from explorer.training.jobs import Job, Pool, Status
from explorer.training.ray_engine import ROOT, Cluster, environment
from explorer.training.train import train
from explorer.training.works import Training

ray = pytest.importorskip("ray")
SOON = 120.0  # a worker's first task imports torch


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            "local",
            num_cpus=2,
            num_gpus=2,  # Ray believes it
            include_dashboard=False,
            log_to_driver=False,
            runtime_env=environment(),
        )
        yield Cluster()
        ray.shutdown()


@pytest.fixture
def pool(cluster: Cluster) -> Iterator[Pool]:
    made = Pool(cluster.places, engine=cluster, autosave_every=0.5)
    yield made
    made.close()


def until(seen: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended(job: Job) -> Status:
    assert job.wait(SOON), f"{job} has not ended"
    return job.status


def test_a_killed_worker_costs_nothing_of_two_trainings(pool, tmp_path):
    assert pool.workers == 2
    killed = pool.submit("a", "killed", Killed(SPEC, killed=tmp_path / "killed"))
    beside = pool.submit("b", "beside", Training(SPEC))
    assert (ended(killed), ended(beside)) == (Status.DONE, Status.DONE)
    assert (tmp_path / "killed").exists()
    *_, wanted = train(SPEC, device="cpu")
    for job in (killed, beside):
        assert torch.equal(job.latest.state.losses, wanted.losses)
        for name, tensor in wanted.weights().items():
            assert torch.equal(job.latest.state.weights()[name], tensor)
        assert [shot.step for shot in job.latest.film] == sorted({s.step for s in job.latest.film})
        assert job.latest.film[-1].step == SPEC.config.steps


def test_a_worker_killed_from_outside_is_replaced_from_its_last_update(pool):
    saves = []
    job = pool.submit("a", "beats", Beating(500), on_autosave=saves.append)
    until(lambda: saves and job.latest.step > 100)
    before = job.latest
    os.kill(before.pid, signal.SIGKILL)
    assert ended(job) is Status.DONE
    assert job.latest.step == 500
    assert job.latest.pid != before.pid
    assert job.latest.began >= before.step


def test_a_stopped_job_is_saved_and_leaves_its_place(pool):
    saves = []
    job = pool.submit("a", "beats", Beating(10**6), on_autosave=saves.append)
    until(lambda: job.latest is not None)
    job.stop()
    assert ended(job) is Status.STOPPED
    assert saves[-1] == job.latest
    until(lambda: ray.available_resources().get("CPU") == 2)


def test_failing_hanging_and_work_that_cannot_travel(cluster, pool):
    job = pool.submit("a", "fails", Failing(10))
    assert ended(job) is Status.FAILED
    assert job.error == "rate=0 must be above 0"
    last = list(Cluster(silent=2.0)(Hanging(90)))[-1]
    assert last.step == 90
    assert 0 < last.began < 60
    with pytest.raises(ValueError, match="cannot travel"):
        cluster(lambda: iter(()))


def test_a_job_that_uses_a_gpu_is_given_one(cluster):
    given = list(cluster(Beating(1)))[-1].gpus
    assert given in ("0", "1")
    assert list(cluster(Cpu(1)))[-1].gpus not in ("0", "1")


IN_A_THREAD = """
import threading, time
from explorer.training.ray_engine import connect
page = threading.Thread(target=connect, args=("local",))
page.start()
page.join()
time.sleep(3)
import ray
print("alive", ray.get(ray.remote(lambda: 7).remote(), timeout=100))
"""


def test_a_cluster_of_this_machine_outlives_the_page_that_began_it() -> None:
    found = subprocess.run(
        [sys.executable, "-c", IN_A_THREAD], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert "alive 7" in found.stdout, found.stderr
