"""Small networks for data in one or two dimensions, (x, t) → a prediction of x's shape, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from explorer.diffusion.parametrization import scales
from explorer.diffusion.process import Process
from explorer.networks.perceptron import Network, TimeMLP
from explorer.registry import Entry, Param


def sinusoidal_frequencies(size: int = 64, scale: float = 1000.0) -> Tensor:
    """(size/2,) frequencies, falling from `scale` to `scale`/10⁴ radians per unit of t.

    With a chain's T as `scale`, t = i/T is embedded as the integer i.
    Source: Vaswani et al. 2017, section 3.5; Ho et al. 2020, appendix B.
    """
    if size < 2 or size % 2:
        raise ValueError(f"size={size} must be even: a sine and a cosine per frequency")
    falling = torch.arange(size // 2, dtype=torch.float64) / max(size // 2 - 1, 1)
    return scale * torch.exp(-math.log(1e4) * falling)


def waves(t: Tensor, frequencies: Tensor) -> Tensor:
    """(*t, 2 F) the sines, then the cosines, of t times each of (F,) frequencies."""
    angle = t[..., None] * frequencies
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


class WaveMLP(TimeMLP):
    """Features are sines and cosines of t times fixed `frequencies` (F,), in radians per t."""

    frequencies: Tensor

    def __init__(
        self, dim: int, frequencies: Tensor, width: int, depth: int, activation: str
    ) -> None:
        super().__init__(dim, 2 * len(frequencies), width, depth, activation)
        self.register_buffer("frequencies", frequencies.float(), False)

    def features(self, t: Tensor) -> Tensor:
        return waves(t.to(self.frequencies), self.frequencies)


class SinusoidalMLP(WaveMLP):
    """SiLU layers over x and the sinusoidal embedding of t, of `embed` features."""

    def __init__(
        self,
        dim: int = 2,
        width: int = 128,
        depth: int = 3,
        embed: int = 64,
        scale: float = 1000.0,
    ) -> None:
        super().__init__(dim, sinusoidal_frequencies(embed, scale), width, depth, "silu")
        self.embed = embed


class CentredMLP(TimeMLP):
    """ReLU layers over x and the time moved to ±½."""

    def __init__(self, dim: int, width: int, depth: int) -> None:
        super().__init__(dim, 1, width, depth, "relu")

    def features(self, t: Tensor) -> Tensor:
        return t[..., None] - 0.5


class LevelMLP(TimeMLP):
    """SiLU layers over x/√(α² + σ²), which has unit width at every t, and ¼ log σ/α.

    Source: Karras et al. 2022, table 1: c_in and c_noise, for any α and σ.
    """

    def __init__(self, dim: int, process: Process, width: int, depth: int) -> None:
        super().__init__(dim, 1, width, depth, "silu")
        self.process = process

    def features(self, t: Tensor) -> Tensor:
        t = t.cpu()
        ratio = self.process.sigma(t) / self.process.alpha(t)
        return 0.25 * ratio.clamp_min(1e-6).log()[..., None]

    def scaled(self, x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = scales(self.process, x, t)
        return x / (alpha**2 + sigma**2) ** 0.5


class SkipMLP(Network):
    """Five units, three, and two layers of three that add to what they read, over x, cos t, sin t.

    Source: the one-hot document, whose time t/T is ours.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(dim + 2, 5), nn.Linear(5, 3)
        self.skips = nn.ModuleList(nn.Linear(3, 3, bias=False) for _ in range(2))
        self.out = nn.Linear(3, dim)

    def inputs(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.cat([x, waves(t, torch.ones(1, device=t.device)).to(x)], dim=1)

    def body(self, inputs: Tensor) -> Tensor:
        h = F.relu(self.second(F.relu(self.first(inputs))))
        for skip in self.skips:
            h = F.relu(h + skip(h))
        return self.out(h)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        if t.ndim:
            return super().forward(x, t)
        # samplers ask at one time for all: its part of the first layer is a bias; and of so few
        # units a layer of shape (units, B) takes a quarter of the time of one of (B, units)
        on_x, on_t = self.first.weight.split([x.shape[1], 2], dim=1)
        time = waves(t, torch.ones(1, device=t.device)).to(x)
        bias = F.linear(time, on_t, self.first.bias)
        h = torch.addmm(bias[:, None], on_x, x.T).relu()
        h = torch.addmm(self.second.bias[:, None], self.second.weight, h).relu()
        for skip in self.skips:
            h = torch.addmm(h, cast(Tensor, skip.weight), h).relu()
        return torch.addmm(self.out.bias[:, None], self.out.weight, h).T.contiguous()


def fourier_frequencies(count: int = 5, seed: int = 0) -> Tensor:
    """(count,) radians per unit of t, 2π N(0, 1): Gaussian Fourier features, the same each time.

    Source: Tancik et al. 2020, section 6, as in the score tutorial.
    """
    rng = Generator().manual_seed(seed)
    # on the CPU also where shapes alone are asked for: on "meta" torch imports its compiler, 3 s
    return 2 * math.pi * torch.randn(count, generator=rng, device="cpu")


Factory = Callable[[int, Process], Network]
"""(dim, process) → a network, for a process of data of unit width."""


def _size(width: int, depth: int) -> tuple[Param, ...]:
    return (
        Param("width", "Width", width, 4, 256, 4, "Units in each hidden layer."),
        Param("depth", "Depth", depth, 1, 6, 1, "Hidden layers."),
    )


NETWORKS: dict[str, Entry[Factory]] = {
    "level": Entry(
        lambda width, depth: lambda dim, process: LevelMLP(dim, process, width, depth),
        "SiLU on noise level",
        r"F\!\left(\tfrac{x}{\sqrt{\alpha^2+\sigma^2}},\ \tfrac14\log\tfrac{\sigma}{\alpha}\right)",
        "Karras et al. 2022, table 1",
        _size(64, 3),
    ),
    "sinusoidal": Entry(
        lambda width, depth, scale: (
            lambda dim, process: SinusoidalMLP(dim, width, depth, scale=scale)
        ),
        "SiLU on sinusoids",
        r"F\left(x,\ \sin\omega_k t,\ \cos\omega_k t\right)",
        "the DDPM note; Ho et al. 2020, appendix B",
        (
            *_size(128, 3),
            Param(
                "scale",
                "Highest frequency",
                500.0,
                1.0,
                1000.0,
                1.0,
                "A chain's T here embeds its step i as i.",
                "radians per unit of t",
            ),
        ),
    ),
    "fourier": Entry(
        lambda width, depth: (
            lambda dim, process: WaveMLP(dim, fourier_frequencies(), width, depth, "tanh")
        ),
        "tanh on random Fourier features",
        r"F\left(x,\ \sin2\pi w_kt,\ \cos2\pi w_kt\right),\quad w_k\sim\mathcal N(0,1)",
        "the score tutorial; Tancik et al. 2020",
        _size(50, 2),
    ),
    "centred": Entry(
        lambda width, depth: lambda dim, process: CentredMLP(dim, width, depth),
        "ReLU on t − ½",
        r"F\left(x,\ t-\tfrac12\right)",
        "Fleuret's toy diffusion model",
        _size(128, 3),
    ),
    "skip": Entry(
        lambda: lambda dim, process: SkipMLP(dim),
        "Eleven units with skips",
        r"F\left(x,\ \cos t,\ \sin t\right)",
        "the one-hot document",
    ),
}
"""Networks by name: `NETWORKS[name].build(values)(dim, process)`, with weights yet to be drawn."""
