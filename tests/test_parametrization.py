"""ε, x_0, score and v: every conversion, there and back."""

from itertools import product

import pytest
import torch
from torch import Generator

from explorer.diffusion.parametrization import KINDS, convert, from_eps, score_of, to_eps
from explorer.diffusion.processes import LinearDDPM, StraightPath


def known_kinds(dtype: torch.dtype, alpha: torch.Tensor, sigma: torch.Tensor):
    """x and what each kind should say, from one x_0 and one ε."""
    rng = Generator().manual_seed(0)
    x0, eps = torch.randn(2, 6, 3, 4, 4, generator=rng, dtype=dtype)
    truth = {"eps": eps, "x0": x0, "score": -eps / sigma, "v": alpha * eps - sigma * x0}
    return alpha * x0 + sigma * eps, truth


@pytest.mark.parametrize(("source", "target"), list(product(KINDS, KINDS)))
@pytest.mark.parametrize(("dtype", "digits"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize("batched", [False, True])
def test_conversions_say_the_same(source, target, dtype, digits, batched):
    angle = torch.linspace(0.4, 1.2, 6, dtype=dtype).reshape(6, 1, 1, 1) if batched else None
    angle = torch.tensor(0.7, dtype=dtype) if angle is None else angle
    alpha, sigma = angle.cos(), angle.sin()
    x, truth = known_kinds(dtype, alpha, sigma)
    said = convert(truth[source], source, target, x, alpha, sigma)
    torch.testing.assert_close(said, truth[target], rtol=10 * digits, atol=10 * digits)
    back = convert(said, target, source, x, alpha, sigma)
    torch.testing.assert_close(back, truth[source], rtol=10 * digits, atol=10 * digits)


@pytest.mark.parametrize("kind", KINDS)
def test_conversions_hold_without_unit_variance(kind):
    alpha, sigma = torch.tensor(1.0, dtype=torch.float64), torch.tensor(3.0, dtype=torch.float64)
    x, truth = known_kinds(torch.float64, alpha, sigma)
    for target in KINDS:
        said = convert(truth[kind], kind, target, x, alpha, sigma)
        torch.testing.assert_close(said, truth[target], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("process", [LinearDDPM(), StraightPath()])
@pytest.mark.parametrize("time_dtype", [torch.float32, torch.float64])
def test_one_signature_for_every_predictor(kind, process, time_dtype):
    """A time for each particle and one for all give the same score, in x's dtype."""

    def predict(x, t):
        return torch.sin(3 * x) + t.to(x.dtype).reshape((-1,) + (1,) * (x.ndim - 1))

    x = torch.randn(5, 3, 4, 4, generator=Generator().manual_seed(0))
    score = score_of(kind, predict, process)
    one = score(x, torch.tensor(0.3, dtype=time_dtype))
    each = score(x, torch.full((5,), 0.3, dtype=time_dtype))
    assert one.dtype == each.dtype == torch.float32
    torch.testing.assert_close(one, each, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("change", [to_eps, from_eps])
def test_an_unknown_kind_names_the_choices(change):
    one = torch.ones(1)
    with pytest.raises(ValueError, match=r"'noise' is no parametrization.*eps, x0, score, v"):
        change("noise", one, one, one, one)
