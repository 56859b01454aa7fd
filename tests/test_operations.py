"""The addresses for whoever runs the server: what they tell, to whom, and when they say no."""

from __future__ import annotations

import errno
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_jobs import SOON, Deaf, Gate, ended
from made_runs import a_run
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from explorer import events
from explorer.training.jobs import Pool, Status
from explorer.training.store import Store
from explorer.ui import learning, measures, operations
from explorer.ui.exposition import Family, exposition, gauge
from tests.loops import in_a_thread

APP = Starlette(routes=operations.routes("/base/"))
HERE, THERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)


def ask(path: str, client: tuple[str, int] = HERE, **headers: str) -> tuple[int, str]:
    """Status and body of a GET."""
    sent: list[dict[str, Any]] = []
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": "GET", "path": f"/base{path}", "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": named, "client": client, "root_path": ""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    in_a_thread(APP(scope, receive, send))
    return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]).decode()


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    made = Pool(workers=1, hang_after=0.2, most_left_behind=0)
    monkeypatch.setattr(learning, "pool", lambda: made)
    store = Store(tmp_path / "runs")
    monkeypatch.setattr(measures, "store", lambda: store)
    monkeypatch.setattr("explorer.ui.shelf.store", lambda: store)
    monkeypatch.setattr(measures, "_measured", (-math.inf, 0))
    monkeypatch.setattr(operations, "_known", (-math.inf, {}))
    store.save(a_run(), "ab12")
    yield made
    made.close()


def test_metrics_are_read_by_prometheus_own_parser(pool: Pool):
    gate = Gate()
    job = pool.submit("Ada", "a secret label", gate)
    gate.wait()
    pool.submit("Ada", "another", gate)
    events.tell("upload_refused", kind="refused")
    status, text = ask("/metrics")
    gate.open.set()
    job.wait(20)
    assert status == 200
    found = {f.name: f for f in text_string_to_metric_families(text)}
    assert len(found) == text.count("# HELP") == text.count("# TYPE")
    assert {f.type for f in found.values()} == {"counter", "gauge"}

    def value(name: str, **labels: str) -> float:
        family = found[name.removesuffix("_total")]
        (sample,) = [s for s in family.samples if s.name == name and s.labels == labels]
        return sample.value

    assert value("explorer_jobs", state="running") == 1
    assert value("explorer_jobs", state="waiting") == 1
    assert value("explorer_jobs_ended_total", state="failed") == 0
    assert value("explorer_workers") == 1
    assert value("explorer_runs") == 1
    assert value("explorer_runs_bytes") > 100
    assert value("explorer_training_seconds_total") > 0
    assert value("explorer_queue_longest_wait_seconds") > 0
    assert value("explorer_disk_total_bytes") > value("explorer_disk_free_bytes") > 0
    assert value("explorer_events_total", event="upload_refused", kind="refused") >= 1
    assert value("process_resident_memory_bytes") > 1e7
    assert "Ada" not in text
    assert "secret" not in text


def test_labels_and_numbers_survive_the_parser():
    odd = 'a "quoted" \\ back\nslash'
    family = Family("m", "gauge", "one\ntwo \\ three", {(("l", odd),): math.inf})
    text = exposition([family, gauge("n", "none", 1e-7)])
    (first, second) = text_string_to_metric_families(text)
    assert first.samples[0].labels == {"l": odd}
    assert first.samples[0].value == math.inf
    assert second.samples[0].value == 1e-7


def test_metrics_are_for_this_machine_or_for_whoever_has_the_token(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    assert ask("/metrics")[0] == 200
    assert ask("/metrics", ("::1", 5000))[0] == 200
    status, said = ask("/metrics", THERE)
    assert (status, operations.TOKEN in said) == (403, True)
    assert ask("/metrics", x_forwarded_for="192.0.2.7")[0] == 403  # by a proxy of this machine
    monkeypatch.setenv(operations.TOKEN, "s3cret")
    assert ask("/metrics")[0] == 401
    assert ask("/metrics", THERE, authorization="Bearer wrong")[0] == 401
    assert ask("/metrics", THERE, authorization="Bearer s3cret")[0] == 200


def test_a_server_is_ready_unless_it_cannot_keep_read_or_compute(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def now() -> tuple[int, dict[str, str]]:
        operations._known = (-math.inf, {})
        status, text = ask("/ready", THERE)
        assert str(tmp_path) not in text
        return status, json.loads(text)["problems"]

    assert now() == (200, {})
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setattr("explorer.ui.shelf.store", lambda: Store(file))
    monkeypatch.setattr(measures, "store", lambda: Store(file))
    assert "explorer_runs 0" in ask("/metrics")[1]  # what is broken is measured all the same
    monkeypatch.setenv("EXPLORER_CHECKPOINTS", str(tmp_path / "none"))
    work = Deaf()
    assert ended(pool.submit("a", "hangs", work)) is Status.FAILED
    status, problems = now()
    assert (status, set(problems)) == (503, {"runs", "checkpoints", "workers"})
    work.wake.set()
    assert ask("/ready", THERE)[0] == 503  # for some seconds the answer holds


def test_an_error_that_a_page_did_not_expect_is_counted_and_not_quoted(
    caplog: pytest.LogCaptureFixture,
):
    before = events.counts().get(("page_failed", "bug"), 0)
    operations.page_failed(KeyError("Ada Lovelace"))
    assert events.counts()["page_failed", "bug"] == before + 1
    assert caplog.records[0].said["error"] == "KeyError"
    assert "Ada" not in str(caplog.records[0].__dict__)


def test_a_disk_that_hangs_takes_one_thread_and_no_more(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    begun, go = [], threading.Event()

    def hang(*_: object) -> None:
        begun.append(threading.current_thread())
        assert go.wait(SOON)

    monkeypatch.setattr("explorer.training.health.unwritable", hang)
    monkeypatch.setattr("explorer.training.health.bytes_of", hang)
    try:
        for _ in range(30):
            status, text = ask("/ready", THERE)
            assert (status, "does not answer" in text) == (503, True)
            status, text = ask("/metrics")
            assert (status, "explorer_jobs" in text, "explorer_runs" in text) == (200, True, False)
        assert len(begun) == 2
    finally:
        go.set()
        for thread in begun:
            thread.join(SOON)


def test_what_cannot_be_asked_leaves_all_else_to_be_told(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    def no_cluster() -> Pool:
        raise ValueError("no cluster answers there")

    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(learning, "pool", no_cluster)
    monkeypatch.setattr("explorer.training.health.bytes_of", refused)
    status, text = ask("/ready", THERE)
    assert (status, set(json.loads(text)["problems"])) == (503, {"workers"})
    status, text = ask("/metrics")
    assert (status, "explorer_sessions" in text) == (200, True)
    assert "explorer_jobs" not in text
    assert "explorer_runs" not in text
