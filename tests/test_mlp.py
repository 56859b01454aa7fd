"""The small network: one time for all says the same as a time for each, at any precision."""

import math

import pytest
import torch
from torch import Generator

from explorer.networks.mlp import SinusoidalMLP, sinusoidal_frequencies, waves


def network(**options) -> SinusoidalMLP:
    torch.manual_seed(0)
    return SinusoidalMLP(**options)


def particles(n: int = 7, dim: int = 2) -> torch.Tensor:
    return torch.randn(n, dim, generator=Generator().manual_seed(0))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("time_dtype", [torch.float32, torch.float64])
def test_one_time_for_all_is_a_time_for_each(dim, time_dtype):
    model, x, t = network(dim=dim), particles(dim=dim), torch.tensor(0.37, dtype=time_dtype)
    each = model(x, t.expand(7))
    assert each.shape == x.shape
    torch.testing.assert_close(model(x, t), each, rtol=1e-5, atol=1e-6)
    with torch.inference_mode():
        torch.testing.assert_close(model(x, t), each, rtol=1e-5, atol=1e-6)


def test_it_is_the_plain_network_of_the_note():
    """Silu layers over x beside sin and cos of i = T t, written as a tutorial writes them."""
    model, x, i = network(scale=500), particles(), torch.tensor([1, 40, 99, 250, 251, 499, 500])
    angle = i[:, None] * torch.exp(-torch.arange(32) * math.log(10000) / 31)
    h = torch.cat([x, angle.sin(), angle.cos()], dim=1)
    for layer in (model.first, *model.hidden):
        h = torch.nn.functional.silu(layer(h))
    torch.testing.assert_close(model(x, i / 500), model.out(h), rtol=1e-4, atol=1e-5)
    assert sum(p.numel() for p in model.parameters()) == 67 * 128 + 2 * 129 * 128 + 129 * 2


def test_asking_leaves_the_particles_as_they_were():
    model, x = network(), particles()
    before = x.clone()
    with torch.no_grad():
        model(x, torch.tensor(0.5))
    assert torch.equal(x, before)


def test_both_forms_can_be_trained():
    grads = []
    for t in (torch.tensor(0.5), torch.full((7,), 0.5)):
        model = network()
        model(particles(), t).square().mean().backward()
        grads.append([p.grad for p in model.parameters()])
    for one, each in zip(*grads, strict=True):
        assert float(one.abs().max()) > 0
        torch.testing.assert_close(one, each, rtol=1e-4, atol=1e-6)


def test_float64_stays_float64():
    assert network().double()(particles().double(), torch.tensor(0.5)).dtype == torch.float64


def test_frequencies_fall_from_the_scale_by_four_decades():
    frequencies = sinusoidal_frequencies(8, 500.0)
    assert frequencies[0] == 500
    assert float(frequencies[-1]) == pytest.approx(0.05)
    assert waves(torch.zeros(3), frequencies).tolist() == [[0.0] * 4 + [1.0] * 4] * 3
    assert "frequencies" not in network().state_dict()


@pytest.mark.parametrize("size", [0, 1, 7])
def test_an_odd_embedding_is_refused(size):
    with pytest.raises(ValueError, match=f"size={size} must be even"):
        SinusoidalMLP(embed=size)
