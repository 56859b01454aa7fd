"""What is tried: a reader of bytes, good inputs to start from, and how they are spoiled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.mutations import Mutation, of_bytes

Reader = Callable[[bytes], Any]


@dataclass(frozen=True, eq=False)
class Target:
    """`reader(folder)` makes a function that takes bytes, and may use `folder` for files.

    share: of all inputs, against the other targets.  modules: whose lines are counted.
    """

    name: str
    reader: Callable[[Path], Reader]
    seeds: Callable[[], tuple[bytes, ...]]
    mutation: Mutation = of_bytes
    share: int = 10
    modules: tuple[str, ...] = ()
    largest: int = 20_000


def text(data: bytes) -> str:
    """Bytes as the text that a link or a field would hold."""
    return data.decode("utf-8", "replace")


def warm(reader: Reader, data: bytes) -> None:
    """Once without a guard, so that what is imported late has been imported."""
    with contextlib.suppress(Exception):  # to be found again, and told, by the guard
        reader(data)
