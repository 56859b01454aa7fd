"""The Noise schedules page's charts and its doctor's findings, once for equal requests."""

from __future__ import annotations

from explorer.data.spec import DistributionSpec
from explorer.diffusion.doctor import Diagnosis, diagnose
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.figures import schedules
from explorer.figures.layers import Pane
from explorer.ui.cache import cached
from explorer.ui.scenes import shared_view


@cached
def curves(specs: tuple[ProcessSpec, ...], scale: float = 1.0) -> Pane:
    """The processes' schedules over one another."""
    named = [(PROCESSES[spec.name].label, spec.build()) for spec in specs]
    return schedules.curves(named, scale=scale)


@cached
def end(process: ProcessSpec, distribution: DistributionSpec, scale: float = 1.0) -> Pane:
    """Where the process ends, over the noise that samplers start from."""
    view = shared_view(distribution, process, False, False)
    return schedules.end_against_noise(view.process, view.distribution, scale=scale)


@cached
def diagnosis(process: ProcessSpec, distribution: DistributionSpec) -> Diagnosis:
    """Whether the process reaches its noise."""
    view = shared_view(distribution, process, False, False)
    return diagnose(view.process, view.distribution)
