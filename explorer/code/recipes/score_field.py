"""The script of the page "Score field"."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec

Points = tuple[tuple[float, float], ...]

_ON_A_GRID = '''
import torch

where = torch.tensor(points, dtype=torch.float32)


def points_at(t: torch.Tensor) -> torch.Tensor:
    """The same points at every time, (B, 2)."""
    return where

'''
_AT_SAMPLES = '''
import torch
from torch import Generator

rng = Generator().manual_seed(seed)
x0 = distribution.sample(150, rng)
noise = torch.randn(x0.shape, generator=rng)


def points_at(t: torch.Tensor) -> torch.Tensor:
    """Draws of p_t that follow x_t = α x_0 + σ ε with fixed ε, (150, 2)."""
    return (process.alpha(t) * x0 + process.sigma(t) * noise).float()

'''
_END = """
clock = process.grid(100)  # from noise to data, the page's clock
for frame in (0, 20, 50, 80, 98):
    t = clock[frame]
    x = points_at(t)
    p_t = distribution.noised(*process.level(t))  # a Gaussian mixture stays one
    log_prob, score, shares = p_t.log_prob(x), p_t.score(x), p_t.responsibilities(x)
    modes = (shares[:, :, None] * p_t.mode_scores(x)).sum(dim=1)
    error = float((modes - score).norm(dim=1).max() / score.norm(dim=1).max())
    print(f"t={float(t):.6f}: the modes' scores times their shares differ from it by {error:.0e}")
    for i in range(min(len(x), 5)):
        print(
            f"  x={x[i, 0]:.5g} y={x[i, 1]:.5g} log_p={log_prob[i]:.5g}",
            f"score_x={score[i, 0]:.5g} score_y={score[i, 1]:.5g} share={shares[i, 0]:.5f}",
        )
"""


def score_script(
    distribution: DistributionSpec,
    process: ProcessSpec,
    at: str,
    seed: int,
    points: Points = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.5), (2.0, -1.0)),
) -> str:
    """log p_t, the score and the first mode's share, at `points` or, `at` "samples", at draws."""
    settings = {
        "distribution": made.distribution(distribution),
        "process": made.process(process),
        **({"seed": seed} if at == "samples" else {"points": points}),
    }
    body = (_AT_SAMPLES if at == "samples" else _ON_A_GRID) + _END
    return made.script("The exact score of noised data.", body, settings)


SPLIT = (
    r"\nabla_x\log p_t(x)=\sum_k w_k(x,t)\,"
    r"(\alpha_t^2C_k+\sigma_t^2I)^{-1}(\alpha_t\mu_k-x)"
)
SHARES = (
    r"w_k(x,t)=\frac{\pi_k\,\mathcal N(x;\alpha_t\mu_k,\alpha_t^2C_k+\sigma_t^2I)}"
    r"{\sum_j\pi_j\,\mathcal N(x;\alpha_t\mu_j,\alpha_t^2C_j+\sigma_t^2I)}"
)


def recipe(distribution: DistributionSpec, process: ProcessSpec, at: str, seed: int) -> Recipe:
    data, noise = type(distribution.build()), process.build()
    return Recipe(
        "score_field",
        (SPLIT, SHARES, noise.latex),
        (data.score, data.noised, data.responsibilities, data.mode_scores, data, type(noise)),
        partial(score_script, distribution, process, at, seed),
    )
