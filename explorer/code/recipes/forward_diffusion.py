"""The script of the page "Forward diffusion"."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.code.recipes.pictures import CLOUDS, HOW, PATHS
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import forward

BODY = """
import sys

import torch
from torch import Generator

from explorer.diffusion.trajectory import forward

rng = Generator().manual_seed(seed)
x0 = distribution.sample(particles, rng)
times = process.grid(100).flip(0)  # from data to noise, the page's clock
run = forward(process, x0, times, rng)

print("t, mean and variance of the particles by coordinate, and of p_t itself")
mean, variance = distribution.mean, distribution.covariance.diagonal()
for frame in (0, 50, 100):
    t, x = times[frame], run.xs[frame].double()
    alpha, sigma = process.alpha(t), process.sigma(t)
    print(
        f"t={float(t):.6f}",
        *(f"mean={value:.5g}" for value in x.mean(dim=0).tolist()),
        *(f"var={value:.5g}" for value in x.var(dim=0).tolist()),
        *(f"exact_mean={value:.5g}" for value in (alpha * mean).tolist()),
        *(f"exact_var={value:.5g}" for value in (alpha**2 * variance + sigma**2).tolist()),
    )
"""

_CLOUDS = f"""
clouds = {{f"t = {{float(times[frame]):.2f}}": run.xs[frame] for frame in (0, 50, 100)}}
{CLOUDS}"""


def forward_script(
    distribution: DistributionSpec, process: ProcessSpec, particles: int, seed: int
) -> str:
    """The particles of the page, and their mean and variance at both ends and half way."""
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
        "particles": particles,
        "seed": seed,
    }
    doc = f"Forward diffusion: data becomes noise, step by step. {HOW}"
    end = PATHS if distribution.build().dim == 1 else _CLOUDS
    return made.script(doc, BODY + end, settings)


TRANSITION = (
    r"x_t=\alpha_{t|s}\,x_s+\sqrt{\sigma_t^2-\alpha_{t|s}^2\sigma_s^2}\;z,\qquad "
    r"\alpha_{t|s}=\alpha_t/\alpha_s,\quad z\sim\mathcal N(0,I)"
)


def recipe(
    distribution: DistributionSpec, process: ProcessSpec, particles: int, seed: int
) -> Recipe:
    noise = process.build()
    return Recipe(
        "forward_diffusion",
        (r"x_t=\alpha_t\,x_0+\sigma_t\,\varepsilon", noise.latex, TRANSITION),
        (forward, type(noise), made.maker(distribution)),
        partial(forward_script, distribution, process, particles, seed),
    )
