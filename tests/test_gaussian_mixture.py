"""The closed forms of Gaussian mixtures against autograd, SciPy and an independent softmax."""

import math

import pytest
import torch
from scipy.stats import multivariate_normal
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.quadratic_forms import log_density_by_distances

NOISES = [(1.0, 0.0), (1.0, 0.3), (0.8, 0.6), (0.1, 0.995), (1.0, 80.0), (1e-3, 1.0)]


def random_mixture(dim: int, modes: int = 4, seed: int = 0) -> GaussianMixture:
    rng = Generator().manual_seed(seed)
    roots = torch.randn(modes, dim, dim, generator=rng, dtype=torch.float64)
    covariances = roots @ roots.transpose(1, 2) + 0.1 * torch.eye(dim)
    means = 3 * torch.randn(modes, dim, generator=rng, dtype=torch.float64)
    return GaussianMixture.of(torch.rand(modes, generator=rng) + 0.1, means, covariances)


def diagonal_mixture(dim: int) -> GaussianMixture:
    rng = Generator().manual_seed(7)
    variances = torch.rand(3, dim, generator=rng, dtype=torch.float64) + 0.05
    means = torch.randn(3, dim, generator=rng, dtype=torch.float64)
    return GaussianMixture.of([0.2, 0.3, 0.5], means, torch.diag_embed(variances))


MIXTURES = [random_mixture(dim) for dim in (1, 2, 3)] + [diagonal_mixture(dim) for dim in (1, 2, 3)]


def around(mixture: GaussianMixture, n: int = 40) -> Tensor:
    spread = mixture.covariance.diagonal().sqrt()
    z = torch.randn(n, mixture.dim, generator=Generator().manual_seed(1), dtype=torch.float64)
    return mixture.mean + 2 * spread * z


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: f"{m.dim}d-{m.axes is None}")
@pytest.mark.parametrize(("alpha", "sigma"), NOISES)
def test_score_is_the_gradient_of_the_log_density(mixture, alpha, sigma):
    noised = mixture.noised(alpha, sigma)
    x = around(noised).requires_grad_()
    (gradient,) = torch.autograd.grad(noised.log_prob(x).sum(), x)
    torch.testing.assert_close(noised.score(x.detach()), gradient, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: f"{m.dim}d-{m.axes is None}")
def test_the_slope_of_the_score_is_the_hessian_of_the_log_density(mixture):
    noised = mixture.noised(0.8, 0.3)
    x = around(noised).requires_grad_()
    along = torch.randn(x.shape, generator=Generator().manual_seed(2), dtype=torch.float64)
    (found,) = torch.autograd.grad(noised.score(x), x, along)
    (gradient,) = torch.autograd.grad(noised.log_prob(x).sum(), x, create_graph=True)
    (wanted,) = torch.autograd.grad(gradient, x, along)
    torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: f"{m.dim}d-{m.axes is None}")
@pytest.mark.parametrize(("alpha", "sigma"), NOISES)
def test_log_density_agrees_with_scipy(mixture, alpha, sigma):
    noised = mixture.noised(alpha, sigma)
    x = around(noised)
    covariances = alpha**2 * mixture.covariances + sigma**2 * torch.eye(
        mixture.dim, dtype=torch.float64
    )
    density = sum(
        float(w) * multivariate_normal(alpha * mean.numpy(), cov.numpy()).pdf(x.numpy())
        for w, mean, cov in zip(mixture.weights, mixture.means, covariances, strict=True)
    )
    expected = torch.log(torch.as_tensor(density))
    torch.testing.assert_close(noised.log_prob(x), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: f"{m.dim}d-{m.axes is None}")
def test_float32_keeps_its_digits_and_its_dtype(mixture):
    noised = mixture.noised(0.8, 0.6)
    x = around(noised)
    score = noised.score(x.float())
    assert score.dtype == noised.log_prob(x.float()).dtype == torch.float32
    torch.testing.assert_close(score.double(), noised.score(x), rtol=2e-5, atol=2e-5)


def test_far_tails_stay_finite_in_float32():
    mixture = random_mixture(2)
    x = torch.tensor([[300.0, -300.0], [1e3, 1e3]])
    assert mixture.log_prob(x).isfinite().all()
    assert mixture.score(x).isfinite().all()


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: f"{m.dim}d-{m.axes is None}")
def test_scores_of_modes_weighted_by_responsibilities_sum_to_the_score(mixture):
    x = around(mixture)
    share, scores = mixture.responsibilities(x), mixture.mode_scores(x)
    torch.testing.assert_close(share.sum(dim=1), torch.ones(len(x), dtype=torch.float64))
    total = torch.einsum("bg,bgd->bd", share, scores)
    torch.testing.assert_close(total, mixture.score(x), rtol=1e-9, atol=1e-9)


def test_a_mode_scores_as_if_it_were_alone():
    mixture = random_mixture(2)
    alone = GaussianMixture.of([1.0], mixture.means[2:3], mixture.covariances[2:3])
    x = around(mixture)
    torch.testing.assert_close(mixture.mode_scores(x)[:, 2], alone.score(x))


