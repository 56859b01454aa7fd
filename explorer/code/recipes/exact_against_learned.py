"""The scripts of the page "Exact against learned", one a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes import learned
from explorer.code.recipes.learned import Trained
from explorer.diffusion.comparison import (
    error_by_time,
    memorised,
    memorising_optimum,
    nearest_distance,
)
from explorer.diffusion.likelihood import log_density, with_divergence
from explorer.diffusion.trajectory import exact_score
from explorer.metrics import Truth
from explorer.training.model import Model

_FIELD = f"""{learned.IMPORTS}
from explorer.diffusion.trajectory import exact_score
{learned.LOAD}
exact = exact_score(distribution, process)
x = torch.tensor(points, dtype=torch.float32)
clock = process.grid(100)  # from noise to data, the page's clock
for frame in (0, 50, 80, 95):
    t = clock[frame]
    print(f"t={{float(t):.6f}}")
    for at, ours, true in zip(x, model.score(x, t), exact(x, t), strict=True):
        rows = [" ".join(f"{{value:.5g}}" for value in row.tolist()) for row in (at, ours, true)]
        print(f"  at {{rows[0]}}: learned {{rows[1]}}, exact {{rows[2]}}")
"""
_ERROR = f"""{learned.IMPORTS}
from explorer.diffusion.comparison import error_by_time
from explorer.diffusion.trajectory import exact_score
{learned.LOAD}
clock = process.grid(100)  # the page's clock; at its end there is no noise, and no score to learn
ts = clock[torch.linspace(0, 100, 41, dtype=torch.float64).round().long()]
ts = ts.clamp_min(float(clock[clock > 0].min())).unique()
exact = exact_score(distribution, process)
found = error_by_time(process, model.score, exact, distribution, ts, seed=seed)
for t, relative, cosine in zip(found.ts, found.relative, found.cosine, strict=True):
    print(f"t={{float(t):.5f}} relative={{float(relative):.4f}} cosine={{float(cosine):.5f}}")
relative, cosine = found.mean(found.relative), found.mean(found.cosine)
excess, least = found.mean(found.excess), found.mean(found.least)
print("in the mean over t:")
print(f"relative={{relative:.1%}} cosine={{cosine:.4f}} loss={{least + excess:.4f}}", end=" ")
print(f"least={{least:.4f}}")
"""
_SAMPLES = """
exact = exact_score(distribution, process)
score = exact if with_exact else model.score
start = process.prior((1000, spec.dim), Generator().manual_seed(seed))
rng = Generator().manual_seed(seed + 1)
with torch.inference_mode():
    run = simulate(process, score, dpm_solver_2m(), start, process.grid(100), rng)
end = run.xs[-1]
spread = float((distribution.covariance.diagonal() + distribution.mean.square()).mean().sqrt())
draws = distribution.sample(200, Generator().manual_seed(0))
has_width = len(draws.unique(dim=0)) == len(draws)
"""
_DENSITY = f"""{learned.IMPORTS}
from explorer.diffusion.likelihood import LEAST_RATIO, log_density
from explorer.diffusion.steps import dpm_solver_2m
from explorer.diffusion.trajectory import exact_score, simulate
from explorer.metrics import Truth
{learned.LOAD}{_SAMPLES}
reading = Truth.of(distribution, 1000).sliced_wasserstein(end)
print(f"ratio={{reading.ratio:.2f}} floor={{reading.floor:.3f}}")
if has_width:
    # KL(p ‖ p̂) by 400 true draws, blurred by as little noise as the learned density has
    x, noise = distribution.sample(400, Generator().manual_seed(1)), LEAST_RATIO * spread
    x = x + noise * torch.randn(x.shape, generator=Generator().manual_seed(2))
    ours = log_density(process, model.score, x, spread=spread)
    gap = distribution.noised(1.0, noise).log_prob(x) - ours
    print(f"lost={{float(gap.mean()):.4f}} error={{float(gap.std()) / 20:.4f}}")
"""
_MEMORY = f"""{learned.IMPORTS}
import numpy as np

from explorer.diffusion.comparison import memorised, nearest_distance
from explorer.diffusion.steps import dpm_solver_2m
from explorer.diffusion.trajectory import exact_score, simulate
from explorer.training.pretrain import training_set
{learned.LOAD}{_SAMPLES}
points = training_set(spec)
ends = {{"samples by the exact score" if with_exact else "samples by the network": end}}
if has_width:
    ends["fresh true draws"] = distribution.sample(1000, Generator().manual_seed(seed + 2))
ends["samples of the memorising optimum"] = memorised(process, points, spread=spread, seed=seed)
print(f"{{len(points)}} training points; median distance to the nearest of them:")
for label, x in ends.items():
    print(f"  {{label}}: {{np.median(nearest_distance(x, points).numpy()):.2g}}")
"""
_BODIES = {"field": _FIELD, "error": _ERROR, "density": _DENSITY, "memory": _MEMORY}

POINTS: dict[int, tuple[tuple[float, ...], ...]] = {
    1: ((-1.0,), (-0.5,), (0.0,), (0.5,), (1.0,)),
    2: ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.5), (1.0, -1.0)),
}
"""Where the scores are read, by dimension."""


def learned_script(view: str, network: Trained, with_exact: bool, seed: int) -> str:
    """What a view of the page says in numbers: "field", "error", "density" or "memory"."""
    spec = network.spec
    settings: dict[str, Any] = {"seed": seed}
    if view == "field":
        settings = {"points": POINTS[spec.dim]}
    elif view != "error":
        settings["with_exact"] = with_exact
    settings |= {"weights": network.file, "spec": spec}
    doc = "A trained network's score beside the exact one."
    return made.script(doc, _BODIES[view], settings, keep=learned.kept(spec))


_EQUATIONS = {
    "field": r"s_\theta(x,t)=-\hat\varepsilon_\theta/\sigma_t\approx\nabla_x\log p_t(x)",
    "error": r"\mathbb E\|\varepsilon-\hat\varepsilon_\theta\|^2="
    r"\mathbb E\|\varepsilon+\sigma_t s^*\|^2+\sigma_t^2\,\mathbb E\|s_\theta-s^*\|^2",
    "density": r"\log p_0(x_0)=\log p_T(x_T)+\int_0^T\nabla\!\cdot v(x_t,t)\,dt,\qquad "
    r"v=f x-\tfrac12g^2s_\theta",
    "memory": r"\nabla_x\log p_t(x)=\sum_i w_i(x,t)\,\frac{\alpha_tx_i-x}{\sigma_t^2}"
    r"\quad\text{for training points }x_i",
}
_FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "field": (Model.score, Model.predict, exact_score),
    "error": (error_by_time, Model.score, exact_score),
    "density": (log_density, with_divergence, Model.score, Truth),
    "memory": (memorising_optimum, memorised, nearest_distance, Model.score),
}


def recipe(view: str, network: Trained, with_exact: bool, seed: int) -> Recipe:
    return Recipe(
        f"exact_against_learned_{view}",
        (_EQUATIONS[view],),
        _FUNCTIONS[view],
        partial(learned_script, view, network, with_exact, seed),
        {network.file: network.read},
    )
