"""What is measured of the running server, for `/metrics`: numbers alone, nothing about anybody."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from streamlit import runtime

from explorer import events
from explorer.training import health
from explorer.training.folders import coded_folders
from explorer.training.job import Standing
from explorer.ui import learning
from explorer.ui.cache import SCENES
from explorer.ui.exposition import Family, Samples, by, counter, gauge
from explorer.ui.helpers import HELPERS
from explorer.ui.inquiry import Inquiry
from explorer.ui.shelf import store

_BEGAN = time.time()
_RUNS_FOR = 30.0
"""Seconds for which the size of the folder of runs is not measured again."""
_SESSIONS = "active_sessions"
_measured: tuple[float, int] = (float("-inf"), 0)


def families() -> Iterator[Family]:
    """Every metric."""
    yield gauge("explorer_sessions", "Browser tabs that are connected.", _sessions())
    with suppress(ValueError):  # no cluster answers, as /ready says
        yield from _of_jobs(learning.pool().standing())
    yield gauge("explorer_cache_bytes", "Bytes of scenes kept in memory.", SCENES.held)
    yield gauge("explorer_cache_limit_bytes", "Bytes that scenes may take.", SCENES.budget)
    yield gauge("explorer_helpers", "Processes that compute scenes.", HELPERS.count)
    with suppress(OSError):  # the folder cannot be read: all else is told
        yield from _disk.answer() or []
    told: Samples = {
        (("event", event), ("kind", kind)): n for (event, kind), n in events.counts().items()
    }
    yield Family(
        "explorer_events_total",
        "counter",
        "Events by name and kind: jobs, refused uploads, faults.",
        told,
    )
    yield from _of_the_process()


def _of_jobs(standing: Standing) -> Iterator[Family]:
    now = {"waiting": standing.waiting, "running": standing.running}
    yield by(
        "explorer_jobs",
        "gauge",
        "Trainings and samplings; those waiting are the queue's length.",
        "state",
        now,
    )
    yield by(
        "explorer_jobs_ended_total", "counter", "Jobs by how they ended.", "state", standing.ended
    )
    yield gauge(
        "explorer_queue_longest_wait_seconds",
        "How long the longest waiting job has waited.",
        standing.longest_wait,
    )
    yield counter(
        "explorer_training_seconds_total",
        "Seconds of work of all workers together.",
        standing.worked,
    )
    yield gauge("explorer_workers", "Threads that can take a job.", standing.workers)
    yield gauge(
        "explorer_threads_left_behind", "Threads given up as hanging.", standing.left_behind
    )


def _of_the_disk(root: Path) -> list[Family]:
    usage = shutil.disk_usage(health.nearest(root))
    runs = len(coded_folders(root)) if root.is_dir() else 0
    return [
        gauge("explorer_runs", "Finished runs that are kept.", runs),
        gauge("explorer_runs_bytes", "Bytes of the folder of runs.", _bytes_of_runs(root)),
        gauge("explorer_disk_free_bytes", "Free where runs are kept.", usage.free),
        gauge("explorer_disk_total_bytes", "Size of the disk with the runs.", usage.total),
    ]


_disk = Inquiry(lambda: _of_the_disk(store().root))


def _of_the_process() -> Iterator[Family]:
    yield gauge("process_start_time_seconds", "When the server began, since 1970.", _BEGAN)
    yield counter("process_cpu_seconds_total", "Processor time used.", time.process_time())
    yield gauge("process_threads", "Threads.", threading.active_count())
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        yield gauge("process_resident_memory_bytes", "Memory in use.", resident)
        yield gauge("process_open_fds", "Open files.", len(os.listdir("/proc/self/fd")))


def _sessions() -> float:
    if not runtime.exists():
        return 0
    (now,) = runtime.get_instance().stats_mgr.get_stats([_SESSIONS])[_SESSIONS]
    return float(getattr(now, "value", 0))


def _bytes_of_runs(root: Path) -> int:
    global _measured
    at, size = _measured
    if time.monotonic() - at > _RUNS_FOR:
        size = health.bytes_of(root)
        _measured = (time.monotonic(), size)
    return size
