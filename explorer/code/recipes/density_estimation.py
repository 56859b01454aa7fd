"""The script of the page "Density estimation"."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.data.estimators import Histogram, KernelDensity, histogram, kernel_density
from explorer.diffusion.likelihood import log_density
from explorer.training.model import Model

BODY = f"""{learned.IMPORTS}
from explorer.data.estimators import cross_validated, histogram, kernel_density, scott, silverman
from explorer.diffusion.likelihood import log_density
{learned.LOAD}
points = distribution.sample(spec.config.data_size, Generator().manual_seed(spec.seed))
held_out = distribution.sample(1000, Generator().manual_seed(10_001))
widths = {{
    "cv": cross_validated,
    "scott": lambda points: scott(*points.shape),
    "silverman": lambda points: silverman(*points.shape),
}}
width = factor if rule == "own" else widths[rule](points)
boxes, kernels = histogram(points, bins), kernel_density(points, width)
spread = float((distribution.covariance.diagonal() + distribution.mean.square()).mean().sqrt())
by_flow = log_density(process, model.score, held_out, spread=spread, steps=40)
truth = distribution.log_prob(held_out)
print(f"truth={{float(truth.mean()):.3f}} bins={{boxes.bins}} width={{width:.3g}}")
for name, values in (
    ("histogram", boxes.log_prob(held_out)),
    ("kernels", kernels.log_prob(held_out)),
    ("diffusion", by_flow),
):
    error = float((truth - values).std()) / len(values) ** 0.5
    print(f"{{name}}: held_out={{float(values.mean()):.3f}}", end=" ")
    print(f"below={{float((truth - values).mean()):.3f}} error={{error:.3f}}")
"""


def density_script(network: Trained, bins: int, rule: str, factor: float) -> str:
    """Three estimates of one density and their held-out log-likelihood."""
    settings = {
        "spec": network.spec,
        "weights": network.file,
        "bins": bins,
        "rule": rule,
        "factor": factor,
    }
    doc = "A density from its points: a histogram, kernels, and a diffusion model."
    return made.script(doc, BODY, settings, keep=learned.kept(network.spec))


def recipe(network: Trained, bins: int, rule: str, factor: float) -> Recipe:
    return Recipe(
        "density_estimation",
        (
            r"\hat p(x)=\tfrac1n\textstyle\sum_i\mathcal N(x;x_i,h^2C)",
            r"\log\hat p(x_0)=\log p_T(x_T)+\int_0^T\nabla\!\cdot v(x_t,t)\,dt",
        ),
        (histogram, Histogram, kernel_density, KernelDensity, log_density, Model.score),
        partial(density_script, network, bins, rule, factor),
        {network.file: network.read},
    )
