"""The scripts of the page "The mathematics", one a view."""

from __future__ import annotations

from functools import partial
from typing import Any

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.data.spec import DistributionSpec
from explorer.diffusion.bound import eps_weights, gaussian_kl, variational_bound
from explorer.diffusion.bound import posterior as posterior_of
from explorer.diffusion.chain import largest_gap, mean_noise, step_by_step
from explorer.diffusion.denoising import Posterior
from explorer.diffusion.denoising import posterior as posterior_given
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.training.model import Model

_CLOSED = """
import torch
from torch import Generator

from explorer.diffusion.chain import largest_gap, step_by_step

run = step_by_step(chain, torch.full((20_000, 1), x0), Generator().manual_seed(seed))
for t, x in list(zip(run.ts, run.xs.double()))[:: max(run.steps // 5, 1)]:
    level = chain.level(t)
    print(f"t={float(t):.3f} mean={float(x.mean()):.3f} closed={level.alpha * x0:.3f}", end=" ")
    print(f"std={float(x.std()):.3f} sigma={level.sigma:.3f}")
print(f"gap={largest_gap(run, chain, x0):.2%}")
"""
_POSTERIOR = """
import torch

from explorer.diffusion.bound import posterior

now, then = (chain.level(torch.tensor(i / chain.steps).double()) for i in (t, t - 1))
step = posterior(now, then)
mean = step.on_xt * xt + step.on_x0 * x0
print(f"mean={mean:.4f} variance={step.variance:.3g} forward={step.forward:.3g}")
"""
_BOUND = f"""{learned.IMPORTS}
from explorer.diffusion.bound import variational_bound
from explorer.diffusion.trajectory import exact_score
{learned.LOAD}
x0 = distribution.sample(points, Generator().manual_seed(seed))
for name, score in (("exact", exact_score(distribution, process)), ("network", model.score)):
    rng = Generator().manual_seed(seed + 1)
    with torch.inference_mode():
        bound = variational_bound(
            process, score, x0, process.grid(steps), rng, variance=variance
        )
    first, middle, last = bound.parts
    print(f"{{name}}: L_T={{first:.3f}} middle={{middle:.3f}} L_0={{last:.3f}}", end=" ")
    print(f"total={{float(bound.total.mean()):.3f}}")
"""
_LOSS = """
from explorer.diffusion.bound import eps_weights

weights = eps_weights(chain, chain.grid(chain.steps)).flip(0)
half = int((weights.cumsum(0) < 0.5 * weights.sum()).sum()) + 1
print(f"half={half} steps={chain.steps}", end=" ")
print(f"first={float(weights[0]):.4g} last={float(weights[-1]):.4g}")
"""
_SCORE = """
import torch

from explorer.diffusion.chain import mean_noise

for t in (0.1, 0.3, 0.6, 0.9):
    level = process.level(torch.tensor(t, dtype=torch.float64))
    noised = distribution.noised(*level)
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    by_density = -level.sigma * noised.score(x[:, None])[:, 0]
    by_bayes = mean_noise(distribution, level, x)
    apart = float((by_density - by_bayes).abs().max())
    print(f"t={t} apart={apart:.1e}", *(f"{value:.6f}" for value in by_density.tolist()))
"""
_TARGETS = """
import torch
from torch import Generator

from explorer.diffusion.denoising import posterior

x = torch.tensor([[-1.0, 0.5], [0.5, 0.5], [2.0, -1.0]], dtype=torch.float64)
for t in (0.1, 0.3, 0.6, 0.9):
    level = process.level(torch.tensor(t, dtype=torch.float64))
    found = posterior(distribution, level, x)
    score = distribution.noised(*level).score(x)
    apart = float((found.mean_target - score).abs().max())
    drawn = found.targets(600, Generator().manual_seed(seed))
    chance = level.sigma * float((drawn.mean(dim=0) - score).norm(dim=1).mean())
    print(f"t={t} apart={apart:.1e} chance={chance:.3f}", end=" ")
    print(*(f"({a:.4f}, {b:.4f})" for a, b in score.tolist()))
"""


