"""Events are lines that programs read, counted, and without a word that a user wrote."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from made_jobs import Tick, ended

from explorer import events
from explorer.training.jobs import Pool, Status

SECRET = "Ada Lovelace, 10.1.2.3, shelf=abcd1234"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    yield
    room = logging.getLogger("explorer")
    room.handlers.clear()
    room.setLevel(logging.NOTSET)


def lines(form: str) -> io.StringIO:
    stream = io.StringIO()
    events.set_up({"EXPLORER_LOG": form}, stream)
    return stream


def work() -> Iterator[Tick]:
    yield Tick(1, 2)
    raise ValueError(f"{SECRET} is no distribution")


def told_of_a_failing_job(form: str) -> str:
    stream = lines(form)
    pool = Pool(workers=1)
    job = pool.submit("owner-of-the-session", SECRET, work)
    assert ended(job) is Status.FAILED
    pool.close()
    logging.getLogger("explorer.training.store").warning("the run cannot be read: %s", SECRET)
    return stream.getvalue()


def test_a_failing_job_is_told_by_its_kind_and_without_any_text_of_a_user():
    text = told_of_a_failing_job("json")
    told = [json.loads(line) for line in text.splitlines()]
    by_event = {each["event"]: each for each in told}
    assert {"job_queued", "job_started", "job_failed", "job_ended", "message"} <= set(by_event)
    failed = by_event["job_failed"]
    assert (failed["kind"], failed["error"], failed["level"]) == ("refused", "ValueError", "error")
    assert failed["calls"][-1].startswith("test_events.py:")
    assert failed["calls"][-1].endswith(":work")
    assert by_event["job_ended"]["kind"] == "failed"
    assert by_event["message"]["text"] == "the run cannot be read: %s"
    sessions = {each["session"] for each in told if "session" in each}
    assert sessions == {events.tag("owner-of-the-session")}
    for part in ("Ada", "10.1.2.3", "abcd1234", "owner", "/"):
        assert part not in text
    assert all(each["time"].endswith("Z") for each in told)


def test_the_same_as_lines_to_read():
    text = told_of_a_failing_job("text")
    assert "error job_failed kind=refused" in text
    assert "Traceback" in text
    assert "Ada" not in text


def test_nothing_is_written_when_switched_off_and_all_is_counted():
    before = events.counts().get(("job_failed", "refused"), 0)
    assert told_of_a_failing_job("off") == ""
    assert events.counts()["job_failed", "refused"] == before + 1


def test_a_second_start_replaces_the_first():
    first, second = lines("json"), lines("json")
    events.tell("server_started")
    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="'xml'; choose one of json, text, off"):
        lines("xml")


def test_tags_tell_sessions_apart_and_give_nothing_away():
    assert events.tag("a") == events.tag("a") != events.tag("b")
    assert len(events.tag(SECRET)) == 6
