"""A process as names and numbers alone: it can be hashed, compared, stored, kept in a link."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES
from explorer.registry import Values, pick


@dataclass(frozen=True)
class ProcessSpec:
    """An entry of `PROCESSES` with its numbers."""

    name: str
    values: Values = ()

    def build(self) -> Process:
        """What it stands for; ValueError on a name or a number that cannot be used."""
        return pick(PROCESSES, self.name).build(dict(self.values))
