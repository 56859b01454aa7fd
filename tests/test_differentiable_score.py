"""The score in a graph is the same by NumPy, for few points, as by torch, for many."""

import pytest
import torch
from torch import Generator, Tensor

from explorer.data.differentiable_score import FEW
from explorer.data.gaussian_mixture import GaussianMixture

WHOLE = GaussianMixture.of(
    [0.2, 0.5, 0.3],
    [[-1.0, 0.0], [1.0, 0.5], [0.0, -1.0]],
    [[[0.05, 0.02], [0.02, 0.03]], [[0.2, -0.1], [-0.1, 0.1]], [[0.01, 0.0], [0.0, 0.3]]],
)
DIAGONAL = GaussianMixture.isotropic(torch.ones(4), torch.eye(4, 2), 0.2)
LINE = GaussianMixture.of([0.3, 0.7], [[-1.0], [2.0]], [[[0.04]], [[0.5]]])


def score_and_slope(mixture: GaussianMixture, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    score = mixture.score(x)
    (slope,) = torch.autograd.grad(score, x, v)
    return score.detach(), slope


@pytest.mark.parametrize("mixture", [WHOLE, DIAGONAL, LINE], ids=["whole", "diagonal", "line"])
@pytest.mark.parametrize("reach", [1.0, 1e3], ids=["near", "far"])
@pytest.mark.parametrize(("dtype", "digits"), [(torch.float64, 1e-10), (torch.float32, 2e-4)])
def test_few_points_have_the_score_and_the_slope_that_they_have_among_many(
    mixture, reach, dtype, digits
):
    rng = Generator().manual_seed(0)
    x, v = torch.randn(2, FEW, mixture.dim, generator=rng, dtype=dtype)
    x[:5] *= reach
    many, few = score_and_slope(mixture, x, v), score_and_slope(mixture, x[:5], v[:5])
    for among_many, alone in zip(many, few, strict=True):
        assert alone.dtype == dtype
        size = float(among_many[:5].abs().max())
        torch.testing.assert_close(alone, among_many[:5], rtol=digits, atol=digits * size)
