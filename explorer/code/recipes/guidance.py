"""The script of the page "Guidance"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes.learned import GIVEN_WEIGHTS
from explorer.data.labelled import LABELLED, of_class
from explorer.diffusion.guidance import guided, interval, tilted_log_density
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score
from explorer.training.labelled import LabelledModel, LabelledSpec

_IMPORTS = """
import sys

import torch
from torch import Generator

from explorer.data.labelled import of_class
from explorer.diffusion.guidance import guided, interval
from explorer.diffusion.trajectory import exact_score, simulate
from explorer.metrics import Truth, mode_coverage
"""
_EXACT = f"""{_IMPORTS}
{made.ONE_THREAD}
asked_for = of_class(mixture, label)
plain = exact_score(mixture, process)
told = exact_score(asked_for, process)
weak = exact_score(asked_for.noised(1.0, blur), process)
"""
_LEARNED = f"""{_IMPORTS}
from safetensors.torch import load_file

from explorer.training.labelled import models

{made.ONE_THREAD}{GIVEN_WEIGHTS}
final, early = models(spec, tensors)
asked_for = of_class(mixture, label)
plain, told, weak = final.score(), final.score(label), early.score(label)
"""
_END = """
scale = interval(process, w, *within) if within else w
methods = {
    "no guidance": told,
    "classifier-free": guided(plain, told, scale),
    "autoguidance": guided(weak, told, scale),
}
start = process.prior((800, mixture.dim), Generator().manual_seed(seed))
truth = Truth.of(asked_for, 800)
draws = asked_for.sample(4000, Generator().manual_seed(5))
limit = torch.quantile(asked_for.log_prob(draws), 0.005)  # below it lie few true draws
for name, score in methods.items():
    rng = Generator().manual_seed(seed + 1)
    with torch.inference_mode():
        x = simulate(process, score, step, start, process.grid(steps), rng).xs[-1]
    coverage = mode_coverage(x, asked_for)
    shift = float((x.mean(dim=0) - asked_for.mean).norm())
    spread = float((x.var(dim=0).sum() / asked_for.covariance.diagonal().sum()).sqrt())
    strays = float((asked_for.log_prob(x) < limit).float().mean())
    print(name)
    print(
        f"  ratio={truth.sliced_wasserstein(x).ratio:.1f} shift={shift:.2f} spread={spread:.0%}",
        f"found={coverage.found} strays={strays:.1%}",
    )
"""


def guidance_script(
    data: str,
    process: ProcessSpec,
    label: int,
    w: float,
    blur: float,
    within: tuple[float, float] | None,
    sampler: str,
    steps: int,
    seed: int,
    network: LabelledSpec | None = None,
    file: str = "",
) -> str:
    """The table of the page: a class's own score, classifier-free guidance and autoguidance.

    data: of `LABELLED`.  network, file: whose scores they are and where its weights lie; without
    them they are exact.  The rest as on the page.
    """
    settings: dict[str, Any] = {
        "mixture": made.made(LABELLED[data]),
        "process": made.process(process),
        "label": label,
        "w": w,
        "within": within,
        "step": made.made(SAMPLERS[sampler]),
        "steps": steps,
        "seed": seed,
    }
    doc = "Guidance: away from a weaker score, and past the class's own."
    if network is None:
        return made.script(doc, _EXACT + _END, settings | {"blur": blur})
    settings |= {"weights": file, "spec": network}
    keep = {"LABELLED": {network.data}, "PROCESSES": {network.process}}
    return made.script(doc, _LEARNED + _END, settings, keep=keep)


COMBINED = (
    r"s=s_{\text{weak}}+w\,(s_c-s_{\text{weak}}),\qquad "
    r"s_c=\nabla\log p_t(x\mid c),\quad s_{\text{weak}}=\nabla\log p_t(x)\ \text{or a worse }s_c"
)
BAYES = r"\nabla\log p_t(x\mid c)-\nabla\log p_t(x)=\nabla_x\log p(c\mid x_t)"


def recipe(
    data: str,
    process: ProcessSpec,
    label: int,
    w: float,
    blur: float,
    within: tuple[float, float] | None,
    sampler: str,
    steps: int,
    seed: int,
    network: LabelledSpec | None = None,
    files: Mapping[str, Callable[[], bytes]] | None = None,
) -> Recipe:
    """`guidance_script` with what it needs. files: of a network, the one with its weights."""
    files = files or {}
    score = exact_score if network is None else LabelledModel.score
    return Recipe(
        "guidance",
        (COMBINED, BAYES, SAMPLERS[sampler].latex),
        (guided, interval, of_class, score, SAMPLERS[sampler].make, tilted_log_density),
        partial(
            guidance_script,
            data,
            process,
            label,
            w,
            blur,
            within,
            sampler,
            steps,
            seed,
            network,
            next(iter(files), ""),
        ),
        files,
    )
