"""Every entry of the registry: it builds, and its draws, moments, modes and scores agree."""

import math

import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS

SETTINGS = [
    (name, values)
    for name, entry in DISTRIBUTIONS.items()
    for values in [{}, *({p.name: end} for p in entry.params for end in (p.low, p.high))]
]
every_setting = pytest.mark.parametrize(("name", "values"), SETTINGS, ids=str)


@every_setting
def test_entry_keeps_its_promises(name, values):
    entry = DISTRIBUTIONS[name]
    distribution = entry.build(values)
    assert distribution.dim == entry.dim
    # points are exact, as a mixture of no width; their entry tells about t = 0
    assert distribution.exact == entry.exact
    assert distribution.mean.shape == (entry.dim,)
    assert distribution.covariance.shape == (entry.dim, entry.dim)
    assert float(distribution.mode_weights.sum()) == pytest.approx(1, abs=1e-12)


@every_setting
def test_draws_have_the_moments(name, values):
    distribution, n = DISTRIBUTIONS[name].build(values), 20_000
    x = distribution.sample(n, Generator().manual_seed(0))
    assert x.shape == (n, distribution.dim)
    assert x.dtype == torch.float32
    centred = x.double() - distribution.mean
    # 1e-6: float32 draws of a mode without width have no standard error of their own
    error = (distribution.covariance.diagonal() / n).sqrt() + 1e-6
    assert (centred.mean(dim=0).abs() < 4.5 * error).all()
    products = torch.einsum("nd,ne->nde", centred, centred)
    error = products.std(dim=0) / math.sqrt(n) + 1e-6
    assert ((products.mean(dim=0) - distribution.covariance).abs() < 4.5 * error).all()


@every_setting
def test_draws_repeat_with_their_generator(name, values):
    distribution = DISTRIBUTIONS[name].build(values)
    first, again, other = (distribution.sample(50, Generator().manual_seed(s)) for s in (3, 3, 4))
    assert torch.equal(first, again)
    assert name == "points" or not torch.equal(first, other)


@every_setting
@pytest.mark.parametrize(("alpha", "sigma"), [(1.0, 0.01), (0.8, 0.6), (1.0, 80.0)])
def test_scores_of_modes_sum_to_the_score(name, values, alpha, sigma):
    noised = DISTRIBUTIONS[name].build(values).noised(alpha, sigma)
    x = noised.sample(64, Generator().manual_seed(1)).double()
    share, scores = noised.responsibilities(x), noised.mode_scores(x)
    assert share.shape == (64, len(noised.mode_weights))
    assert scores.isfinite().all()
    total = torch.einsum("bg,bgd->bd", share, scores)
    torch.testing.assert_close(total, noised.score(x), rtol=1e-7, atol=1e-7)


@every_setting
def test_score_is_the_gradient_and_float32_keeps_it(name, values):
    noised = DISTRIBUTIONS[name].build(values).noised(0.9, 0.1)
    x = noised.sample(64, Generator().manual_seed(2)).double().requires_grad_()
    (gradient,) = torch.autograd.grad(noised.log_prob(x).sum(), x)
    exact = noised.score(x.detach())
    torch.testing.assert_close(exact, gradient, rtol=1e-7, atol=1e-7)
    typical = float(exact.square().mean().sqrt())
    single = noised.score(x.detach().float()).double()
    torch.testing.assert_close(single, exact, rtol=1e-3, atol=1e-3 * typical)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gaussians-1d", {}),
        ("blobs", {}),
        ("ring", {}),
        ("ring", {"modes": 3, "radius": 6.0}),
        ("mixture-1d", {"std": 0.05}),
    ],
)
def test_separated_modes_are_told_apart(name, values):
    distribution = DISTRIBUTIONS[name].build(values)
    x, k = distribution.sample_components(2000, Generator().manual_seed(0))
    wrong = int((distribution.mode_of(x) != distribution.groups[k]).sum())
    assert wrong <= 1  # a point at five widths may cross over: 6e-7 of them each way


def test_draws_are_those_of_their_components():
    distribution = DISTRIBUTIONS["ring"].build()
    x, _ = distribution.sample_components(100, Generator().manual_seed(0))
    assert torch.equal(x, distribution.sample(100, Generator().manual_seed(0)))


def test_a_field_of_the_board_is_a_mode():
    board = DISTRIBUTIONS["checkerboard"].build()
    x = board.sample(4000, Generator().manual_seed(0))
    expected = (x[:, 0] + 2).floor() * 2 + ((x[:, 1] + 2).floor() / 2).floor()
    assert torch.equal(board.mode_of(x), expected.long())


def test_ramp_falls_linearly():
    x = DISTRIBUTIONS["ramp-1d"].build().sample(50_000, Generator().manual_seed(0))[:, 0]
    for q in (0.1, 0.3, 0.7):
        share, expected = float((x < q).double().mean()), 1 - (1 - q) ** 2
        assert abs(share - expected) < 4.5 * math.sqrt(expected * (1 - expected) / 50_000)


@pytest.mark.parametrize("name", [n for n, entry in DISTRIBUTIONS.items() if entry.dim == 2])
def test_a_look_is_all_that_is_known(name):
    noised = DISTRIBUTIONS[name].build().noised(0.7, 0.6)
    x = noised.sample(50, Generator().manual_seed(0))
    look = noised.look(x)
    assert torch.allclose(look.log_prob, noised.log_prob(x))
    assert torch.allclose(look.score, noised.score(x))
    assert torch.allclose(look.responsibilities, noised.responsibilities(x))
