"""Measures of pictures against closed forms, published expectations and brute force."""

import pytest
import torch
from scipy import linalg
from torch import Generator

from explorer.image_metrics import (
    Moments,
    expected_coverage,
    features,
    frechet_distance,
    moments,
    nearest,
    reach,
)
from explorer.networks.classifier import Classifier


def normal(n: int, dim: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dim, generator=Generator().manual_seed(seed), dtype=torch.float64)


def covariance(dim: int, seed: int) -> torch.Tensor:
    a = normal(dim, dim, seed)
    return a @ a.T / dim


def test_frechet_of_axis_parallel_gaussians_is_the_distance_of_means_and_deviations():
    """W₂² of N(μ, diag σ²) and N(ν, diag τ²) is |μ − ν|² + |σ − τ|²."""
    mu, nu, sigma, tau = normal(7, 1)[:, 0], normal(7, 1, 1)[:, 0], *normal(7, 2, 2).abs().T
    got = frechet_distance(Moments(mu, sigma.square().diag()), Moments(nu, tau.square().diag()))
    expected = float((mu - nu).square().sum() + (sigma - tau).square().sum())
    assert got == pytest.approx(expected, rel=1e-10)


def test_frechet_agrees_with_the_root_of_the_product_and_is_symmetric():
    a = Moments(normal(12, 1)[:, 0], covariance(12, 3))
    b = Moments(normal(12, 1, 1)[:, 0], covariance(12, 4))
    root = linalg.sqrtm((a.covariance @ b.covariance).numpy())
    traces = a.covariance.trace() + b.covariance.trace() - 2 * root.trace().real
    expected = float((a.mean - b.mean).square().sum() + traces)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-9)


def test_frechet_of_fewer_pictures_than_features_is_finite_and_zero_with_itself():
    few = moments(normal(5, 40).float())
    assert few.mean.dtype == torch.float64
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(few, moments(normal(5, 40, 1))) > 1
    with pytest.raises(ValueError, match="give 2 or more"):
        moments(normal(1, 4))


def test_frechet_of_samples_falls_to_that_of_their_gaussians():
    shift = 0.7
    a, b = normal(40_000, 3), normal(40_000, 3, 1) + shift
    # |Δμ|² = 3 shift²; its deviation is 2 |Δμ| √(2/n), and tr's are of the order 1/n
    tolerance = 4 * 2 * shift * 3**0.5 * (2 / 40_000) ** 0.5 + 1e-3
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(3 * shift**2, abs=tolerance)


def test_coverage_of_the_truth_by_the_truth_is_as_published():
    """Its mean over repeats against Naeem et al.'s equation, the scatter taken from the repeats."""
    found = torch.tensor(
        [
            [got.coverage, got.density]
            for seed in range(40)
            for got in [reach(normal(120, 4, seed), normal(150, 4, 1000 + seed))]
        ]
    )
    scatter = found.std(dim=0) / 40**0.5
    expected = torch.tensor([expected_coverage(120, 150), 1.0])
    assert ((found.mean(dim=0) - expected).abs() < 4 * scatter).all()
    assert expected_coverage(10**6, 10**6) == pytest.approx(1 - 2**-5, rel=1e-5)


def test_coverage_and_density_by_hand():
    """Four true points on a line, k = 1: radii 1, 1, 2, 2 around 0, 1, 3, 5."""
    truth = torch.tensor([[0.0], [1.0], [3.0], [5.0]])
    got = reach(torch.tensor([[0.5], [0.6], [6.0]]), truth, k=1)
    assert got.coverage == 3 / 4  # not 3
    assert got.density == pytest.approx(5 / 3)  # 0.5 and 0.6 lie in two, 6 in one
    one_mode = reach(torch.full((100, 1), 0.5), truth, k=1)
    assert one_mode.coverage == 1 / 2
    with pytest.raises(ValueError, match="give more"):
        reach(truth, truth, k=4)


def test_the_nearest_are_those_of_brute_force_whatever_the_chunks():
    rng = Generator().manual_seed(0)
    pool = torch.randint(0, 256, (230, 1, 8, 8), generator=rng, dtype=torch.uint8)
    x = torch.randint(0, 256, (9, 1, 8, 8), generator=rng, dtype=torch.uint8)
    x[4] = pool[77]
    every = torch.cdist(x.flatten(1).double(), pool.flatten(1).double())
    values, index = every.sort(dim=1)
    for chunk in (1, 50, 1000):
        got = nearest(x, pool, k=3, chunk=chunk)
        assert torch.equal(got.index, index[:, :3])
        assert torch.allclose(got.distances.double(), values[:, :3], rtol=1e-5)
    assert float(got.distances[4, 0]) == 0
    assert got.copies.tolist() == [row == 4 for row in range(9)]
    assert float(got.ratios[0]) == pytest.approx(float(values[0, 0] / values[0, 1]), rel=1e-5)
    with pytest.raises(ValueError, match="do not exist"):
        nearest(x, pool[:1], k=2)
    with pytest.raises(ValueError, match="do not exist"):
        nearest(x, pool.flatten(1))


def test_features_are_what_the_last_layer_reads():
    torch.manual_seed(0)
    network = Classifier((4, 8, 12)).eval()
    pixels = torch.randint(0, 256, (7, 1, 32, 32), dtype=torch.uint8)
    found = features(network, pixels, batch=3)
    assert found.shape == (7, 12)
    logits = network(pixels.float().expand(-1, 3, -1, -1) / 127.5 - 1)
    assert torch.allclose(network.last(found), logits, atol=1e-5)