def _chain(chain: LinearDDPM) -> made.Text:
    return made.call(
        LinearDDPM, steps=chain.steps, beta_start=chain.beta_start, beta_end=chain.beta_end
    )


def _script(doc: str, body: str, **settings: Any) -> str:
    return made.script(doc, body, settings)


def closed_form(chain: LinearDDPM, x0: float, seed: int) -> Recipe:
    doc = "Noise added step by step, against the closed form."
    return Recipe(
        "closed_form",
        (r"q(x_t\mid x_0)=\mathcal N(\sqrt{\bar\alpha_t}\,x_0,(1-\bar\alpha_t)I)",),
        (step_by_step, largest_gap, LinearDDPM),
        partial(_script, doc, _CLOSED, chain=_chain(chain), x0=x0, seed=seed),
    )


def posterior(chain: LinearDDPM, t: int, x0: float, xt: float) -> Recipe:
    doc = "The posterior of one step of the chain."
    return Recipe(
        "posterior",
        (r"q(x_{t-1}\mid x_t,x_0)=\mathcal N(\tilde\mu(x_t,x_0),\tilde\beta_tI)",),
        (posterior_of, LinearDDPM),
        partial(_script, doc, _POSTERIOR, chain=_chain(chain), t=t, x0=x0, xt=xt),
    )


def bound_script(network: Trained, steps: int, variance: str, points: int, seed: int) -> str:
    """The parts of the bound, of a network and of the exact score."""
    settings = {
        "spec": network.spec,
        "weights": network.file,
        "steps": steps,
        "variance": variance,
        "points": points,
        "seed": seed,
    }
    doc = "The variational bound, by the exact score and by a network."
    return made.script(doc, _BOUND, settings, keep=learned.kept(network.spec))


def bound(network: Trained, steps: int, variance: str, points: int, seed: int) -> Recipe:
    return Recipe(
        "bound",
        (r"-\log p_\theta(x_0)\le L_T+\textstyle\sum_{t>1}L_{t-1}+L_0",),
        (variational_bound, gaussian_kl, posterior_of, Model.score),
        partial(bound_script, network, steps, variance, points, seed),
        {network.file: network.read},
    )


def loss(chain: LinearDDPM) -> Recipe:
    doc = "The weight of the squared error in the bound."
    return Recipe(
        "simple_loss",
        (r"\frac{\beta_t^2}{2\sigma_t^2\,\alpha_t\,(1-\bar\alpha_t)}",),
        (eps_weights, posterior_of),
        partial(_script, doc, _LOSS, chain=_chain(chain)),
    )


def score(distribution: DistributionSpec, process: ProcessSpec) -> Recipe:
    doc = "The mean of the noise at x_t by Bayes' rule, against the score."
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
    }
    return Recipe(
        "noise_is_the_score",
        (r"\mathbb E[\varepsilon\mid x_t]=-\sigma_t\,\nabla\log p_t(x_t)",),
        (mean_noise, made.maker(distribution)),
        partial(_script, doc, _SCORE, **settings),
    )


def targets(distribution: DistributionSpec, process: ProcessSpec, seed: int) -> Recipe:
    doc = "Single targets of denoising score matching, their mean, and the score."
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
        "seed": seed,
    }
    return Recipe(
        "targets_of_score_matching",
        (
            r"\mathbb E\left[-\varepsilon/\sigma_t\mid x_t\right]=\left(\alpha_t\,"
            r"\mathbb E[x_0\mid x_t]-x_t\right)/\sigma_t^2=\nabla\log p_t(x_t)",
        ),
        (Posterior, posterior_given, made.maker(distribution)),
        partial(_script, doc, _TARGETS, **settings),
    )
