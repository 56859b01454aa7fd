"""Image networks: the practical's layers as it writes them, and ours as its paper defines it."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, nn

from explorer.diffusion.processes import EDM, CosineVP, LinearDDPM
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.image_unet import NO_LABEL, Attention, Preconditioned, ResidualUNet
from explorer.networks.unet import IMAGE_NETWORKS, StridedUNet, TwoConvolutions, build


def pictures(n: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 3, 32, 32, generator=Generator().manual_seed(seed))


def count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def stirred(network: nn.Module) -> nn.Module:
    """With every weight drawn anew, so that branches that start at zero say something."""
    rng = Generator().manual_seed(1)
    for parameter in network.parameters():
        parameter.data = 0.1 * torch.randn(parameter.shape, generator=rng)
    return network.eval()


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_one_signature_for_all(name):
    network = build(name, EDM(), 0).eval()
    x, labels = pictures(), torch.tensor([1, 9, 0])
    with torch.inference_mode():
        one = network(x, torch.tensor(0.01, dtype=torch.float64), labels)
        each = network(x, torch.full((3,), 0.01), labels)
    assert one.shape == x.shape
    assert one.dtype == torch.float32
    torch.testing.assert_close(one, each, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_the_seed_gives_the_weights_and_the_global_one_is_left_alone(name):
    before = torch.get_rng_state()
    first, second = build(name, EDM(), 3).state_dict(), build(name, EDM(), 3).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], second[key]) for key in first)
    other = build(name, EDM(), 4).state_dict()
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_an_entry_names_the_class_that_it_builds(name):
    assert type(build(name, EDM(), 0)) is IMAGE_NETWORKS[name].network


def test_two_convolutions_see_five_pixels():
    network = TwoConvolutions().eval()
    assert count(network) == 3 * 64 * 9 + 64 + 2 * 64 + 64 * 3 * 9 + 3
    x = pictures(1)
    x.requires_grad_()
    network(x, torch.tensor(0.5))[0, :, 16, 16].sum().backward()
    seen = x.grad[0].abs().sum(0).nonzero()
    assert seen.min(0).values.tolist() == [14, 14]
    assert seen.max(0).values.tolist() == [18, 18]


class Lazy(nn.Module):
    """The practical's U-Net written anew: nothing but its widths and where it joins maps."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(self.block(nn.LazyConv2d, c) for c in (72, 96, 128, 196))
        self.bottom = nn.LazyConv2d(256, 3, 1, 1, bias=False)
        self.up = nn.ModuleList(self.block(nn.LazyConvTranspose2d, c) for c in (256, 196, 128, 96))
        self.last = nn.LazyConv2d(3, 1)

    @staticmethod
    def block(kind, channels):
        layers = kind(channels, 4, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        return nn.Sequential(*layers)

    def forward(self, x, labels=None):
        a = self.down[0](x)
        b = self.down[1](a)
        c = self.down[2](b)
        d = self.down[3](c)
        planes = [] if labels is None else [F.one_hot(labels, 10).float()[:, :, None, None]]
        tiled = [p.repeat(1, 1, 2, 2) for p in planes], [p.repeat(1, 1, 4, 4) for p in planes]
        h = self.up[0](torch.cat([self.bottom(d), d, *tiled[0]], 1))
        h = self.up[1](torch.cat([h, c, *tiled[1]], 1))
        h = self.up[2](torch.cat([h, b], 1))
        h = self.up[3](torch.cat([h, a], 1))
        return self.last(torch.cat([h, x], 1))


@pytest.mark.parametrize("classes", [0, 10])
def test_the_strided_network_is_the_practicals(classes):
    ours, x, labels = StridedUNet(classes), pictures(), torch.tensor([3, 0, 9])
    theirs = Lazy()
    told = labels if classes else None
    theirs(x, told)  # which finds out the channels
    weights = dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True))
    theirs.load_state_dict(weights)
    torch.testing.assert_close(ours(x, torch.tensor(0.5), told), theirs(x, told))


def test_a_network_with_classes_wants_them():
    with pytest.raises(ValueError, match="give one for each picture"):
        StridedUNet(10)(pictures(), torch.tensor(0.5))


def test_ours_is_of_the_size_it_is_meant_to_have():
    assert 2.5e6 < count(build("residual", EDM(), 0)) < 4.5e6


