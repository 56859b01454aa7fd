"""Prometheus' text format, version 0.0.4, written by hand: HELP, TYPE, and a line a sample."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Samples = Mapping[tuple[tuple[str, str], ...], float]
"""Numbers by their labels, which are pairs of a name and a value."""


@dataclass(frozen=True)
class Family:
    """A metric: `kind` is counter, whose name ends in _total, or gauge."""

    name: str
    kind: str
    help: str
    samples: Samples


def gauge(name: str, help: str, value: float) -> Family:
    """A number that rises and falls, without labels."""
    return Family(name, "gauge", help, {(): value})


def counter(name: str, help: str, value: float) -> Family:
    """A number that only rises while the server runs, without labels."""
    return Family(name, "counter", help, {(): value})


def by(name: str, kind: str, help: str, label: str, numbers: Mapping[str, float]) -> Family:
    """A number for each value of one label."""
    return Family(name, kind, help, {((label, key),): value for key, value in numbers.items()})


def exposition(families: Iterable[Family]) -> str:
    """The families as a scraper reads them."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {_escaped(family.help)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for labels, value in family.samples.items():
            named = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels)
            lines.append(f"{family.name}{f'{{{named}}}' if named else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', r"\"")
