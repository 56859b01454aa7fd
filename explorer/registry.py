"""What a registry holds: a way to make a thing, its numbers, its equation and its source.

A registry is a plain dictionary, name → `Entry`, that lives beside what it lists. Controls, links,
code view and tests are drawn from it, so that a new thing is one function and one line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Values = tuple[tuple[str, float | int], ...]
"""Numbers by parameter, hashable."""


@dataclass(frozen=True)
class Param:
    """One number that a user may set.

    `default`, `low`, `high` and `step` are in `unit`s. An integer default makes an integer
    parameter. With `choices` the parameter takes one of these values alone, and a control shows
    them as a scale (used for λ, whose useful values span four decades).
    """

    name: str
    label: str
    default: float | int
    low: float | int
    high: float | int
    step: float | int
    help: str = ""
    unit: str = ""
    choices: tuple[float | int, ...] = ()

    @property
    def is_integer(self) -> bool:
        return isinstance(self.default, int)

    def checked(self, value: Any) -> float | int:
        """`value` as a number of this parameter, or ValueError with the range and the way out."""
        say = f"{self.label}: {shown(value)} is not usable; "
        say += f"give a number from {self.low} to {self.high}"
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(say) from None
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ValueError(say)
        if self.is_integer:
            if number != int(number):
                raise ValueError(f"{say}, without decimals")
            return int(number)
        return number


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A named maker: `make(**values)` builds the thing from one value for each of `params`."""

    make: Callable[..., T]
    label: str
    latex: str = ""
    source: str = ""
    params: tuple[Param, ...] = ()
    note: str = ""

    def build(self, values: Mapping[str, Any] | None = None) -> T:
        """The thing, with defaults for values left out; ValueError on a name or value it lacks."""
        return self.make(**self.checked(values))

    def checked(self, values: Mapping[str, Any] | None = None) -> dict[str, float | int]:
        """A value for each parameter, as `build` takes them."""
        values = dict(values or {})
        unknown = set(values) - {param.name for param in self.params}
        if unknown:
            known = ", ".join(param.name for param in self.params) or "none"
            raise ValueError(
                f"{self.label} has no parameter {shown(sorted(unknown))}; it takes {known}"
            )
        return {p.name: p.checked(values.get(p.name, p.default)) for p in self.params}


def pick(registry: Mapping[str, Entry[T]], name: str) -> Entry[T]:
    """The entry called `name`, or ValueError naming the choices."""
    if name not in registry:
        raise ValueError(f"{shown(name)} is unknown; choose one of {', '.join(registry)}")
    return registry[name]


def shown(value: Any) -> str:
    """A stranger's value as a message can show it: in one line of at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
