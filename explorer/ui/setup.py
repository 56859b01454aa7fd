"""What is diffused and how: a distribution and a process, chosen and kept as specs.

A spec is names and numbers alone, so it can be hashed, compared, and kept in a link. What it
stands for is built from it once and shared, read-only, by all sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.data.distributions import DISTRIBUTIONS, ExactDistribution, from_spec
from explorer.data.mixture_spec import MixtureSpec
from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES
from explorer.ui import controls
from explorer.ui.mixture_editor import edit_mixture

Values = tuple[tuple[str, float | int], ...]


@dataclass(frozen=True)
class DistributionSpec:
    """An entry of `DISTRIBUTIONS` with its numbers, or a mixture that the user edited."""

    name: str
    values: Values = ()
    mixture: MixtureSpec | None = None

    def build(self) -> ExactDistribution:
        return _distribution(self)


@dataclass(frozen=True)
class ProcessSpec:
    """An entry of `PROCESSES` with its numbers."""

    name: str
    values: Values = ()

    def build(self) -> Process:
        return PROCESSES[self.name].build(dict(self.values))


@st.cache_resource(max_entries=64, show_spinner=False)
def _distribution(spec: DistributionSpec) -> ExactDistribution:
    if spec.mixture is not None:
        return from_spec(spec.mixture)
    return DISTRIBUTIONS[spec.name].build(dict(spec.values))


def choose_distribution(dim: int, *, default: str) -> DistributionSpec:
    """The controls for a distribution of `dim` coordinates, with a table for one's own mixture."""
    name, values = controls.choose(
        DISTRIBUTIONS,
        key=f"dist{dim}",
        label="Distribution",
        default=default,
        where=lambda _, entry: entry.dim == dim,
    )
    entry = DISTRIBUTIONS[name]
    if entry.note:
        st.caption(entry.note)
    mixture = edit_mixture(dim, key=f"mix{dim}") if name == f"custom-{dim}d" else None
    return DistributionSpec(name, tuple(values.items()), mixture)


def choose_process(*, default: str) -> ProcessSpec:
    """The controls for a noise process."""
    name, numbers = controls.choose(PROCESSES, key="proc", label="Noise process", default=default)
    return ProcessSpec(name, tuple(numbers.items()))


def choose_rival(place: int, *, default: str) -> ProcessSpec | None:
    """The controls for a process to compare with, or none."""
    options = {"none": "–", **{name: entry.label for name, entry in PROCESSES.items()}}
    key = f"vs{place}"
    name = controls.option(options, key=key, label="Compare with", default=default)
    if name == "none":
        return None
    params = PROCESSES[name].params
    values = [(p.name, controls.number(p, key=f"{key}.{name}.{p.name}")) for p in params]
    return ProcessSpec(name, tuple(values))
