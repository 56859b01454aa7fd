"""The other side of `explorer.training.nursery`: the nursery's program, and what its helpers do.

`python -m explorer.training.helper SOCKET MODULE …` is started by the server, and by nobody else.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import pickle
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from explorer.training import heap
from explorer.training.nursery import STEP, Answer
from explorer.training.parcels import hand_over, packed

IDLE = 0.3
"""Seconds without work after which a helper gives back what its last work has left free: that may
take it as long as a small scene."""


def main(control: socket.socket, modules: list[str]) -> None:
    """Import, say so, and fork a helper for each socket that comes, until there is no server."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the server ends by it, and so we
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a helper has ended
    logging.disable(logging.WARNING)  # Streamlit warns that there is no session
    os.nice(STEP)
    for name in modules:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or the first search for garbage would copy what helpers share
    with suppress(OSError):
        control.sendall(b"+")
        while True:
            said, (*lines,), *_ = socket.recv_fds(control, 1, 1)
            if not said:
                return
            if os.fork() == 0:
                control.close()
                _serve(Connection(lines[0]))
                os._exit(0)
            os.close(lines[0])


def _serve(line: Connection) -> None:
    """Do what is asked for, one thing after another, until nobody listens."""
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with suppress(EOFError, OSError):
        line.send_bytes(os.getpid().to_bytes(8, "little"))
        while True:
            if not line.poll(IDLE):
                heap.give_back()
            asked = line.recv_bytes()
            for answer in _answers(asked):
                hand_over(line, answer)


def _answers(asked: bytes) -> Iterator[bytes]:
    """The work's values as they come, or what it raised."""
    begun = time.process_time()

    def said(value: Any = None, problem: Exception | None = None, last: bool = True) -> bytes:
        return packed(Answer(value, problem, time.process_time() - begun, last))

    try:
        work: Callable[[], Any] = pickle.loads(asked)
        found = work()
        if isinstance(found, Iterator):
            for value in found:
                yield said(value, last=False)
            yield said()
        else:
            yield said(found)
    except GeneratorExit:
        raise
    except Exception as problem:
        yield said(problem=_that_travels(problem))


def _that_travels(problem: Exception) -> Exception:
    """The exception, or where it cannot be pickled, one that says the same."""
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        return RuntimeError(f"{type(problem).__name__}: {problem}")
    return problem


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
