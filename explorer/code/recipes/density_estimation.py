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
from explorer.training.spec import ModelSpec

IMPORTS = """
from explorer.data.estimators import cross_validated, histogram, kernel_density, scott, silverman
"""

POINTS = """
points = distribution.sample(spec.config.data_size, Generator().manual_seed(spec.seed))
held_out = distribution.sample(1000, Generator().manual_seed(10_001))
widths = {
    "cv": cross_validated,
    "scott": lambda points: scott(*points.shape),
    "silverman": lambda points: silverman(*points.shape),
}
width = factor if rule == "own" else widths[rule](points)
boxes, kernels = histogram(points, bins), kernel_density(points, width)
truth = distribution.log_prob(held_out)
"""

FLOW = """
spread = float((distribution.covariance.diagonal() + distribution.mean.square()).mean().sqrt())
by_flow = log_density(process, model.score, held_out, spread=spread, steps=40)
"""

SAID = """
print(f"truth={float(truth.mean()):.3f} bins={boxes.bins} width={width:.3g}")
for name, values in estimates.items():
    error = float((truth - values).std()) / len(values) ** 0.5
    print(f"{name}: held_out={float(values.mean()):.3f}", end=" ")
    print(f"below={float((truth - values).mean()):.3f} error={error:.3f}")
"""

ESTIMATES = """
estimates = {"histogram": boxes.log_prob(held_out), "kernels": kernels.log_prob(held_out)}
"""

LEARNED = "".join(
    (
        learned.IMPORTS,
        IMPORTS.lstrip(),
        "from explorer.diffusion.likelihood import log_density\n",
        learned.LOAD,
        POINTS.lstrip(),
        ESTIMATES.lstrip(),
        FLOW.lstrip(),
        'estimates["diffusion"] = by_flow\n',
        SAID.lstrip(),
    )
)
CLASSICAL = "".join(
    (
        "\nfrom torch import Generator\n",
        IMPORTS,
        "\ndistribution = spec.distribution.build()",
        POINTS,
        ESTIMATES.lstrip(),
        SAID.lstrip(),
    )
)


def density_script(
    spec: ModelSpec, network: Trained | None, bins: int, rule: str, factor: float
) -> str:
    """Estimates of one density and their held-out log-likelihood, a network's if there is one.

    spec: says the data and how many points; of the network, where there is one.
    """
    settings = {"spec": spec, "bins": bins, "rule": rule, "factor": factor}
    doc = "A density from its points: a histogram and kernels."
    body = CLASSICAL
    if network is not None:
        settings["weights"] = network.file
        doc, body = "A density from its points: a histogram, kernels, and a network.", LEARNED
    return made.script(doc, body, settings, keep=learned.kept(spec))


def recipe(spec: ModelSpec, network: Trained | None, bins: int, rule: str, factor: float) -> Recipe:
    kernels = r"\hat p(x)=\tfrac1n\textstyle\sum_i\mathcal N(x;x_i,h^2C)"
    flow = r"\log\hat p(x_0)=\log p_T(x_T)+\int_0^T\nabla\!\cdot v(x_t,t)\,dt"
    classical = (histogram, Histogram, kernel_density, KernelDensity)
    script = partial(density_script, spec, network, bins, rule, factor)
    if network is None:
        return Recipe("density_estimation", (kernels,), classical, script)
    functions = (*classical, log_density, Model.score)
    files = {network.file: network.read}
    return Recipe("density_estimation", (kernels, flow), functions, script, files)
