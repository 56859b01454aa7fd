"""The script of the page "Steps against quality"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.diffusion.trajectory import exact_score, sample
from explorer.metrics import Truth, sliced_wasserstein
from explorer.quality import BUDGETS, steps_against_quality
from explorer.training.model import Model

BODY = f"""{learned.IMPORTS}
from explorer.diffusion.trajectory import exact_score
from explorer.metrics import Truth
from explorer.quality import steps_against_quality
{learned.LOAD}
score = exact_score(distribution, process) if with_exact else model.score
start = process.prior((3000, spec.dim), Generator().manual_seed(seed))
truth = Truth.of(distribution, 1000)
for quality in steps_against_quality(process, score, truth, start, budgets=budgets, seed=seed):
    print(
        f"sampler={{quality.sampler}} budget={{quality.budget}}",
        f"evaluations={{quality.evaluations}}",
        f"distance={{quality.distance.value:.5g}} floor={{quality.distance.floor:.5g}}",
    )
"""


def quality_script(
    network: Trained,
    with_exact: bool,
    seed: int,
    budgets: Sequence[int] = BUDGETS,
) -> str:
    """Each sampler's distance to the truth at each budget of evaluations."""
    settings = {
        "with_exact": with_exact,
        "seed": seed,
        "budgets": tuple(budgets),
        "weights": network.file,
        "spec": network.spec,
    }
    doc = "How many evaluations of the score each sampler needs."
    return made.script(doc, BODY, settings, keep=learned.kept(network.spec))


DISTANCE = r"\mathrm{SW}_2(p,q)=\sqrt{\mathbb E_{\theta}\,W_2^2(\theta\cdot p,\,\theta\cdot q)}"


def recipe(network: Trained, with_exact: bool, seed: int) -> Recipe:
    return Recipe(
        "steps_against_quality",
        (DISTANCE, r"\dot x=f x-\tfrac12g^2\nabla\log p_t(x)"),
        (
            steps_against_quality,
            sample,
            exact_score if with_exact else Model.score,
            sliced_wasserstein,
            Truth,
        ),
        partial(quality_script, network, with_exact, seed),
        {network.file: network.read},
    )
