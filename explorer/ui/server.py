"""What the server does around the pages: logs, order in its folders, code ready for the first."""

from __future__ import annotations

import importlib
import platform
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from explorer import events
from explorer.training import heap

_FIRST = ("PIL.Image", "numpy", "explorer.ui.frame", "explorer.ui.warmup")
"""What the first page needs, whichever it is."""


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Import what the first page needs while its browser still loads its own code."""
    events.set_up()
    heap.stay_small()
    threading.Thread(target=_prepare, name="imports", daemon=True).start()
    events.tell("server_started", python=platform.python_version())
    yield
    events.tell("server_stopped")


def _prepare() -> None:
    for name in _FIRST:
        importlib.import_module(name)
    from explorer.export import work  # what a killed server left can wait for the first page

    work.sweep()
