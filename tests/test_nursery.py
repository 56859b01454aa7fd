"""Helpers: processes that do what they are asked, tell what they raise, and never outlive us."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from made_jobs import SOON, until

from explorer.training import heap
from explorer.training.nursery import ROOT, Answer, Helper, HelperLost, Nursery
from explorer.training.parcels import INLINE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="helpers are forked")


class Odd(Exception):
    """Cannot be made from what it keeps of its arguments."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail(odd: bool) -> None:
    raise Odd(1, 2) if odd else LookupError("nothing there")


def squares(most: int) -> Iterator[int]:
    return (k * k for k in range(most))


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        made = Nursery((__name__,), {"OF_HELPERS": "yes"})
        made.start()
    until(lambda: made.ready, 9 * SOON)  # it imports all
    yield made
    made.close()


def told(helper: Helper, work: Callable[[], object]) -> Answer:
    helper.ask(work)
    answer = helper.answer(SOON)
    assert answer is not None
    return answer


def asked(nursery: Nursery, work: Callable[[], object]) -> Answer:
    helper = nursery.helper()
    answer = told(helper, work)
    helper.dismiss()
    return answer


def test_a_helper_is_another_process_that_does_one_thing_after_another(nursery: Nursery) -> None:
    helper = nursery.helper()
    answers = [told(helper, os.getpid) for _ in range(2)]
    assert all(answer.last for answer in answers)
    pids = [answer.value for answer in answers]
    assert pids[0] == pids[1] != os.getpid()
    assert told(helper, partial(os.getenv, "OF_HELPERS")).value == "yes"
    helper.dismiss()
    until(lambda: not Path(f"/proc/{pids[0]}").exists())


def test_values_come_one_by_one(nursery: Nursery) -> None:
    helper = nursery.helper()
    helper.ask(partial(squares, 3))
    found = [helper.answer(SOON) for _ in range(4)]
    assert [answer.value for answer in found if answer is not None] == [0, 1, 4, None]
    assert [answer.last for answer in found if answer is not None] == [False, False, False, True]
    assert helper.answer(0) is None
    helper.dismiss()


def large(size: int, count: int) -> Iterator[bytes]:
    return (bytes([k]) * size for k in range(count))


def test_large_values_come_whole_and_leave_no_file_open(nursery: Nursery) -> None:
    helper = nursery.helper()
    before = sorted(os.listdir("/proc/self/fd"))
    for size in (INLINE - 500, INLINE, 5 << 20):
        helper.ask(partial(large, size, 3))
        found = [helper.answer(SOON) for _ in range(4)]
        values = [answer.value for answer in found if answer is not None]
        assert values == [bytes([k]) * size for k in range(3)] + [None]
    assert sorted(os.listdir("/proc/self/fd")) == before
    theirs = told(helper, partial(os.listdir, "/proc/self/fd")).value
    helper.ask(partial(large, 1 << 20, 20))
    while not told_more(helper).last:
        pass
    assert told(helper, partial(os.listdir, "/proc/self/fd")).value == theirs
    helper.dismiss()


def told_more(helper: Helper) -> Answer:
    answer = helper.answer(SOON)
    assert answer is not None
    return answer


def test_a_large_value_of_which_nothing_comes_is_a_lost_helper(nursery: Nursery) -> None:
    helper = nursery.helper()
    ours, theirs = socket.socketpair()
    helper._line.close()
    helper._line = Connection(ours.detach())
    with Connection(theirs.detach()) as line:
        line.send_bytes(b"+")
        line.send_bytes(b"no file")  # without one beside it
        with pytest.raises(HelperLost):
            helper.answer(SOON)
        line.send_bytes(b"+")
    with pytest.raises(HelperLost):
        helper.answer(SOON)
    helper.dismiss()


PINNED: list[bytes] = []


def leave_holes() -> None:
    pieces = [b"x" * (60_000 + k) for k in range(1500)]  # small enough to lie in the heap
    PINNED.append(b"x" * 60_000)  # above all of them, which therefore stay with the heap
    pieces.clear()


@pytest.mark.skipif(heap._libc() is None, reason="this C library cannot be told")
def test_a_helper_without_work_gives_back_what_its_last_work_has_left(nursery: Nursery) -> None:
    helper = nursery.helper()
    told(helper, leave_holes)
    assert helper.grown() > 60e6
    until(lambda: helper.grown() < 20e6)
    helper.dismiss()


def test_what_the_work_raises_comes_back_with_its_kind_or_at_least_its_words(
    nursery: Nursery,
) -> None:
    known = asked(nursery, partial(fail, odd=False)).problem
    assert isinstance(known, LookupError)
    assert str(known) == "nothing there"
    odd = asked(nursery, partial(fail, odd=True)).problem
    assert type(odd) is RuntimeError
    assert str(odd) == "Odd: 1 and 2"


def test_work_is_counted_in_seconds_of_the_processor(nursery: Nursery) -> None:
    answer = asked(nursery, partial(sum, range(2_000_000)))
    assert answer.value == sum(range(2_000_000))
    assert answer.cpu > 0


def test_a_helper_that_is_killed_is_lost_and_the_next_one_is_not(nursery: Nursery) -> None:
    helper = nursery.helper()
    helper.ask(partial(os.kill, told(helper, os.getpid).value, signal.SIGKILL))
    with pytest.raises(HelperLost):
        helper.answer(SOON)
    with pytest.raises(HelperLost):
        helper.ask(os.getpid)
    assert asked(nursery, partial(abs, -3)).value == 3


def test_a_nursery_that_hangs_holds_nobody_up(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.training.nursery.BORN", 0.2)
    assert nursery._process is not None
    nursery._process.send_signal(signal.SIGSTOP)
    with pytest.raises(HelperLost):
        nursery.helper()
    nursery._process.send_signal(signal.SIGCONT)
    monkeypatch.undo()
    assert asked(nursery, partial(abs, -3)).value == 3


def test_without_a_nursery_there_are_no_helpers() -> None:
    made = Nursery(())
    assert not made.ready
    with pytest.raises(HelperLost):
        made.helper()


def test_one_that_cannot_come_up_is_not_tried_again_at_once() -> None:
    made = Nursery(("explorer.no_such_module",), {"PYTHONWARNINGS": "ignore"})
    made.start()
    first = made._process
    assert first is not None
    assert first.wait(SOON) != 0
    assert not made.ready
    made.start()
    assert made._process is first
    made.close()


SERVER = """
import os, time
from explorer.training import heap
from explorer.training.nursery import Nursery
made = Nursery(())
made.start()
while not made.ready:
    time.sleep(0.01)
helper = made.helper()
print(made._process.pid, helper._process, flush=True)
time.sleep(600)
"""


def test_none_outlives_a_server_that_is_killed() -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    pids = [int(pid) for pid in server.stdout.readline().split()]
    assert len(pids) == 2
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    server.kill()
    server.wait()
    server.stdout.close()
    until(lambda: not any(_runs(pid) for pid in pids))


def _runs(pid: int) -> bool:
    """Not so a process that has ended and that nobody has asked how."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_nursery_that_cannot_be_forked_is_done_without(monkeypatch, caplog):
    made = Nursery((__name__,))

    def refused(*args, **options):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)
    made.start()
    assert not made.ready
    assert "temporarily unavailable" in caplog.text
    with pytest.raises(HelperLost):
        made.helper()
