"""Metrics against closed forms, brute force and their own floors."""

import math

import numpy as np
import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.metrics import (
    Reading,
    Truth,
    energy_distance,
    mode_coverage,
    sliced_wasserstein,
    within_modes,
)


def normal(n: int, dim: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dim, generator=Generator().manual_seed(seed))


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
def test_equal_samples_are_at_no_distance(dim):
    x = normal(500, dim)
    assert sliced_wasserstein(x, x) == 0
    assert sliced_wasserstein(x, x[torch.randperm(500)]) == 0


@pytest.mark.parametrize("dim", [1, 2])
def test_a_shift_is_seen_by_its_share_of_the_directions(dim):
    """W₂² between θ·x and θ·(x + c) is (θ·c)², whose mean over directions is |c|²/D."""
    x, shift = normal(400, dim), torch.tensor([0.6, -1.1])[:dim]
    expected = float(shift.norm()) / math.sqrt(dim)
    assert sliced_wasserstein(x, x + shift) == pytest.approx(expected, rel=1e-5)


def test_a_shift_in_many_dimensions_within_the_scatter_of_64_directions():
    x, shift = normal(400, 10), torch.full((10,), 0.5)
    expected = float(shift.norm()) / math.sqrt(10)
    # (θ·c)²/|c|² is Beta(½, 9/2): standard deviation √(2·9/12)·/10; half of it after the root
    scatter = math.sqrt(2 * 9 / 12) / 2 / math.sqrt(64)
    assert abs(sliced_wasserstein(x, x + shift) / expected - 1) < 4 * scatter


def test_one_dimension_is_the_wasserstein_distance_of_sorted_samples():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=300), rng.gamma(2.0, size=300)
    expected = math.sqrt(np.mean((np.sort(x) - np.sort(y)) ** 2))
    got = sliced_wasserstein(torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None])
    assert got == pytest.approx(expected, rel=1e-5)


def test_two_dimensions_by_brute_force_over_directions():
    x, y = normal(300, 2), normal(300, 2, seed=1) @ torch.tensor([[2.0, 0.0], [0.7, 0.5]])
    squares = []
    for angle in np.linspace(0, math.pi, 720, endpoint=False):
        direction = np.array([math.cos(angle), math.sin(angle)])
        a, b = np.sort(x.numpy() @ direction), np.sort(y.numpy() @ direction)
        squares.append(np.mean((a - b) ** 2))
    assert sliced_wasserstein(x, y) == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-3)


def test_unequal_sizes_are_compared_by_quantiles():
    x, y = normal(3000, 2), normal(3000, 2, seed=1) + 1.0
    whole, part = sliced_wasserstein(x, y), sliced_wasserstein(x, y[:1000])
    assert part == pytest.approx(whole, abs=4 / math.sqrt(1000))
    assert sliced_wasserstein(x, x[:1000]) < 0.1
    assert sliced_wasserstein(x.repeat(2, 1), x) < 1e-6


def test_floor_falls_like_one_over_the_root_of_n():
    ring = DISTRIBUTIONS["ring"].build()
    small, large = (Truth.of(ring, n, repeats=48).floor for n in (500, 8000))
    assert 2.8 < small / large < 5.7  # 4, each floor a mean of 48 with scatter of about 40 %


def test_no_training_meets_the_true_draws_that_it_is_measured_by():
    """A training set of n points is the first draw of its seed, as true draws once were."""
    moons = DISTRIBUTIONS["moons"].build()
    truth = Truth.of(moons, 1000)
    for seed in (0, 1, 2**53 - 1):
        points = moons.sample(1000, Generator().manual_seed(seed))
        assert not any(torch.equal(points, draw) for draw in truth.draws)
        assert truth.sliced_wasserstein(points).ratio > 0.7


def test_a_true_sample_reads_about_one_floor():
    ring = DISTRIBUTIONS["ring"].build()
    truth = Truth.of(ring, 2000)
    readings = [
        truth.sliced_wasserstein(ring.sample(2000, Generator().manual_seed(100 + i)))
        for i in range(8)
    ]
    assert 0.7 < sum(r.ratio for r in readings) / 8 < 1.5
    collapsed = ring.means[torch.arange(2000) % 8].float()
    assert truth.sliced_wasserstein(collapsed).value > readings[0].floor


