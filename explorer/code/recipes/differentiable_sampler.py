"""The script of the page "Steer the flow"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.data.spec import DistributionSpec
from explorer.diffusion.differentiable import descend, endpoint, jacobian
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.steps import SharedNoise
from explorer.diffusion.trajectory import exact_score
from explorer.registry import Values
from explorer.training.model import Model

_EXACT = f"""
import torch
from torch import Generator

from explorer.diffusion.differentiable import descend, jacobian
from explorer.diffusion.trajectory import exact_score

{made.ONE_THREAD}
score = exact_score(distribution, process)
"""
_LEARNED = f"""{learned.IMPORTS}
from explorer.diffusion.differentiable import descend, jacobian
{learned.LOAD}
score = model.score
"""
_STEER = """
start = process.prior((seeds, 2), Generator().manual_seed(seed))
found = descend(
    process,
    score,
    step,
    start,
    torch.tensor(target),
    process.grid(steps),
    iterations=iterations,
    rate=rate,
    seed=seed,
)
distances = (2 * found.losses).sqrt().amax(dim=1).tolist()
for iteration in range(0, iterations + 1, max(iterations // 8, 1)):
    print(f"  after {iteration} iterations the farthest is {distances[iteration]:.4f} away")
print(f"first={distances[0]:.2f} last={distances[-1]:.2g}")
for x_T, x_0 in zip(found.starts[-1].tolist(), found.paths[-1, -1].tolist()):
    print("  x_T", *(f"{part:.4f}" for part in x_T), "x_0", *(f"{part:.4f}" for part in x_0))
"""
_MAP = """
draws = process.prior((300, 2), Generator().manual_seed(1))
_, slopes = jacobian(process, score, step, draws, process.grid(steps), seed)
sizes = torch.linalg.slogdet(slopes).logabsdet.double().exp()
low, middle, high = torch.quantile(sizes, torch.tensor([0.05, 0.5, 0.95]).double()).tolist()
print("|det J| of the map from noise to data, over the noise:")
print(f"low={low:.2g} middle={middle:.2g} high={high:.2g}")
"""


@dataclass(frozen=True)
class Aim:
    """Where seeds are steered to, how many, and how: `rate` is in units of the noise."""

    target: tuple[float, float]
    seeds: int
    iterations: int
    rate: float


@dataclass(frozen=True)
class Map:
    """A sampler as a map; `network` has the score, which is exact without one."""

    distribution: DistributionSpec
    process: ProcessSpec
    sampler: str
    values: Values
    steps: int
    seed: int
    network: Trained | None = None


def differentiable_script(way: Map, aim: Aim | None) -> str:
    """The descent to a target, or without one how much the map stretches the noise."""
    settings: dict[str, Any] = {}
    if aim is not None:
        settings = {
            "target": aim.target,
            "seeds": aim.seeds,
            "iterations": aim.iterations,
            "rate": aim.rate,
        }
    settings |= {
        "step": made.made(SAMPLERS[way.sampler], way.values),
        "steps": way.steps,
        "seed": way.seed,
    }
    end = _MAP if aim is None else _STEER
    doc = "A sampler with a gradient: from its sample back to its noise."
    if way.network is not None:
        spec = way.network.spec
        settings |= {"weights": way.network.file, "spec": spec}
        return made.script(doc, _LEARNED + end, settings, keep=learned.kept(spec))
    settings |= {
        "distribution": made.distribution(way.distribution),
        "process": made.process(way.process),
    }
    return made.script(doc, _EXACT + end, settings)


DESCENT = r"x_T\leftarrow x_T-\eta\,J^\top(x_0-y),\qquad J=\frac{\partial x_0}{\partial x_T}"
VOLUME = r"\log p_0(x_0)=\log p_T(x_T)-\log\left|\det J\right|"


def recipe(way: Map, aim: Aim | None) -> Recipe:
    """`differentiable_script` with what it needs."""
    score = exact_score if way.network is None else Model.score
    return Recipe(
        "differentiable_sampler",
        (DESCENT, VOLUME, SAMPLERS[way.sampler].latex),
        (descend, jacobian, endpoint, SAMPLERS[way.sampler].make, score, SharedNoise),
        partial(differentiable_script, way, aim),
        {} if way.network is None else {way.network.file: way.network.read},
    )
