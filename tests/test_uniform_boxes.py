"""Uniform boxes under noise, against autograd, quadrature and far tails."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch import Generator

from explorer.data.shapes import checkerboard
from explorer.data.uniform_boxes import UniformBoxes

BLURS = [0.02, 0.2, 1.0, 5.0]


def two_intervals() -> UniformBoxes:
    return UniformBoxes(
        torch.tensor([0.3, 0.7], dtype=torch.float64),
        torch.tensor([[-1.0], [0.5]], dtype=torch.float64),
        torch.tensor([[0.0], [2.0]], dtype=torch.float64),
        torch.arange(2),
    )


def staircase() -> UniformBoxes:
    edges = torch.linspace(0, 1, 65, dtype=torch.float64)[:, None]
    weights = (2 - edges[:-1] - edges[1:])[:, 0] / 64
    return UniformBoxes(weights, edges[:-1], edges[1:], torch.zeros(64).long())


@pytest.mark.parametrize(
    "boxes", [two_intervals(), staircase(), checkerboard()], ids=["2", "64", "8"]
)
@pytest.mark.parametrize("blur", BLURS)
def test_score_is_the_gradient_of_the_log_density(boxes, blur):
    noised = boxes.noised(0.9, blur)
    z = torch.randn(60, boxes.dim, generator=Generator().manual_seed(0), dtype=torch.float64)
    x = (noised.mean + 2 * noised.covariance.diagonal().sqrt() * z).requires_grad_()
    (gradient,) = torch.autograd.grad(noised.log_prob(x).sum(), x)
    # autograd divides differences of near equal numbers where a box is narrow in blurs
    torch.testing.assert_close(noised.score(x.detach()), gradient, rtol=1e-8, atol=1e-7)


@pytest.mark.filterwarnings("ignore:The occurrence of roundoff")
@pytest.mark.parametrize("blur", BLURS)
def test_density_and_score_agree_with_quadrature(blur):
    boxes = two_intervals()
    noised = boxes.noised(1.0, blur)

    def density(x: float, weigh=lambda z: 1.0) -> float:
        parts = zip(boxes.weights, boxes.low[:, 0], boxes.high[:, 0], strict=True)
        return sum(
            float(w / (b - a))
            * quad(
                lambda y: weigh((y - x) / blur) * norm.pdf(x, y, blur),
                float(a),
                float(b),
                points=[min(max(x, float(a)), float(b))],
                epsabs=0,
                epsrel=1e-9,
                limit=200,
            )[0]
            for w, a, b in parts
        )

    for x in np.linspace(-1 - 3 * blur, 2 + 3 * blur, 7):
        p, slope = density(x), density(x, lambda z: z / blur)
        at = torch.tensor([[x]], dtype=torch.float64)
        assert math.isclose(float(noised.log_prob(at)), math.log(p), rel_tol=1e-8, abs_tol=1e-8)
        assert float(noised.score(at)) == pytest.approx(slope / p, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("boxes", [staircase(), checkerboard()], ids=["stairs", "board"])
@pytest.mark.parametrize("blur", [0.01, 0.3, 3.0, 25.0, 80.0])
def test_float32_tails_thirty_blurs_away(boxes, blur):
    noised = boxes.noised(1.0, blur)
    far = torch.tensor([0.0, 1.0, 3.0, 10.0, 30.0])
    x = torch.cat([2 + blur * far, -2 - blur * far])[:, None].repeat(1, boxes.dim)
    score, log_prob = noised.score(x), noised.log_prob(x)
    assert score.dtype == log_prob.dtype == torch.float32
    assert log_prob.isfinite().all()
    torch.testing.assert_close(
        score.double(), noised.score(x.double()), rtol=1e-4, atol=1e-4 / blur
    )
    # far away only the nearest face counts: the score points home, about one blur² per distance
    out = (x.double() / blur).abs().amax(dim=1) > 25
    assert (score[out] * x[out] < 0).all()


def test_wide_noise_turns_any_boxes_into_their_gaussian():
    boxes, blur = checkerboard(), 100.0
    noised = boxes.noised(1.0, blur)
    x = blur * torch.randn(20, 2, generator=Generator().manual_seed(0), dtype=torch.float64)
    expected = -torch.linalg.solve(noised.covariance, (x - noised.mean).T).T
    torch.testing.assert_close(noised.score(x), expected, rtol=1e-5, atol=1e-7)


def test_without_noise_the_density_is_flat_inside_and_zero_outside():
    boxes = checkerboard()
    x = torch.tensor([[-1.5, -1.5], [-1.5, -0.5], [5.0, 5.0]])
    log_prob = boxes.log_prob(x)
    assert float(log_prob[0]) == pytest.approx(-math.log(8), abs=1e-6)
    assert log_prob[1:].tolist() == [-math.inf, -math.inf]
    assert boxes.score(x).tolist() == [[0.0, 0.0]] * 3
    assert not boxes.responsibilities(x).isnan().any()


@pytest.mark.parametrize("blur", [0.05, 0.5, 4.0])
def test_scores_of_modes_weighted_by_responsibilities_sum_to_the_score(blur):
    noised = checkerboard().noised(0.7, blur)
    x = noised.sample(50, Generator().manual_seed(2)).double()
    share, scores = noised.responsibilities(x), noised.mode_scores(x)
    total = torch.einsum("bg,bgd->bd", share, scores)
    torch.testing.assert_close(total, noised.score(x), rtol=1e-8, atol=1e-8)


def test_noising_twice_is_noising_once():
    once = checkerboard().noised(0.4, math.hypot(0.5 * 0.3, 0.2))
    twice = checkerboard().noised(0.8, 0.3).noised(0.5, 0.2)
    x = once.sample(20, Generator().manual_seed(0)).double()
    torch.testing.assert_close(twice.log_prob(x), once.log_prob(x))


def test_a_point_beside_all_fields_is_of_the_nearest_one():
    """A sampler's last step leaves some just outside, where no field has a density."""
    boxes, rng = checkerboard(), Generator().manual_seed(3)
    k = torch.multinomial(boxes.weights, 500, replacement=True, generator=rng)
    x = boxes.low[k] + torch.rand(500, 2, generator=rng) * (boxes.high - boxes.low)[k]
    assert torch.equal(boxes.mode_of(x), boxes.groups[k])
    high = boxes.high[:, 0].max()
    right = boxes.high[:, 0] == high  # beside which there is nothing
    beside = (boxes.low + boxes.high)[right] / 2
    beside[:, 0] = high + 0.01
    assert torch.equal(boxes.mode_of(beside), boxes.groups[right])
