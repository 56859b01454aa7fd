"""What is diffused and how: controls for a distribution and a process, which give their specs."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.own import MOST
from explorer.data.spec import DistributionSpec
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.registry import Values
from explorer.ui import controls
from explorer.ui.mixture_editor import edit_mixture
from explorer.ui.own_data import choose_own

DATA_HELP = "What the data are draws of."
NETWORK_HELP = "It brings the distribution and the noise process that it was trained on."


def choose_dim(*, default: int) -> int:
    """The control for the number of coordinates, 1 or 2."""
    return int(
        controls.segments(
            {"1": "1D", "2": "2D"},
            key="dim",
            label="Dimensions",
            default=str(default),
            help="Points on a line, drawn over time, or points in the plane.",
        )
    )


def choose_distribution(
    dim: int, *, default: str, without: Collection[str] = ()
) -> DistributionSpec:
    """The controls for a distribution of `dim` coordinates, with one's own mixture or data.

    without: names that the page has no use for.
    """
    name, values = controls.choose(
        DISTRIBUTIONS,
        key=f"dist{dim}",
        label="Distribution",
        default=default,
        help=DATA_HELP,
        where=lambda name, entry: entry.dim == dim and name not in without,
    )
    entry = DISTRIBUTIONS[name]
    if entry.note:
        st.caption(entry.note)
    mixture = edit_mixture(dim, key=f"mix{dim}") if name == f"custom-{dim}d" else None
    if name == f"own-{dim}d":
        return choose_own_data(name, tuple(values.items()))
    return DistributionSpec(name, tuple(values.items()), mixture)


def choose_own_data(name: str, values: Values = ()) -> DistributionSpec:
    """The controls for one's own data, of the entry own-1d or own-2d."""
    own = choose_own(DISTRIBUTIONS[name].dim)
    spec = DistributionSpec(name, values, own=own)
    if own is not None and not spec.build().exact:
        st.caption(f"The score is that of up to {MOST} Gaussians that stand in for them.")
    return spec


def choose_process(*, default: str) -> ProcessSpec:
    """The controls for a noise process."""
    name, numbers = controls.choose(
        PROCESSES,
        key="proc",
        label="Noise process",
        default=default,
        help="How the signal α fades and the noise σ grows from t = 0, the data, to t = 1.",
    )
    return ProcessSpec(name, tuple(numbers.items()))


def choose_rival(place: int, *, default: str) -> ProcessSpec | None:
    """The controls for a process to compare with, or none."""
    options = {"none": "–", **{name: entry.label for name, entry in PROCESSES.items()}}
    key = f"vs{place}"
    name = controls.option(
        options,
        key=key,
        label="Compare with",
        default=default,
        help="Another noise process on the same axes.",
    )
    if name == "none":
        return None
    params = PROCESSES[name].params
    values = [(p.name, controls.number(p, key=f"{key}.{name}.{p.name}")) for p in params]
    return ProcessSpec(name, tuple(values))
