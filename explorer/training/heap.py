"""What the C library does with freed memory: where it lets us, it keeps less of it (glibc)."""

from __future__ import annotations

import ctypes
import functools
import sys

ARENAS = 2
"""Heaps that threads share. Left alone, glibc opens eight for every core, one for each session's
thread, and each keeps what was freed in it."""
APART = 8 << 20
"""Bytes from which an array gets memory of its own, which goes back to the system with it. Left
alone, glibc takes arrays of up to 32 MiB from the heap once it has seen one that large. From 1 MiB
a race took a third longer, for the system has to clear every page; from 8 MiB it took no longer."""
APART_IN_A_CROWD = 1 << 20
"""The same while many are there: what arrays leave free between those that are kept is then gone at
once, and dear scenes, which would take longer, are computed by helpers. By `benchmarks load 30 5`
the server held 1.00 to 1.01 times the start once a class was gone."""
ON_TOP = 64 << 20
"""Free bytes at the top of the heap that are kept, lest it shrinks and grows all the time."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


@functools.cache
def _libc() -> ctypes.CDLL | None:
    """The C library, where it is one that can be told; None elsewhere."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def stay_small() -> None:
    """Let what this process allocates from now on leave few holes. Before threads are started."""
    if (libc := _libc()) is not None:
        libc.mallopt(_M_ARENA_MAX, ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, APART)
        libc.mallopt(_M_TRIM_THRESHOLD, ON_TOP)


def expect(crowd: bool) -> None:
    """From which size arrays have memory of their own, from now on."""
    if (libc := _libc()) is not None:
        libc.mallopt(_M_MMAP_THRESHOLD, APART_IN_A_CROWD if crowd else APART)


def give_back() -> None:
    """Return to the system every page of memory that nobody uses."""
    if (libc := _libc()) is not None:
        libc.malloc_trim(0)
