"""Jobs on a Ray cluster: each is a task that streams its updates back, and outlives its worker.

Ray carries our own dataclasses and tensors between its processes by pickle. All of these trust each
other: whoever reaches a cluster's ports can run code on it, so that these must be fenced. What a
user uploads never travels as it came; the app has read it as safetensors and checked it before.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from explorer.training.engine import U, Work, WorkerLost, parcels, restarting

VARIABLE = "EXPLORER_RAY_ADDRESS"
"""host:port of a cluster that this machine has joined, "auto", or "local" for processes here."""
ROOT = Path(__file__).resolve().parents[2]
LOOK = 0.2
"""Seconds between two looks for whether a job is to stop."""
ANSWERS = 5.0
"""Seconds within which a cluster must take a connection."""
SILENT = 60.0
"""Seconds without an update after which a worker is taken for dead, and killed."""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process is connected to, as an `Engine`.

    silent: see `SILENT`.
    """

    silent: float = SILENT

    def places(self) -> int:
        """How many jobs run at once: one for each GPU, or for each core where there is none."""
        import ray

        found = ray.cluster_resources()
        return max(1, int(found.get("GPU", 0) or found.get("CPU", 1)))

    def __call__(self, work: Callable[[], Iterator[U]]) -> Generator[U | None]:
        if not isinstance(work, Work):
            raise ValueError(f"{work!r} cannot travel to a cluster; make it a frozen Work")
        return restarting(work, self._attempt)

    def _attempt(self, work: Work[U]) -> Iterator[U | None]:
        """Do the work in one task of the cluster; WorkerLost where the task's worker is lost."""
        import ray
        from ray import exceptions

        gpus = 1 if work.uses_gpu and ray.cluster_resources().get("GPU") else 0
        task = ray.remote(_work).options(
            num_returns="streaming", num_cpus=1, num_gpus=gpus, max_retries=0
        )
        stream: Any = task.remote(work)  # of references, which Ray's types do not know
        had, heard, hangs = None, float("inf"), False
        try:
            while True:
                ready, _ = ray.wait([stream], timeout=LOOK)
                if not ready:
                    hangs = time.monotonic() - heard > self.silent
                    if hangs:
                        raise WorkerLost(f"The worker said nothing for {self.silent:g} seconds.")
                    yield None
                    continue
                if (found := next(stream, None)) is None:
                    return
                parcel, heard = ray.get(found), time.monotonic()
                if parcel is not None:
                    had = work.opened(parcel, had)
                    yield had
        except exceptions.RayTaskError as problem:
            raise problem.cause or problem from problem
        except (
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.ObjectLostError,
            exceptions.LocalRayletDiedError,
            exceptions.OutOfMemoryError,
        ) as problem:
            raise WorkerLost(f"The worker was lost ({type(problem).__name__}).") from problem
        finally:
            ray.cancel(stream, force=hangs)  # a worker that has ended takes no notice


def connect(address: str) -> Cluster:
    """Join the cluster; ValueError where Ray is not installed or nothing answers at `address`.

    Every node needs this program at this path, as nodes of one container image have it.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():  # Ray itself would go on asking for minutes
        try:
            socket.create_connection((host, int(port)), ANSWERS).close()
        except OSError as problem:
            raise _unanswered(address, problem) from problem
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ValueError(
            f"{VARIABLE} is set, but Ray is not installed; pip install -r requirements-ray.txt, "
            f"or unset {VARIABLE} to train on this machine"
        ) from None
    options: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        _from_a_thread_that_stays(
            lambda: ray.init(address, runtime_env=environment(), log_to_driver=False, **options)
        )
    except (ConnectionError, RuntimeError) as problem:
        raise _unanswered(address, problem) from problem
    return Cluster()


def _from_a_thread_that_stays(begin: Callable[[], Any]) -> None:
    """Call `begin` from a thread that lives as long as this process, and raise what it raises.

    What Ray starts on this machine ends with the thread that started it (prctl, PR_SET_PDEATHSIG),
    and the server with it a minute later. The run of a page is such a thread, and soon over.
    """
    called: Future[None] = Future()

    def stays() -> None:
        try:
            begin()
        except BaseException as problem:
            called.set_exception(problem)
            return
        called.set_result(None)
        threading.Event().wait()

    threading.Thread(target=stays, name="ray", daemon=True).start()
    called.result()


def _unanswered(address: str, problem: Exception) -> ValueError:
    return ValueError(
        f"no Ray cluster answers at {VARIABLE}={address} ({problem}); join it on this machine "
        f"with `ray start --address={address} --num-cpus=0`, or unset {VARIABLE}"
    )


def environment() -> dict[str, Any]:
    """What Ray tells the workers: where this program lies."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {"env_vars": {"PYTHONPATH": path}}


def _work(work: Work[Any]) -> Iterator[Any]:
    """The task: None once it has begun, then its parcels."""
    torch.set_num_threads(1)
    yield None
    yield from parcels(work)
