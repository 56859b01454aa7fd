"""Targets of denoising score matching: the posterior they come from, their mean, their picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.spec import DistributionSpec
from explorer.diffusion.denoising import posterior
from explorer.diffusion.process import Level
from explorer.diffusion.processes import LinearDDPM
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.layers import Arrows
from explorer.figures.targets import DRAWN, SHOWN
from explorer.ui import mathematics_scenes as scenes

X = torch.tensor([[-1.0, 0.5], [0.5, 0.5], [2.0, -1.5]], dtype=torch.float64)


def gradient_of_log_density(mixture: GaussianMixture, level: Level, x: torch.Tensor):
    """By torch's own Gaussians and automatic differentiation: nothing of ours is in it."""
    at = x.clone().requires_grad_()
    eye = torch.eye(2, dtype=torch.float64)
    parts = [
        torch.distributions.MultivariateNormal(
            level.alpha * mean, level.alpha**2 * covariance + level.sigma**2 * eye
        ).log_prob(at)
        for mean, covariance in zip(mixture.means, mixture.covariances, strict=True)
    ]
    logs = torch.logsumexp(torch.stack(parts) + mixture.weights.log()[:, None], dim=0)
    return torch.autograd.grad(logs.sum(), at)[0]


@pytest.mark.parametrize("name", scenes.MIXTURES)
@pytest.mark.parametrize("t", [0.05, 0.5, 0.95])
def test_the_mean_target_is_the_score(name: str, t: float):
    mixture = DISTRIBUTIONS[name].build()
    level = LinearDDPM().level(torch.tensor(t, dtype=torch.float64))
    wanted = gradient_of_log_density(mixture, level, X)
    found = posterior(mixture, level, X).mean_target
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-7)


def test_single_targets_are_the_noise_of_pairs_that_come_to_the_place():
    """Against brute force: draw (x₀, ε), keep the pairs whose x_t falls next to the place."""
    mixture, level = DISTRIBUTIONS["tutorial"].build(), Level(0.8, 0.6)
    rng, place, n = Generator().manual_seed(0), torch.tensor([0.6, 0.2]), 2_000_000
    x0, eps = mixture.sample(n, rng), torch.randn(n, 2, generator=rng)
    near = (level.alpha * x0 + level.sigma * eps - place).abs().amax(dim=1) < 0.03
    pairs = (-eps[near] / level.sigma).double()
    drawn = posterior(mixture, level, place[None]).targets(20_000, Generator().manual_seed(1))[:, 0]
    # 4.5 standard errors, and the mean moves by some 0.01 within a cell of half-width 0.03
    error = 4.5 * pairs.std(dim=0) / math.sqrt(len(pairs)) + 0.01
    assert len(pairs) > 500
    assert ((pairs.mean(dim=0) - drawn.mean(dim=0)).abs() < error).all()
    spread = (pairs.T.cov() - drawn.T.cov()).abs()
    assert float(spread.max()) < 4.5 * 2**0.5 * float(pairs.var(dim=0).max()) / len(pairs) ** 0.5


def test_the_picture_draws_targets_whose_mean_is_the_score():
    scene, taught = scenes.targets_scene(DistributionSpec("tutorial"), ProcessSpec("ddpm"), 0, 1.0)
    singles, score, mean = (a for a in scene.panes[0].layers if isinstance(a, Arrows))
    assert taught.apart < 1e-6
    # a target's coordinate has a spread of at most 1 about its mean, times σ
    assert taught.chance < 2.2 * math.sqrt(2 / DRAWN)
    assert singles.vectors.shape == (41, SHOWN * 25, 2)
    unit = float(np.linalg.norm(score.vectors, axis=-1).max()) / 3.0
    for vectors, count in (
        (mean.vectors, DRAWN),
        (singles.vectors.reshape(41, SHOWN, 25, 2).mean(axis=1), SHOWN),
    ):
        np.testing.assert_allclose(vectors, score.vectors, atol=5 / math.sqrt(count) * unit)
