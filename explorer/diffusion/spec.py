"""A process as names and numbers alone: it can be hashed, compared, stored, kept in a link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES
from explorer.registry import Values, pick


@dataclass(frozen=True)
class ProcessSpec:
    """An entry of `PROCESSES` with its numbers."""

    name: str
    values: Values = ()

    def build(self) -> Process:
        """What it stands for, built once and shared; ValueError on unusable numbers."""
        return _built(self)


@lru_cache(maxsize=64)
def _built(spec: ProcessSpec) -> Process:
    return pick(PROCESSES, spec.name).build(dict(spec.values))
