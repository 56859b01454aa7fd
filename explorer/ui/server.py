"""What the server does around the pages: it has their code ready before the first is asked for."""

from __future__ import annotations

import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from explorer.ui import heap

_FIRST = ("PIL.Image", "numpy", "explorer.ui.frame", "explorer.ui.warmup")
"""What the first page needs, whichever it is."""


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """Import what the first page needs while its browser still loads its own code."""
    heap.few_arenas()
    threading.Thread(target=_import_first, name="imports", daemon=True).start()
    yield


def _import_first() -> None:
    for name in _FIRST:
        importlib.import_module(name)
