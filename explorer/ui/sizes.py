"""How much memory values hold: every array, tensor, text and container that they reach, once."""

from __future__ import annotations

import sys
import weakref
from collections import deque
from functools import cache, partial
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

LUMP = 1024
"""Bytes below which `lumped` tells nothing apart. Scenes consist of thousands of such parts, and an
address with its size takes as much memory as many of them are."""
_TENSOR = 600
"""Bytes of a tensor beside its numbers: some 590, measured over 100,000 of one element."""
_PASSED_OVER = (
    *(int, float, complex, bool, type(None), np.generic),
    *(type, ModuleType, BuiltinFunctionType),
)
"""Too small to count, or of the program and not of a value that names it."""
_SMALL = frozenset({int, float, complex, bool, type(None)})
"""Those of them of which there are thousands in a list."""


def parts(*values: object) -> dict[int, int]:
    """Address → bytes of whatever the values reach; equal addresses in two answers are one thing.

    A view of an array counts as the whole array, and a tensor that shares its memory with an array
    counts once. A Plotly figure is one thing with all that it holds: scenes share their axes, and
    its two thousand pieces would take longer to look through than the scene to compute.
    """
    # the first page does without Plotly, and without it there is no figure
    figure = getattr(sys.modules.get("plotly.basedatatypes"), "BaseFigure", ())
    return _reached(list(values), whole=figure)


def lumped(key: object, value: object) -> dict[int, int]:
    """`parts` of a value and its key, of which the small ones count as one that is its alone."""
    found = parts(key, value)
    large = {address: size for address, size in found.items() if size >= LUMP}
    return {-id(value): sum(found.values()) - sum(large.values()), **large}


def _reached(waiting: list[object], whole: Any) -> dict[int, int]:
    """`parts` of what waits, of which the kind `whole` counts as one thing."""
    # the first page does without torch, too
    tensor: Any = getattr(sys.modules.get("torch"), "Tensor", ())
    found: dict[int, int] = {}
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        which = id(value)
        if which in seen or isinstance(value, _PASSED_OVER):
            continue
        seen.add(which)
        if isinstance(value, tensor):
            memory = value.untyped_storage()
            found[which] = _TENSOR
            found[memory.data_ptr()] = memory.nbytes()
        elif isinstance(value, whole):
            found[which] = _size_of_figure(value)
        elif isinstance(value, np.ndarray) and value.flags.owndata:
            found[value.ctypes.data] = sys.getsizeof(value)
        else:
            found[which] = sys.getsizeof(value)
            waiting += [inner for inner in _held(value) if type(inner) not in _SMALL]
    return found


_FIGURES: dict[int, int] = {}
"""The bytes of each figure that is still there, by its identity: once drawn it stays as it is."""


def _size_of_figure(figure: object) -> int:
    which = id(figure)
    if which not in _FIGURES:
        _FIGURES[which] = sum(_reached([figure], whole=()).values())
        weakref.finalize(figure, _FIGURES.pop, which, None)
    return _FIGURES[which]


def _held(value: object) -> list[object]:
    """What a value holds. Containers are copied first: another thread may change them meanwhile."""
    if isinstance(value, (str, bytes)):
        return []
    if isinstance(value, dict):
        return [*list(value.keys()), *list(value.values())]
    if isinstance(value, (tuple, list, set, frozenset, deque)):
        return list(value)
    if isinstance(value, np.ndarray):
        return [value.base]
    if isinstance(value, FunctionType):
        return [_content(cell) for cell in value.__closure__ or ()]
    if isinstance(value, MethodType):
        return [value.__self__]
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    kind: Any = type(value)
    slots = [getattr(value, name, None) for name in _slots(kind)]
    return [getattr(value, "__dict__", None), *slots]


@cache
def _slots(kind: type) -> tuple[str, ...]:
    """The names of all slots of a type and of what it descends from."""
    found: list[str] = []
    for each in kind.__mro__:
        names = each.__dict__.get("__slots__", ())
        found += [names] if isinstance(names, str) else names
    return tuple(found)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a name that the function has not bound yet
        return None
