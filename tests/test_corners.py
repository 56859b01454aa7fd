"""What the sliders allow together can be built: every corner of every entry's ranges."""

from itertools import product

import pytest

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.mcmc.kernels import KERNELS
from explorer.networks.mlp import NETWORKS

REGISTRIES = (DISTRIBUTIONS, PROCESSES, SAMPLERS, KERNELS, NETWORKS)


@pytest.mark.parametrize(
    "entry", [e for r in REGISTRIES for e in r.values()], ids=lambda e: e.label
)
def test_every_corner_of_its_ranges_builds(entry):
    for corner in product(*((p.low, p.default, p.high) for p in entry.params)):
        entry.build({p.name: value for p, value in zip(entry.params, corner, strict=True)})
