"""The panes of chains and of a diffusion sampler, side by side in one window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import Trajectory
from explorer.figures import fields, mcmc, runs, windows
from explorer.figures.layers import Density, Pane
from explorer.figures.view import View
from explorer.mcmc.chains import Chains
from explorer.mcmc.diagnostics import Summary
from explorer.mcmc.kernels import KernelEntry
from explorer.mcmc.langevin import noise_levels
from explorer.metrics import Reading
from explorer.ui.cache import cached

WINDOW = 2.0
"""Standard deviations of the noise that the window holds: most of it, and the data large."""


@dataclass(frozen=True)
class Row:
    """How a lane ended. summary: of chains alone."""

    label: str
    evaluations: int
    distance: Reading
    misplaced: float
    found: int
    spread: float
    summary: Summary | None


@cached(grows=True)
def view_of(distribution: DistributionSpec, process: ProcessSpec) -> View:
    return View(distribution.build(), process.build(), True, rescaled=True, sigmas=WINDOW)


@cached
def _behind(distribution: DistributionSpec, process: ProcessSpec) -> Density:
    return fields.density(view_of(distribution, process))


@cached
def _exact_1d(distribution: DistributionSpec, process: ProcessSpec) -> runs.Exact1D:
    return runs.exact_1d(view_of(distribution, process))


def finite(value: float, digits: int = 2) -> str:
    """A figure for a table; a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _note(row: Row, modes: int) -> str:
    far = f"distance {finite(row.distance.ratio, 1)} × floor"
    return f"{row.found} of {modes} modes · {far}" if modes > 1 else far


def chain_pane(
    distribution: DistributionSpec,
    process: ProcessSpec,
    entry: KernelEntry,
    values: dict[str, float | int],
    chains: Chains,
    row: Row,
    scale: float,
) -> Pane:
    view = view_of(distribution, process)
    note = _note(row, len(view.distribution.mode_weights))
    if view.distribution.dim == 1:
        exact = _exact_1d(distribution, process)
        return mcmc.strip_pane(
            view, chains, exact, link="x", title=row.label, note=note, scale=scale
        )
    if entry.anneals:
        numbers = {p.name: values.get(p.name, p.default) for p in entry.params}
        sigmas = noise_levels(numbers["sigma_max"], numbers["sigma_min"], int(numbers["levels"]))
        behind = mcmc.ladder(view, sigmas)
    else:
        behind = mcmc.still(_behind(distribution, process))
    plane = mcmc.plane(view, link="x", scale=scale)
    return mcmc.plane_pane(
        view, chains, behind, plane=plane, title=row.label, note=note, scale=scale
    )


def diffusion_pane(
    distribution: DistributionSpec,
    process: ProcessSpec,
    way: Trajectory,
    row: Row,
    scale: float,
) -> Pane:
    view = view_of(distribution, process)
    note = _note(row, len(view.distribution.mode_weights))
    colours = runs.mode_colours(view, way.xs[-1])
    shown = mcmc.thinned(way)
    if view.distribution.dim == 1:
        exact = _exact_1d(distribution, process)
        return runs.pane_1d(
            view,
            shown,
            colours,
            exact,
            link="x",
            title=row.label,
            note=note,
            paths=60,
            scale=scale,
        )
    return runs.pane_2d(
        view,
        shown,
        colours,
        _behind(distribution, process),
        plane=windows.plane(view, link="x", scale=scale),
        title=row.label,
        note=note,
        trail=8,
        scale=scale,
    )
