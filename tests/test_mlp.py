"""The small network: one time for all says the same as a time for each, at any precision."""

import copy
import math

import pytest
import torch
from torch import Generator

from explorer.diffusion.processes import PROCESSES
from explorer.networks.mlp import (
    NETWORKS,
    CentredMLP,
    LevelMLP,
    SinusoidalMLP,
    SkipMLP,
    WaveMLP,
    fourier_frequencies,
    sinusoidal_frequencies,
    waves,
)
from explorer.networks.perceptron import BLOCK, WIDE, initialise
from explorer.training.optimiser import FlatAdam


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


WIDE_NETWORKS = {
    "silu": lambda depth: SinusoidalMLP(2, WIDE, depth),
    "tanh": lambda depth: WaveMLP(2, fourier_frequencies(), WIDE, depth, "tanh"),
    "relu": lambda depth: CentredMLP(2, WIDE, depth),
    "scaled": lambda depth: LevelMLP(2, PROCESSES["edm"].build(), WIDE, depth),
}


@pytest.mark.parametrize("name", WIDE_NETWORKS)
@pytest.mark.parametrize("rows", [2 * BLOCK, 2 * BLOCK + 37])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_many_particles_go_through_in_blocks_to_the_same_values(name, rows, depth, dtype):
    torch.manual_seed(0)
    model, x = WIDE_NETWORKS[name](depth).to(dtype), particles(rows).to(dtype)
    t = torch.tensor(0.37, dtype=dtype)
    each = model(x, t.expand(rows)).detach()
    with torch.no_grad():
        found = model(x, t)
    assert found.is_contiguous()
    close = 1e-12 if dtype == torch.float64 else 2e-6
    torch.testing.assert_close(found, each, rtol=close, atol=close)
    assert torch.equal(x, particles(rows).to(dtype))


def _scaled_in_place(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model


def _another_parameter(model):
    model.out.bias = torch.nn.Parameter(model.out.bias.detach() + 1, False)
    return model


def _loaded(model):
    other = SinusoidalMLP(width=WIDE)
    initialise(other, Generator().manual_seed(1))
    model.load_state_dict(other.state_dict())
    return model


def _data_replaced(model):
    model.hidden[0].weight.data = 2 * model.hidden[0].weight.data
    return model


def _trained(model):
    optimizer = torch.optim.Adam(model.requires_grad_().parameters(), 0.1)
    model(particles(3), torch.tensor(0.5)).square().sum().backward()
    optimizer.step()
    return model


CHANGES = [
    _scaled_in_place,
    _another_parameter,
    _loaded,
    _data_replaced,
    _trained,
    torch.nn.Module.double,
    copy.deepcopy,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_what_blocks_keep_of_the_weights_follows_them(change, mode):
    model, t = network(width=WIDE).requires_grad_(False), torch.tensor(0.37)
    with mode():
        model(particles(2 * BLOCK), t)
    model = change(model)
    x = particles(2 * BLOCK).to(model.out.weight.dtype)
    with mode():
        found = model(x, t)
        torch.testing.assert_close(found, model(x, t.expand(len(x))), rtol=1e-5, atol=1e-5)


def test_blocks_follow_weights_that_are_views_of_what_is_trained():
    model, t, x = network(width=WIDE), torch.tensor(0.37), particles(2 * BLOCK)
    adam = FlatAdam(model)
    with torch.no_grad():
        model(x, t)
        adam.gradient.fill_(1.0)
        adam.step(0.1, 1, 0.0)
        torch.testing.assert_close(model(x, t), model(x, t.expand(len(x))), rtol=1e-5, atol=1e-5)


def test_blocks_take_weights_that_were_made_without_versions():
    with torch.inference_mode():
        model, x, t = network(width=WIDE), particles(2 * BLOCK), torch.tensor(0.37)
        first = model(x, t)
        model.out.bias.add_(1)
        torch.testing.assert_close(model(x, t), first + 1)


@pytest.mark.parametrize("time_dtype", [torch.float32, torch.float64])
def test_the_network_of_few_units_says_the_same_for_one_time(time_dtype):
    model = SkipMLP(2)
    initialise(model, Generator().manual_seed(0))
    x, t = particles(50), torch.tensor(0.37, dtype=time_dtype)
    each = model(x, t.expand(50))
    torch.testing.assert_close(model(x, t), each, rtol=1e-5, atol=1e-6)
    assert model(x, t).is_contiguous()
    grads = []
    for time in (t, t.expand(50)):
        model.zero_grad()
        model(x, time).square().mean().backward()
        grads.append([p.grad.clone() for p in model.parameters()])
    for one, every in zip(*grads, strict=True):
        torch.testing.assert_close(one, every, rtol=1e-4, atol=1e-6)


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


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("process", ["ve", "ddpm", "cosine", "edm", "straight"])
@pytest.mark.parametrize("dim", [1, 2, 5])
def test_every_network_takes_every_process_and_both_shapes_of_time(name, process, dim):
    model = NETWORKS[name].build()(dim, PROCESSES[process].build())
    initialise(model, Generator().manual_seed(0))
    x, t = particles(dim=dim), torch.tensor(0.4)
    out = model(x, t)
    assert out.shape == x.shape
    assert out.isfinite().all()
    torch.testing.assert_close(out, model(x, t.expand(7)), rtol=1e-5, atol=1e-6)
    inputs = model.inputs(x, t.expand(7))
    torch.testing.assert_close(model.body(inputs), out, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dim", [1, 2, 9])
def test_the_gradient_by_hand_is_autograds(name, dim):
    model = NETWORKS[name].build()(dim, PROCESSES["ddpm"].build())
    initialise(model, Generator().manual_seed(0))
    inputs = model.inputs(particles(16, dim), torch.linspace(0.1, 1, 16))
    wanted = particles(16, dim)
    (model.body(inputs) - wanted).square().mean().backward()
    by_autograd = [p.grad.clone() for p in model.parameters()]
    model.backpropagate(inputs, lambda out: 2 * (out - wanted) / wanted.numel())
    for parameter, expected in zip(model.parameters(), by_autograd, strict=True):
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-4, atol=1e-6)


def test_initial_weights_come_from_their_own_seed():
    before = torch.get_rng_state()
    drawn = []
    for seed in (1, 1, 2):
        model = network()
        state = torch.get_rng_state()
        initialise(model, Generator().manual_seed(seed))
        assert torch.equal(torch.get_rng_state(), state)
        drawn.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    torch.set_rng_state(before)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert float(drawn[0].abs().max()) <= 66**-0.5  # the widest layer's bound is the first's


def test_the_level_network_reads_inputs_of_unit_width_at_every_time():
    process = PROCESSES["edm"].build()
    model = NETWORKS["level"].build()(2, process)
    t = process.time_at(torch.tensor([1e-2, 1.0, 50.0], dtype=torch.float64))
    rng = Generator().manual_seed(0)
    for time in t:
        x0 = torch.randn(20_000, 2, generator=rng)
        x, _ = process.perturb(x0, time, rng)
        read = model.inputs(x, time.expand(len(x)))[:, :2]
        # the variance of n draws is off by √(2/n) of itself
        assert float(read.var()) == pytest.approx(1, abs=5 * (2 / read.numel()) ** 0.5)


def test_the_skip_network_is_the_documents():
    model = NETWORKS["skip"].build()(2, PROCESSES["ddpm"].build())
    shapes = [tuple(p.shape) for p in model.parameters()]
    assert shapes == [(5, 4), (5,), (3, 5), (3,), (3, 3), (3, 3), (2, 3), (2,)]
