"""The script of the page "Diffusion against MCMC"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.script import ONE_THREAD, Text
from explorer.contest import common_start, diffuse, steps_within
from explorer.data.spec import DistributionSpec
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.mcmc.chains import Tuning, run
from explorer.mcmc.diagnostics import effective_sample_size, summary
from explorer.mcmc.kernels import KERNELS
from explorer.registry import Values

ChainLane = tuple[str, Values, float]
"""A kernel's name, its numbers, and the acceptance its step is tuned to; 0: not tuned."""

_BODY = f"""
import torch
from torch import Generator

from explorer.contest import common_start, diffuse
from explorer.mcmc.chains import run
from explorer.mcmc.diagnostics import misplaced, modes_over_time, occupancy, summary
from explorer.metrics import Truth

{ONE_THREAD}
rng = Generator().manual_seed(seed)
start = common_start(distribution, process, in_one_mode, chains, rng)
truth, weights = Truth.of(distribution, chains), distribution.mode_weights


def say(label: str, evaluations: int, end: torch.Tensor) -> None:
    modes = modes_over_time(end[None], distribution)
    wrong = misplaced(occupancy(modes, len(weights)), weights)
    reading = truth.sliced_wasserstein(end)
    print(label)
    print(
        f"  evaluations={{evaluations}} misplaced={{float(wrong[0]):.1%}}",
        f"spread={{truth.spread(end):.2f}} distance={{reading.value:.3f}}",
        f"ratio={{reading.ratio:.1f}}",
    )


for label, (kernel, anneals) in kernels.items():
    rng = Generator().manual_seed(seed + 1)
    made = run(kernel, distribution, start.x0, budget, rng)
    say(label, int(made.spent[-1]), made.xs[-1])
    modes = modes_over_time(made.xs, distribution)
    found = summary(made, distribution, modes, anneals)
    if found.acceptance is not None:
        print(f"  taken={{found.acceptance:.0%}} energy={{found.energy:.3g}}")
    if found.ess is not None:
        print(f"  thinks={{found.ess:.1f}} draws={{found.draws}} truth={{found.worth:.1f}}")
    if made.step_sizes is not None:
        print(f"  step={{float(made.step_sizes[-1]):.4g}}")

rng = Generator().manual_seed(seed + 1)
way = diffuse(process, distribution, step, start.x_t, steps, rng)
say(sampler, way.evaluations, way.xs[-1])
"""


def contest_script(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: Sequence[ChainLane],
    sampler: tuple[str, Values],
    in_one_mode: bool,
    budget: int,
    chains: int,
    seed: int,
) -> str:
    """Chains and a diffusion sampler from one start, and the figures of the page's table."""
    kernels = {
        f"{place}. {KERNELS[name].label}": (_kernel(name, values, aim), KERNELS[name].anneals)
        for place, (name, values, aim) in enumerate(lanes, start=1)
    }
    entry = SAMPLERS[sampler[0]]
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
        "kernels": kernels,
        "sampler": entry.label,
        "step": made.made(entry, sampler[1]),
        "steps": steps_within(entry, budget),
        "in_one_mode": in_one_mode,
        "budget": budget,
        "chains": chains,
        "seed": seed,
    }
    return made.script("Markov chains and a diffusion sampler on one budget.", _BODY, settings)


def _kernel(name: str, values: Values, aim: float) -> Text:
    """How a kernel is made, or its tuning, as Python."""
    entry = KERNELS[name]
    if not aim:
        return made.made(entry, values)
    numbers = {param.name: param.default for param in entry.params} | dict(values)
    step = numbers["step"]
    inner = made.call(entry.make, **{**numbers, "step": Text("step")})
    make = Text(f"lambda step: {inner.text}", inner.names)
    return made.call(Tuning, make=make, step=step, aim=aim)


def recipe(
    distribution: DistributionSpec,
    process: ProcessSpec,
    lanes: Sequence[ChainLane],
    sampler: tuple[str, Values],
    in_one_mode: bool,
    budget: int,
    chains: int,
    seed: int,
) -> Recipe:
    """`contest_script` with what it needs."""
    entries = [KERNELS[name] for name in dict.fromkeys(name for name, _, _ in lanes)]
    rival = SAMPLERS[sampler[0]]
    return Recipe(
        "diffusion_against_mcmc",
        (*(entry.latex for entry in entries), rival.latex, process.build().latex),
        (
            *(entry.make for entry in entries),
            run,
            rival.make,
            common_start,
            diffuse,
            effective_sample_size,
            summary,
        ),
        partial(
            contest_script,
            distribution,
            process,
            tuple(lanes),
            sampler,
            in_one_mode,
            budget,
            chains,
            seed,
        ),
    )
