"""Many mixtures at once give what each gives alone."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from explorer.data import mixture_stack
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.mixture_stack import keep_digits
from explorer.data.quadratic_forms import QuadraticForms

LEVELS = ((1.0, 0.02), (1.0, 0.3), (0.8, 0.6), (0.1, 1.0), (1.0, 30.0))


def correlated() -> GaussianMixture:
    means = [[0.0, 1.0], [2.0, -1.0], [-3.0, 0.5]]
    covariances = [[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.5], [0.5, 1.0]], [[0.3, -0.2], [-0.2, 0.4]]]
    groups = torch.tensor([0, 1, 0])
    return GaussianMixture.of([0.2, 0.5, 0.3], means, covariances, groups)


def one_dimensional() -> GaussianMixture:
    return GaussianMixture.of([0.3, 0.7], [[-1.0], [2.0]], [[[0.04]], [[0.5]]])


def of_many_components():
    return DISTRIBUTIONS["moons"].build({})


def without_a_mixture():
    return DISTRIBUTIONS["checkerboard"].build({})


KINDS = (correlated, one_dimensional, of_many_components, without_a_mixture)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_a_stack_gives_what_each_distribution_gives_alone(make):
    distribution = make()
    rng = Generator().manual_seed(0)
    noised = [distribution.noised(alpha, sigma) for alpha, sigma in LEVELS]
    x = torch.stack([p.sample(50, rng) for p in noised])
    found = mixture_stack.looks(noised, x)
    parts = mixture_stack.parts(noised, x)
    for f, p in enumerate(noised):
        alone = p.look(x[f])
        for got, wanted in zip(found, alone, strict=True):
            torch.testing.assert_close(got[f], wanted.to(got.dtype), rtol=2e-4, atol=2e-4)
        torch.testing.assert_close(mixture_stack.log_probs(noised, x)[f], found.log_prob[f])
        exact = p.look(x[f].double()).score
        torch.testing.assert_close(p.score(x[f].double()), exact)
        score = mixture_stack.scores(noised, x)[f]
        torch.testing.assert_close(score, found.score[f], rtol=2e-4, atol=2e-4)
        by_mode = p.responsibilities(x[f])[..., None] * p.mode_scores(x[f])
        torch.testing.assert_close(parts[f], by_mode.to(parts.dtype), rtol=2e-4, atol=2e-4)
        torch.testing.assert_close(parts[f].sum(dim=1), found.score[f], rtol=1e-3, atol=1e-3)


def test_the_score_of_a_stack_is_the_gradient_of_its_log_density():
    noised = [correlated().noised(alpha, sigma) for alpha, sigma in LEVELS[1:4]]
    x = torch.stack([p.sample(20, Generator().manual_seed(1)) for p in noised]).requires_grad_()
    (gradient,) = torch.autograd.grad(mixture_stack.log_probs(noised, x).sum(), x)
    torch.testing.assert_close(
        mixture_stack.scores(noised, x.detach()), gradient, rtol=1e-4, atol=1e-4
    )


def test_points_too_far_for_quadratic_forms_are_looked_at_alone():
    narrow = [correlated().noised(1.0, s) for s in (1e-3, 1.0)]
    far = torch.tensor([[[400.0, -300.0]], [[1.0, 2.0]]])
    found = mixture_stack.log_probs(narrow, far)
    for f, p in enumerate(narrow):
        exact = p.log_prob(far[f].double())
        torch.testing.assert_close(found[f].double(), exact, rtol=1e-5, atol=1e-3)


def test_how_far_points_lie_is_taken_from_the_centre_of_the_means():
    """A coordinate of −40 lies 80 from means about 40: too far, though 40 alone would not be."""
    away = GaussianMixture.of([0.5, 0.5], [[39.0], [41.0]], [[[1.0]], [[1.0]]])
    about_0 = GaussianMixture.of([0.5, 0.5], [[-1.0], [1.0]], [[[1.0]], [[1.0]]])
    means = torch.stack([about_0.means, away.means])
    variances = torch.stack([about_0.variances, away.variances])
    reach = torch.tensor([40.0, 40.0])
    assert keep_digits(means, variances, reach, torch.float32) == [True, False]
    for near, p in zip((True, False), (about_0, away), strict=True):  # as one that asks alone finds
        forms = QuadraticForms.of(p.means, p.variances, p.axes, torch.float32)
        assert (forms.log_density(torch.tensor([[-40.0]]), forms.constant) is not None) == near
