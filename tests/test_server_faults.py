"""What a killed server, a full disk and a lost thread leave behind, and what the page says."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from made_jobs import Deaf, Gate, Tick, count, ended, until
from made_runs import a_run
from streamlit.testing.v1 import AppTest

from explorer import events
from explorer.export import work as exports
from explorer.export.work import Work, at_once
from explorer.training.jobs import Job, Pool, Status
from explorer.training.store import Store
from explorer.ui import fetching, image_downloads, shelf

ROOT = Path(__file__).resolve().parent.parent
BEGIN_AND_WAIT = """
import time
from explorer.export.work import Work, at_once
work = Work(at_once(lambda: b""), "a.gif", "image/gif")
work.advance(0.0)
print(work._folder.name, flush=True)
time.sleep(60)
"""


def test_what_a_server_killed_in_an_export_leaves_is_cleared_away_by_a_later_one(tmp_path: Path):
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BEGIN_AND_WAIT]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        left = Path(server.stdout.readline().strip())
        server.send_signal(signal.SIGKILL)
    other = tmp_path / "not-ours"
    other.mkdir()
    assert left.parent == tmp_path
    assert exports.sweep(tmp_path) == 0  # young: its server may be alive
    day_before = time.time() - 2 * 86400
    for folder in (left, other):
        os.utime(folder, (day_before, day_before))
    assert exports.sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [other]


@pytest.mark.parametrize(
    ("problem", "words"),
    [(MemoryError(), "memory of the server"), (OSError(28, "No space left"), "disk of the server")],
)
def test_an_export_that_finds_no_room_says_so_and_leaves_nothing(problem: Exception, words: str):
    def content() -> bytes:
        raise problem

    work = Work(at_once(content), "a.png", "image/png")
    folder = Path(work._folder.name)
    work.advance(1.0)
    work.advance(1.0)
    assert (work.data, work.busy) == (None, False)
    assert words in work.error
    assert not folder.exists()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let the system refuse to write more into any file of this process, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_training_on_a_disk_without_room_goes_on_and_is_saved_again_by_a_button(tmp_path: Path):
    store, gate, pool = Store(tmp_path / "runs"), Gate(), Pool(workers=1, autosave_every=0.01)
    before = store.save(a_run("before"), "ab12")
    big = {"w": torch.ones(200_000)}

    def autosave(tick: Tick) -> None:
        store.autosaves.autosave("job1", big, {"step": tick.step})

    with no_file_beyond(1 << 19):
        job = pool.submit("a", "x", gate, lambda tick: _keep(store, big), autosave)
        until(lambda: job.note != "")
        assert "a file is larger than this system allows" in job.note
        assert job.status is Status.RUNNING
        gate.open.set()
        assert ended(job) is Status.DONE
        job.save_again()
        assert job.note
        assert store.list_runs() == [before]
        assert not list(store.root.rglob("*.partial"))
    job.save_again()
    assert (job.note, job.unsaved) == ("", None)
    assert {card.name for card in store.list_runs()} == {"before", "after"}
    pool.close()


def _keep(store: Store, weights: dict[str, torch.Tensor]) -> None:
    store.save(a_run("after", weights=weights), "ab12")


def shown(job: Job, running: bool) -> AppTest:
    """The bar of a job as its page shows it."""

    def page() -> None:
        from test_server_faults import SHOWN

        from explorer.ui import job_bar

        job, running = SHOWN
        job_bar.job_bar(job, running, key="bar", begin=lambda: None, args=(), says="")

    SHOWN[:] = [job, running]
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    return at


SHOWN: list[object] = []


def test_a_page_tells_of_a_silent_job_of_a_stuck_server_and_of_what_was_not_saved():
    now, deaf = [0.0], Deaf()
    pool = Pool(workers=1, most_left_behind=0, clock=lambda: now[0])
    silent = pool.submit("a", "hangs", deaf)
    assert deaf.hangs.wait(20)
    assert not shown(silent, True).warning
    now[0] = 20.0
    at = shown(silent, True)
    assert "No sign of life for 20 s. After 120 s" in at.warning[0].value
    next(button for button in at.button if button.label == "Stop").click().run()
    assert silent.status is Status.STOPPED
    waiting = pool.submit("b", "waits", lambda: count(1))
    assert "Every worker of this server hangs" in shown(waiting, True).warning[0].value
    deaf.wake.set()
    assert ended(waiting) is Status.DONE

    full = [True]

    def keep(tick: Tick) -> None:
        if full[0]:
            raise OSError("the disk is full")

    unsaved = pool.submit("a", "x", lambda: count(1), keep)
    assert ended(unsaved) is Status.DONE
    at = shown(unsaved, False)
    assert at.warning[0].value == "Not saved: the disk is full"
    full[0] = False
    at = next(button for button in at.button if button.label == "Save again").click().run()
    assert not at.warning
    assert not [button for button in at.button if button.label == "Save again"]
    pool.close()


def test_a_download_that_finds_no_room_says_so(monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image_downloads, "download", full)
    at = fetching.fetching("mnist")
    fetching.begin(image_downloads.of_set("mnist"))
    until(lambda: not at.busy)
    assert "No space left on device" in at.problem
    assert events.counts()["download_failed", "disk"] >= 1


def test_without_a_folder_of_runs_pages_work_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("EXPLORER_RUNS", str(file))
    shelf.store.clear()
    at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
    at.query_params.update({"steps": "200", "batch": "64"})
    at.run()
    at.switch_page("pages/my_runs.py").run()
    assert not at.exception
    assert any("The folder of runs cannot be used" in error.value for error in at.error)
    at.switch_page("pages/train.py")
    at.query_params.update({"steps": "200", "batch": "64"})
    at.run()
    next(button for button in at.button if button.label == "Train").click().run()

    def trained() -> bool:
        at.run()
        return any(text.value.startswith("Trained in") for text in at.markdown)

    until(trained)
    assert not at.exception
    assert any("Not saved: The folder of saved runs fails" in w.value for w in at.warning)
    shelf.store.clear()


def test_a_containers_first_process_lets_go_of_what_has_ended():
    """Python does not, and helpers that outlive their nursery fall to it."""
    text = (Path(__file__).parents[1] / "Dockerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["tini", "--"]' in text
    assert " tini " in text.partition("apt-get install")[2].partition("&&")[0]
