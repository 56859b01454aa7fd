"""The code behind a page in the state it is in: equations, functions, and a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """What "Show me the code" shows of a page.

    name: of the script's file, without its ending.  equations: LaTeX.  functions: the functions
    and classes that are run, shown by their source.  script: gives the script when it is asked
    for.  files: what the script reads, by file name, each read when it is asked for.
    """

    name: str
    equations: tuple[str, ...]
    functions: tuple[Callable[..., Any], ...]
    script: Callable[[], str]
    files: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
