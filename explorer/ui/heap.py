"""What the C library does with freed memory: where it lets us, it keeps less of it (glibc)."""

from __future__ import annotations

import ctypes
import functools
import sys

ARENAS = 2
"""Heaps that threads share. Left alone, glibc opens eight for every core, one for each session's
thread, and none of them gives back to the system what it has above its lowest part."""
_M_ARENA_MAX = -8


@functools.cache
def _libc() -> ctypes.CDLL | None:
    """The C library, where it is one that can be told; None elsewhere."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def few_arenas() -> None:
    """Let threads that start from now on share `ARENAS` heaps."""
    if (libc := _libc()) is not None:
        libc.mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return to the system every page of memory that nobody uses."""
    if (libc := _libc()) is not None:
        libc.malloc_trim(0)