def test_a_floor_of_zero_has_no_ratio():
    assert math.isinf(Reading(1.0, 0.0).ratio)


def test_energy_distance_by_brute_force():
    x, y = normal(40, 2), normal(30, 2, seed=1) + 0.8

    def mean(a, b, same=False):
        pairs = [
            math.dist(p, q)
            for i, p in enumerate(a.tolist())
            for j, q in enumerate(b.tolist())
            if not (same and i == j)
        ]
        return sum(pairs) / len(pairs)

    expected = math.sqrt(2 * mean(x, y) - mean(x, x, same=True) - mean(y, y, same=True))
    assert energy_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_energy_distance_of_shifted_normals_has_its_closed_form():
    """E|N(m, s²)| = s √(2/π) e^{−m²/2s²} + m erf(m/s√2), with s² = 2."""
    n, shift = 2000, 1.5

    def absolute(m: float, s: float = math.sqrt(2)) -> float:
        peak = s * math.sqrt(2 / math.pi) * math.exp(-(m**2) / (2 * s**2))
        return peak + m * math.erf(m / (s * math.sqrt(2)))

    expected = math.sqrt(2 * absolute(shift) - 2 * absolute(0))
    got = energy_distance(normal(n, 1), normal(n, 1, seed=1) + shift)
    # the estimate of the square scatters by about 4 √(2/n) in its slope along the shift
    assert got**2 == pytest.approx(expected**2, abs=4 * 2 * math.sqrt(2 / n))
    assert energy_distance(normal(n, 1), normal(n, 1, seed=1)) < 4 / math.sqrt(n)


def test_energy_distance_looks_at_the_first_of_many():
    x = normal(300, 2)
    assert energy_distance(x, x + 1, limit=100) == energy_distance(x[:100], x[:100] + 1)


def test_coverage_counts_modes_found_and_missed():
    ring = DISTRIBUTIONS["ring"].build()
    half = ring.means[:4].float().repeat(50, 1)
    coverage = mode_coverage(half, ring)
    assert coverage.shares == (0.25,) * 4 + (0.0,) * 4
    assert coverage.truth == pytest.approx((0.125,) * 8)
    assert coverage.error == pytest.approx(0.5)
    assert coverage.found == 4
    everything = mode_coverage(ring.sample(4000, Generator().manual_seed(0)), ring)
    assert everything.found == 8
    # total variation of 8 shares: half of 8 √(p q/n) √(2/π) on average
    assert everything.error < 2 * 4 * math.sqrt(0.125 * 0.875 / 4000)


def test_a_mode_of_no_weight_is_never_found():
    mixture = GaussianMixture.isotropic(torch.tensor([0.0, 1.0]), torch.tensor([[-5.0], [5.0]]), 1)
    assert mode_coverage(mixture.sample(100, Generator().manual_seed(0)), mixture).found == 1


def test_spread_is_the_variance_within_modes():
    blobs = DISTRIBUTIONS["blobs"].build()
    n, rng = 8000, Generator().manual_seed(5)
    x = blobs.sample(n, rng)
    # D σ² over 2n normals: relative standard error √(2/(nD))
    error = math.sqrt(2 / (n * 2))
    assert within_modes(x, blobs) == pytest.approx(2 * 0.2**2, rel=4.5 * error)
    truth = Truth.of(blobs, n)
    assert truth.spread(x) == pytest.approx(1, abs=4.5 * math.sqrt(2) * error)
    centres = blobs.means[blobs.mode_of(x)].float()
    assert truth.spread(centres + (x - centres) / 2) == pytest.approx(0.25, abs=0.05)
    assert truth.spread(centres) < 1e-10


def test_points_have_coverage_but_no_spread():
    points = DISTRIBUTIONS["points"].build()
    x = points.noised(1.0, 0.01).sample(2000, Generator().manual_seed(0))
    assert math.isnan(Truth.of(points, 2000).spread(x))
    assert mode_coverage(x, points).found == 12
    assert within_modes(x, points) == pytest.approx(2 * 0.01**2, rel=4.5 * math.sqrt(2 / 4000))
