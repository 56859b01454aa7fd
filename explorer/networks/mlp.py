"""Small networks for data in one or two dimensions: (x, t) → a prediction of x's shape.

Samplers ask at one time for all particles, so what depends on time alone is computed once a call.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


class SinusoidalMLP(nn.Module):
    """`depth` hidden layers of `width` SiLU units over x and the sinusoidal embedding of t.

    x: (B, dim), t: () or (B,); the output, read as ε, is of x's shape and dtype.
    """

    frequencies: Tensor

    def __init__(
        self,
        dim: int = 2,
        width: int = 128,
        depth: int = 3,
        embed: int = 64,
        scale: float = 1000.0,
    ) -> None:
        super().__init__()
        self.embed = embed
        self.register_buffer("frequencies", sinusoidal_frequencies(embed, scale).float(), False)
        self.first = nn.Linear(dim + embed, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.out = nn.Linear(width, dim)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        features = waves(t.to(x.dtype), self.frequencies)
        on_x, on_t = self.first.weight.split([x.shape[1], self.embed], dim=1)
        if t.ndim == 0:  # one time for all: its part of the first layer is a bias
            h = F.linear(x, on_x, F.linear(features, on_t, self.first.bias))
        else:
            h = self.first(torch.cat([x, features], dim=1))
        in_place = not torch.is_grad_enabled()
        for layer in self.hidden:
            h = layer(F.silu(h, inplace=in_place))
        return self.out(F.silu(h, inplace=in_place))
