"""Versions of packages against the bounds that requirements set, by their numbers alone."""

from __future__ import annotations

import re


def satisfies(version: str, bounds: str) -> bool:
    """Whether `version` keeps bounds such as ">=2.6,<2.14", by their numbers."""
    here = _numbers(version)
    for bound in filter(None, (part.strip() for part in bounds.split(","))):
        sign, there = re.match(r"([<>=!~]+)\s*(.+)", bound).groups()  # type: ignore[union-attr]
        limit = _numbers(there)
        width = max(len(here), len(limit))
        a, b = (numbers + (0,) * (width - len(numbers)) for numbers in (here, limit))
        kept = {">=": a >= b, "<": a < b, "<=": a <= b, ">": a > b, "==": a == b, "!=": a != b}
        if sign not in kept:
            raise ValueError(f"{bound!r} in the requirements; {', '.join(kept)} are understood")
        if not kept[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version: 2.13.0+cpu is (2, 13, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])
