"""The source of the very functions that a page runs."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def source(thing: Callable[..., Any]) -> str:
    """The source of a function, class or method, below a comment that says where it lives."""
    thing = plain(thing)
    place = f"{thing.__module__.replace('.', '/')}.py"
    return f"# {place}\n{textwrap.dedent(inspect.getsource(thing))}"


def plain(thing: Callable[..., Any]) -> Callable[..., Any]:
    """What was written: without decorators, bound arguments, and, of an inner function, its maker.

    A sampler's step is a function inside the one that takes its numbers; that one is given.
    """
    if isinstance(thing, functools.partial):
        thing = thing.func
    thing = inspect.unwrap(thing)
    outer, inner, _ = getattr(thing, "__qualname__", "").partition(".<locals>")
    if inner:
        found: Any = inspect.getmodule(thing)
        for name in outer.split("."):
            found = getattr(found, name)
        return plain(found)
    return thing


def name_of(thing: Callable[..., Any]) -> str:
    return plain(thing).__qualname__
