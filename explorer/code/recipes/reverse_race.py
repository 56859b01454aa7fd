"""The script of the page "Reverse race"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.code.recipes.pictures import CLOUDS, HOW
from explorer.data.spec import DistributionSpec
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score, simulate
from explorer.metrics import Truth, mode_coverage
from explorer.registry import Values
from explorer.training.model import Model

_EXACT = """
import sys

import torch
from torch import Generator

from explorer.diffusion.trajectory import exact_score, simulate
from explorer.metrics import Truth, mode_coverage

torch.set_num_threads(1)  # sums in the app's order, for the app's digits
score = exact_score(distribution, process)
"""
_LEARNED = f"""{learned.IMPORTS}
from explorer.diffusion.trajectory import simulate
from explorer.metrics import Truth, mode_coverage
{learned.LOAD}
score = model.score
"""
_PRIOR = """
rng = Generator().manual_seed(seed)
start = process.prior((particles, distribution.dim), rng)
"""
_TRUE = """
rng = Generator().manual_seed(seed)
process.prior((particles, distribution.dim), rng)  # drawn, and not used
start = process.perturb(distribution.sample(particles, rng), process.grid(1)[0], rng)[0]
"""
_END = """
truth = Truth.of(distribution, particles)
clouds: dict[str, torch.Tensor] = {}
for label, (step, count) in lanes.items():
    rng = Generator().manual_seed(seed + 1)
    with torch.inference_mode():
        run = simulate(process, score, step, start, process.grid(count), rng)
    end = clouds[label] = run.xs[-1]
    reading, coverage = truth.sliced_wasserstein(end), mode_coverage(end, distribution)
    print(label)
    print(
        f"  steps={run.steps} evaluations={run.evaluations} distance={reading.value:.3f}",
        f"floor={reading.floor:.3f} ratio={reading.ratio:.1f} spread={truth.spread(end):.2f}",
        f"found={coverage.found} misplaced={coverage.error:.1%}",
    )
"""


def race_script(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: Sequence[tuple[str, Values]],
    steps: int,
    particles: int,
    seed: int,
    *,
    true_start: bool,
    network: Trained | None = None,
) -> str:
    """The lanes of a race, each a sampler's name and numbers, and the figures of the page's table.

    network: whose score is followed; the exact one without it.
    """
    texts = {}
    for place, (name, values) in enumerate(lanes, start=1):
        entry = SAMPLERS[name]
        count = 1 if entry.adaptive else steps
        texts[f"{place}. {entry.label}"] = (made.made(entry, values), count)
    common = {"lanes": texts, "particles": particles, "seed": seed}
    end = (_TRUE if true_start else _PRIOR) + _END + CLOUDS
    doc = f"Samplers side by side, from the same noise. {HOW}"
    if network is not None:
        settings = {**common, "weights": network.file, "spec": network.spec}
        return made.script(doc, _LEARNED + end, settings, keep=learned.kept(network.spec))
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
        **common,
    }
    return made.script(doc, _EXACT + end, settings)


def recipe(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: Sequence[tuple[str, Values]],
    steps: int,
    particles: int,
    seed: int,
    *,
    true_start: bool,
    network: Trained | None = None,
) -> Recipe:
    """`race_script` with what it needs."""
    entries = [SAMPLERS[name] for name in dict.fromkeys(name for name, _ in lanes)]
    score = exact_score if network is None else Model.score
    return Recipe(
        "reverse_race",
        (process.build().latex, *(entry.latex for entry in entries)),
        (*(entry.make for entry in entries), simulate, score, Truth, mode_coverage),
        partial(
            race_script,
            distribution,
            process,
            tuple(lanes),
            steps,
            particles,
            seed,
            true_start=true_start,
            network=network,
        ),
        {} if network is None else {network.file: network.read},
    )
