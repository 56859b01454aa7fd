"""What a thread that trains must do to leave the pages their pace."""

from __future__ import annotations

import logging
import os
import sys
import threading

NICE = 5
"""How far a worker steps back for the threads that draw pages, in units of `nice`.

Measured on two cores: work of a page that takes 35 ms alone takes 40 ms (95 % within 112 ms) beside
one training and 51 ms beside two of equal priority; at nice 5, 35 ms (46 ms) and 37 ms. Where no
other program wants the cores, training keeps its pace; beyond 5 it loses more than pages gain.
"""

log = logging.getLogger(__name__)


def available_cores() -> int:
    """The cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def step_back() -> None:
    """Make this thread compute on one core, and at a lower priority where threads have one (Linux).

    Small tensors gain nothing from a second core: its thread mostly waits, and pages need it.
    """
    import torch  # here, so that the first page can count cores before it is loaded

    torch.set_num_threads(1)
    if sys.platform == "linux":
        try:
            pages = os.getpriority(os.PRIO_PROCESS, os.getpid())
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(pages + NICE, 19))
        except OSError as problem:  # some containers forbid it; the thread works all the same
            log.warning("a training thread keeps its full priority: %s", problem)