@pytest.mark.parametrize("process", [EDM(), CosineVP(), LinearDDPM(400)])
def test_preconditioning_is_the_papers(process):
    """Karras et al. 2022: D(x; σ) = c_skip x + c_out F(c_in x; ¼ ln σ), at σ = σ_t/α_t."""
    seen = {}

    def body(x, c_noise, labels):
        seen.update(x=x, c_noise=c_noise)
        return torch.tanh(x)

    wrapped = Preconditioned(nn.Identity(), process)
    wrapped.body = body_module(body)
    x, t = pictures(), torch.tensor([0.004, 0.1, 0.9])
    found = wrapped(x, t)
    for i, time in enumerate(t.double()):
        alpha, sigma = float(process.alpha(time)), float(process.sigma(time))
        level, clean = sigma / alpha, x[i].double() / alpha
        c_in = (level**2 + 0.25) ** -0.5
        denoised = 0.25 * c_in**2 * clean + level * 0.5 * c_in * torch.tanh(c_in * clean)
        torch.testing.assert_close(found[i].double(), denoised, rtol=1e-4, atol=1e-4)
        assert float(seen["c_noise"][i]) == pytest.approx(math.log(level) / 4, abs=1e-4)


def body_module(function) -> nn.Module:
    class Body(nn.Module):
        def forward(self, *arguments):
            return function(*arguments)

    return Body()


def test_what_the_network_sees_and_must_say_has_unit_variance():
    seen = []
    wrapped = Preconditioned(body_module(lambda x, c, labels: seen.append(x) or x), EDM())
    rng = Generator().manual_seed(0)
    x0 = 0.5 * torch.randn(40, 3, 32, 32, generator=rng)
    for t in (1e-4, 0.01, 1.0):
        x, _ = EDM().perturb(x0, torch.tensor(t), rng)
        wrapped(x, torch.tensor(t))
        assert float(seen[-1].std()) == pytest.approx(1, abs=0.01)  # 10 standard errors


def test_an_untrained_network_of_ours_is_the_best_linear_guess():
    x, t = pictures(), torch.tensor(0.01)
    c_skip = 0.25 / (0.25 + 0.8**2)
    torch.testing.assert_close(build("residual", EDM(), 0)(x, t), c_skip * x)


def test_ours_hears_the_time_and_the_class():
    network = stirred(ResidualUNet())
    x, early, late = pictures(), torch.tensor(-1.0), torch.tensor(0.5)
    labels = torch.tensor([2, 2, 7])
    with torch.inference_mode():
        told = network(x, early, labels)
        untold = network(x, early)
        assert float((told - network(x, late, labels)).abs().max()) > 1e-3
        assert float((told - untold).abs().max()) > 1e-3
        some = network(x, early, torch.tensor([2, NO_LABEL, 7]))
    torch.testing.assert_close(some[[0, 2]], told[[0, 2]], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(some[1], untold[1], rtol=1e-4, atol=1e-5)


def test_pictures_of_a_batch_do_not_meet():
    network, x = stirred(ResidualUNet()), pictures(4)
    with torch.inference_mode():
        together = network(x, torch.tensor([-1.0, 0.0, 0.3, 0.6]))
        alone = network(x[2:3], torch.tensor([0.3]))
    torch.testing.assert_close(together[2:3], alone, rtol=1e-4, atol=1e-5)


def test_attention_is_the_formula():
    layer, x = (
        stirred(Attention(64)),
        torch.randn(2, 64, 4, 4, generator=Generator().manual_seed(0)),
    )
    q, k, v = layer.qkv(layer.norm(x)).flatten(2).chunk(3, dim=1)  # each (B, C, places)
    mixed = torch.empty_like(q)
    for head in range(2):
        part = slice(32 * head, 32 * (head + 1))
        weights = (q[:, part].transpose(1, 2) @ k[:, part] / 32**0.5).softmax(-1)
        mixed[:, part] = v[:, part] @ weights.transpose(1, 2)
    wanted = x + layer.out(mixed.reshape(x.shape))
    torch.testing.assert_close(layer(x), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_every_weight_learns(name):
    """After one step that frees the branches that start at zero, each gradient is finite, not 0."""
    process = ProcessSpec("edm").build()
    network = build(name, process, 0)
    x, t, labels = pictures(4), torch.full((4,), 0.01), torch.tensor([1, 2, 3, NO_LABEL])
    if IMAGE_NETWORKS[name].labelled:
        labels = labels.clamp_min(0)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        (network(x, t, labels) - pictures(4, 1)).square().mean().backward()
        optimizer.step()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key
        assert float(parameter.grad.abs().max()) > 0, key
