"""Sessions whose tabs have closed. Streamlit keeps them for two minutes, for they might come back.

After that nobody can take them up again; but it drops them only when another session closes, and
after a class nobody is left who could.
"""

from __future__ import annotations

from streamlit import runtime

STORED = 120.0
"""Seconds for which Streamlit keeps a closed session."""


def forget() -> int:
    """Drop the sessions that can no longer come back; how many are kept that still can.

    Streamlit has no public way to do it. Where it is built otherwise, nothing is done, and 0 said.
    """
    if not runtime.exists():
        return 0
    try:
        manager = runtime.get_instance()._session_mgr
        lock, stored = manager._storage_lock, manager._session_storage._cache  # type: ignore[attr-defined]
        expire = stored.expire
    except AttributeError:
        return 0
    with lock:
        dropped = expire()
        left = len(stored)
    del dropped  # outside of the lock: sessions tidy up after themselves as they go
    return left
