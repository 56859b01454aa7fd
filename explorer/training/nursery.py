"""Helpers: processes beside the server, for work that would take the interpreter from its pages.

A nursery imports what the work needs, once; each helper is then forked from it in milliseconds and
shares that memory. All end with the server, however it ends, since then nobody holds the other ends
of their sockets. What passes through these comes from this program alone: nobody else has one.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from explorer.training.parcels import packed, received

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "explorer.training.helper"
STEP = 2
"""How far helpers step back for the server, in units of `nice`: what a page does by itself is
short, and most pages need no more than that."""
BORN = 20.0
"""Seconds within which a helper must say that it is there; mostly it takes a hundredth of one."""
AGAIN = 60.0
"""Seconds after its start before which a nursery that has died is not started again."""


log = logging.getLogger(__name__)


class HelperLost(RuntimeError):
    """The helper has ended in the middle of its work, and not by a fault that it could tell."""


@dataclass(frozen=True)
class Answer:
    """What a helper sends: a value, or what the work raised; cpu: its seconds of work so far.

    last: whether the work has come to its end, after which there is no value if it sent several.
    """

    value: Any = None
    problem: Exception | None = None
    cpu: float = 0.0
    last: bool = True


class Helper:
    """A process that does one thing after another. For one thread at a time."""

    def __init__(self, line: socket.socket) -> None:
        self._line = Connection(line.detach())
        try:
            if not self._line.poll(BORN):
                raise EOFError
            self._process = int.from_bytes(self._line.recv_bytes(), "little")
            self._born_with = self._memory()
        except BaseException:
            self._line.close()
            raise

    def ask(self, work: Callable[[], Any]) -> None:
        """Begin `work`, which travels by pickle and returns a value or an iterator of values."""
        with _losing():
            self._line.send_bytes(packed(work))

    def answer(self, patience: float | None = None) -> Answer | None:
        """The next answer; None if there is none within `patience` seconds."""
        with _losing():
            if not self._line.poll(patience):
                return None
            answer: Answer = pickle.loads(received(self._line))
        return answer

    def grown(self) -> int:
        """Bytes that it has in memory beyond what it had when it was forked."""
        with suppress(OSError):
            return self._memory() - self._born_with
        return 0  # it has ended, as will be found by who asks it next

    def _memory(self) -> int:
        """Bytes but those of files: of `/proc/PID/statm`, resident pages less shared ones."""
        resident, shared = Path(f"/proc/{self._process}/statm").read_text().split()[1:3]
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")

    def dismiss(self) -> None:
        """End it, in the middle of its work if need be."""
        if not self._line.closed:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)
            self._line.close()


class Nursery:
    """Where helpers come from. Safe for threads.

    modules: what it imports before it forks the first.  settings: variables of its environment,
    for itself and all helpers.
    """

    def __init__(self, modules: tuple[str, ...], settings: Mapping[str, str] | None = None) -> None:
        self._modules, self._settings = modules, dict(settings or {})
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._started = float("-inf")

    def start(self) -> None:
        """Let it come up, which takes some seconds of another core; nothing where it is up, has
        died or failed less than `AGAIN` seconds after its start, or processes cannot be forked."""
        with self._lock:
            if self._alive() or time.monotonic() - self._started < AGAIN or not _can_fork():
                return
            self._end()
            self._started = time.monotonic()
            try:
                self._fork()
            except OSError as problem:  # too many processes or files: the server does without
                log.warning("no helpers: %s", problem.strerror)
                self._end()

    def _fork(self) -> None:
        self._line, theirs = socket.socketpair()
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", PROGRAM, str(theirs.fileno()), *self._modules],
                env={**os.environ, **self._settings, "PYTHONPATH": path},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )

    @property
    def ready(self) -> bool:
        """Whether it has imported all, and can bring up a helper at once."""
        with self._lock:
            return self._alive() and self._has_said_so()

    def helper(self) -> Helper:
        """A new one; HelperLost where there is no nursery that could bring it up."""
        ours, theirs = socket.socketpair()
        with ours, _losing():
            with theirs, self._lock:
                if self._line is None:
                    raise HelperLost("there is no nursery")
                socket.send_fds(self._line, [b"+"], [theirs.fileno()])
            return Helper(ours)

    def close(self) -> None:
        """End it. Helpers that are at work go on until they are dismissed; `start` may follow."""
        with self._lock:
            self._end()
            self._started = float("-inf")

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._line = None

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _has_said_so(self) -> bool:
        """It sends one byte, which is left in the socket to be seen again."""
        assert self._line is not None
        try:
            return bool(self._line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False


@contextmanager
def _losing() -> Iterator[None]:
    """Whatever tells of a broken line is a HelperLost."""
    try:
        yield
    except (EOFError, OSError) as problem:
        raise HelperLost(f"A helper was lost ({type(problem).__name__}).") from problem


def _can_fork() -> bool:
    return sys.platform == "linux"