def test_a_mode_of_no_weight_still_has_a_score_of_its_own():
    mixture = GaussianMixture.isotropic(torch.tensor([0.0, 1.0]), torch.tensor([[-1.0], [1.0]]), 1)
    x = torch.tensor([[0.5], [-30.0]])
    expected = torch.tensor([[[-1.5], [0.5]], [[29.0], [31.0]]])
    torch.testing.assert_close(mixture.mode_scores(x), expected)
    torch.testing.assert_close(mixture.responsibilities(x), torch.tensor([[0.0, 1.0]] * 2))


def test_components_of_one_group_are_one_mode():
    groups = torch.tensor([0, 1, 0])
    mixture = GaussianMixture.of(
        [0.2, 0.5, 0.3], [[0.0], [10.0], [1.0]], [[[1.0]]] * 3, groups=groups
    )
    torch.testing.assert_close(mixture.mode_weights, torch.tensor([0.5, 0.5], dtype=torch.float64))
    pair = GaussianMixture.of([0.4, 0.6], [[0.0], [1.0]], [[[1.0]]] * 2)
    x = around(mixture)
    torch.testing.assert_close(mixture.mode_scores(x)[:, 0], pair.score(x))


def test_noised_commutes_with_drawing():
    mixture, n = random_mixture(2), 20_000
    rng = Generator().manual_seed(3)
    x = 0.6 * mixture.sample(n, rng) + 0.8 * torch.randn(n, 2, generator=rng)
    noised = mixture.noised(0.6, 0.8)
    error = (noised.covariance.diagonal() / n).sqrt()
    assert ((x.double().mean(dim=0) - noised.mean).abs() < 4.5 * error).all()
    centred = (x - x.mean(dim=0)).double()
    products = torch.einsum("nd,ne->nde", centred, centred)
    error = products.std(dim=0) / math.sqrt(n)
    assert ((products.mean(dim=0) - noised.covariance).abs() < 4.5 * error).all()


def test_affine_moves_the_density():
    mixture = random_mixture(2)
    scale = torch.tensor([2.0, 0.5], dtype=torch.float64)
    shift = torch.tensor([1.0, -1.0], dtype=torch.float64)
    x = around(mixture)
    moved = mixture.affine(scale, shift).log_prob(scale * (x + shift))
    torch.testing.assert_close(moved, mixture.log_prob(x) - scale.log().sum())


@pytest.mark.parametrize(("alpha", "sigma"), [(1.0, 0.05), (0.9, 0.4), (0.01, 1.0)])
def test_points_score_is_the_memorising_optimum(alpha, sigma):
    """Against the denoiser of a training set: a softmax over it, written out by itself."""
    rng = Generator().manual_seed(5)
    points = torch.randn(20, 2, generator=rng, dtype=torch.float64)
    data = GaussianMixture.isotropic(torch.ones(20), points, 0.0)
    x = alpha * points[:7] + sigma * torch.randn(7, 2, generator=rng, dtype=torch.float64)
    share = torch.softmax(-(torch.cdist(x, alpha * points) ** 2) / (2 * sigma**2), dim=1)
    expected = (alpha * share @ points - x) / sigma**2
    score = data.noised(alpha, sigma).score(x)
    torch.testing.assert_close(score, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("question", ["log_prob", "score", "responsibilities", "mode_scores"])
def test_points_without_noise_say_that_they_have_no_density(question):
    data = GaussianMixture.isotropic(torch.ones(2), torch.eye(2), 0.0)
    with pytest.raises(ValueError, match="look at t > 0"):
        getattr(data, question)(torch.zeros(1, 2))


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "message"),
    [
        ([1.0], [[0.0, 0.0]], [[[1.0]]], "belong together"),
        ([1.0, 1.0], [[0.0]], [[[1.0]]], "belong together"),
        ([-1.0], [[0.0]], [[[1.0]]], "non-negative"),
        ([0.0], [[0.0]], [[[1.0]]], "one of them positive"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]], "symmetric"),
        ([1.0], [[0.0, 0.0]], [[[1.0, 1.5], [1.5, 1.0]]], "no negative eigenvalue"),
    ],
)
def test_impossible_mixtures_are_refused(weights, means, covariances, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture.of(weights, means, covariances)


@pytest.mark.parametrize("name", ["tutorial", "moons", "ring", "pinwheel", "gaussians-1d"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-3), (torch.float64, 1e-9)])
def test_the_quadratic_forms_agree_with_the_distances(name, dtype, tolerance):
    mixture = DISTRIBUTIONS[name].build().noised(0.8, 0.3)
    x = mixture.sample(300, Generator().manual_seed(0)).to(dtype)
    factors = torch.zeros(len(mixture.weights), dtype=torch.float64)
    quick = mixture._log_density(x, factors).double()
    shape = mixture.means, mixture.variances, mixture.axes
    slow = log_density_by_distances(x.double(), *shape)
    assert float((quick - slow).abs().max()) < tolerance


def test_far_points_of_narrow_modes_keep_their_digits():
    """A hundred widths away a product of matrices would be off by whole nats in float32."""
    mixture = GaussianMixture.isotropic(
        torch.ones(2), torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), 0.01
    )
    x = torch.tensor([[0.02, 1.0], [-0.9, 0.3], [2.0, 2.0]])
    assert torch.allclose(mixture.score(x).double(), mixture.score(x.double()), rtol=1e-4)
    assert torch.allclose(mixture.log_prob(x).double(), mixture.log_prob(x.double()), rtol=1e-5)
