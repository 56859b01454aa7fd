"""Closed sessions are dropped once they can no longer come back, by Streamlit's own classes."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit import runtime
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.runtime import Runtime, RuntimeConfig
from streamlit.runtime.session_manager import SessionInfo

from explorer.ui import departed


@pytest.fixture
def storage() -> Iterator[MemorySessionStorage]:
    """What a server has that was made as `streamlit run` makes it, and is not started."""
    before = Runtime._instance
    Runtime._instance = None
    kept = MemorySessionStorage()
    try:
        Runtime(
            RuntimeConfig(
                script_path="app.py",
                media_file_storage=MemoryMediaFileStorage("/media"),
                uploaded_file_manager=MemoryUploadedFileManager("/upload"),
                session_storage=kept,
            )
        )
        yield kept
    finally:
        Runtime._instance = before


def close(storage: MemorySessionStorage, name: str) -> None:
    session: Any = SimpleNamespace(id=name)
    storage.save(SessionInfo(client=None, session=session, script_run_count=1))


def test_a_session_goes_once_it_can_no_longer_come_back(storage: MemorySessionStorage) -> None:
    now = [100.0]
    stored: Any = storage._cache
    stored._timer = lambda: now[0]
    close(storage, "first")
    now[0] += 60
    close(storage, "second")
    assert departed.forget() == 2
    now[0] = 100.0 + departed.STORED - 1
    assert departed.forget() == 2
    now[0] = 100.0 + departed.STORED + 1
    assert departed.forget() == 1
    assert set(stored._data) == {"second"}
    assert storage.get("second") is not None
    now[0] += 60
    assert departed.forget() == 0
    assert not stored._data


def test_sessions_are_dropped_outside_of_the_lock(storage: MemorySessionStorage) -> None:
    manager: Any = runtime.get_instance()._session_mgr  # type: ignore[attr-defined]
    seen = []

    class Session:
        id = "one"

        def __del__(self) -> None:
            seen.append(manager._storage_lock.locked())

    stored: Any = storage._cache
    stored._timer = lambda: 0.0
    session: Any = Session()
    storage.save(SessionInfo(client=None, session=session, script_run_count=1))
    del session
    stored._timer = lambda: departed.STORED + 1
    departed.forget()
    assert seen == [False]


def test_streamlit_keeps_sessions_as_long_as_is_said() -> None:
    kept: Any = MemorySessionStorage()
    assert kept._cache.ttl == departed.STORED


def test_without_a_server_or_with_another_kind_of_storage_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "exists", lambda: False)
    assert departed.forget() == 0
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=object()))
    assert departed.forget() == 0
