"""The script of the page "My runs": a downloaded run at work."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.steps import dpm_solver_2m
from explorer.metrics import Truth
from explorer.training.model import Model

BODY = f"""{learned.IMPORTS}
from explorer.diffusion.steps import dpm_solver_2m
from explorer.diffusion.trajectory import simulate
from explorer.metrics import Truth
{learned.LOAD}
start = process.prior((1000, spec.dim), Generator().manual_seed(10_000 + spec.seed))
rng = Generator().manual_seed(spec.seed)
with torch.inference_mode():
    run = simulate(process, model.score, dpm_solver_2m(), start, process.grid(20), rng)
reading = Truth.of(distribution, 1000).sliced_wasserstein(run.xs[-1])
print(f"evaluations={{run.evaluations}} distance={{reading.value:.4f}} floor={{reading.floor:.4f}}")
print("the first samples:", *(f"{{x.tolist()}}" for x in run.xs[-1][:3]))
"""


def run_script(network: Trained) -> str:
    """A thousand samples by a network, drawn as the page "Train" draws them."""
    settings = {"weights": network.file, "spec": network.spec}
    doc = "Samples by a network that was trained here. First download the run on My runs."
    return made.script(doc, BODY, settings, keep=learned.kept(network.spec))


def recipe(network: Trained) -> Recipe:
    return Recipe(
        "my_run",
        (
            r"s_\theta(x,t)=-\hat\varepsilon_\theta(x,t)/\sigma_t",
            SAMPLERS["dpm"].latex,
        ),
        (Model, dpm_solver_2m, Truth),
        partial(run_script, network),
        {network.file: network.read},
    )
