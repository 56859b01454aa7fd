"""Our network for pictures: a residual U-Net that knows the noise level and, if told, the class.

It works on 2×2 blocks of pixels, so that a CPU trains it in hours, and is preconditioned as in EDM.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.diffusion.parametrization import scales
from explorer.diffusion.process import Process

CLASSES = 10
NO_LABEL = -1


class Conditioning(nn.Module):
    """A vector (B, size) of the noise level c_noise () or (B,) and the labels (B,) or None.

    A label of `NO_LABEL` says that the class is unknown, and None that all are.
    """

    frequencies: Tensor

    def __init__(self, size: int, waves: int = 32) -> None:
        super().__init__()
        # c_noise = ¼ log σ spans 2.6: from half a radian to eight turns over it
        falling = torch.logspace(math.log10(0.2), math.log10(20.0), waves)
        self.register_buffer("frequencies", falling, False)
        self.of_noise = nn.Linear(2 * waves, size)
        self.of_class = nn.Embedding(CLASSES + 1, size)
        self.mixed = nn.Linear(size, size)

    def forward(self, c_noise: Tensor, labels: Tensor | None, count: int) -> Tensor:
        angle = c_noise.expand(count)[:, None] * self.frequencies
        h = self.of_noise(torch.cat([angle.sin(), angle.cos()], dim=1))
        if labels is None:
            labels = torch.full((count,), NO_LABEL, device=h.device)
        h = h + self.of_class(torch.where(labels == NO_LABEL, CLASSES, labels))
        return F.silu(self.mixed(F.silu(h)))


class ResidualBlock(nn.Module):
    """x + f(x), f being two 3×3 convolutions with the condition as scale and shift between them.

    Source: Dhariwal and Nichol 2021, section 3.1, adaptive group normalisation.
    """

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(_groups(inputs), inputs)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm_mid = nn.GroupNorm(_groups(outputs), outputs)
        self.scale_shift = nn.Linear(condition, 2 * outputs)
        self.second = _zero(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.first(F.silu(self.norm_in(x)))
        scale, shift = self.scale_shift(condition)[:, :, None, None].chunk(2, dim=1)
        h = torch.addcmul(shift, self.norm_mid(h), 1 + scale)
        return self.skip(x) + self.second(F.silu(h))


class Attention(nn.Module):
    """x + self-attention over all places of a small map, in heads of 32 channels."""

    def __init__(self, channels: int, head: int = 32) -> None:
        super().__init__()
        self.heads = channels // head
        self.norm = nn.GroupNorm(_groups(channels), channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = _zero(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, 3, self.heads, -1, height * width)
        q, k, v = qkv.transpose(-1, -2).unbind(1)  # each (B, heads, places, head)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(mixed.transpose(-1, -2).reshape(batch, channels, height, width))


class ResidualUNet(nn.Module):
    """F(x (B, 3, 32, 32), c_noise () or (B,), labels (B,) or None) → (B, 3, 32, 32).

    Maps of 16×16, 8×8 and 4×4 with `widths` channels, `blocks` residual blocks in each on the way
    down and as many on the way up, attention in all but the first. Held-out ε-loss on MNIST after
    150 s of one CPU core: 0.105 with one block and (48, 96, 160), 0.143 with two and (48, 96, 96),
    0.166 with one and (64, 128, 192).
    """

    def __init__(
        self, widths: tuple[int, ...] = (48, 96, 160), blocks: int = 1, condition: int = 192
    ) -> None:
        super().__init__()
        pixels = 3 * 2 * 2
        self.conditioning = Conditioning(condition)
        self.first = nn.Conv2d(pixels, widths[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        self.down_attention, self.up_attention = nn.ModuleList(), nn.ModuleList()
        channels = widths[0]
        for level, width in enumerate(widths):
            for _ in range(blocks):
                self.down.append(ResidualBlock(channels, width, condition))
                self.down_attention.append(Attention(width) if level else nn.Identity())
                channels = width
        self.middle = ResidualBlock(channels, channels, condition)
        for level, width in reversed(list(enumerate(widths))):
            for _ in range(blocks):
                self.up.append(ResidualBlock(channels + width, width, condition))
                self.up_attention.append(Attention(width) if level else nn.Identity())
                channels = width
        self.norm = nn.GroupNorm(_groups(channels), channels)
        self.last = _zero(nn.Conv2d(channels, pixels, 3, padding=1))
        self.blocks = blocks

    def forward(self, x: Tensor, c_noise: Tensor, labels: Tensor | None = None) -> Tensor:
        condition = self.conditioning(c_noise, labels, len(x))
        h = self.first(F.pixel_unshuffle(x, 2))
        maps = []
        for i, (block, attend) in enumerate(zip(self.down, self.down_attention, strict=True)):
            if i and i % self.blocks == 0:
                h = F.avg_pool2d(h, 2)
            h = attend(block(h, condition))
            maps.append(h)
        h = self.middle(h, condition)
        for i, (block, attend) in enumerate(zip(self.up, self.up_attention, strict=True)):
            if i and i % self.blocks == 0:
                h = F.interpolate(h, scale_factor=2.0, mode="nearest")
            h = attend(block(torch.cat([h, maps.pop()], dim=1), condition))
        return F.pixel_shuffle(self.last(F.silu(self.norm(h))), 2)


class Preconditioned(nn.Module):
    """x̂_0 = c_skip x/α + c_out F(c_in x/α, c_noise, labels), σ being the noise per signal σ_t/α_t.

    c_skip = σ_d²/(σ² + σ_d²), c_out = σ σ_d/√(σ² + σ_d²), c_in = 1/√(σ² + σ_d²), c_noise = ¼ log σ:
    what F sees and what it must give then have unit variance at every noise level, for data of
    standard deviation `sigma_data`. Source: Karras et al. 2022, equation 7 and table 1.
    """

    def __init__(self, body: nn.Module, process: Process, sigma_data: float = 0.5) -> None:
        super().__init__()
        self.body, self.process, self.sigma_data = body, process, sigma_data

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """x̂_0 (B, 3, 32, 32) for x of that shape at t () or (B,), labels (B,) or None."""
        alpha, sigma_t = (torch.as_tensor(s, device=x.device) for s in scales(self.process, x, t))
        sigma = (sigma_t / alpha).to(x.dtype)
        spread = (sigma**2 + self.sigma_data**2).sqrt()
        clean = x / alpha.to(x.dtype)
        # read in 32 bits whatever autocast makes of F: at little noise x̂_0 is x but for its digits
        f = self.body(clean / spread, sigma.log().reshape(-1) / 4, labels).to(x.dtype)
        return clean * (self.sigma_data / spread) ** 2 + f * (sigma * self.sigma_data / spread)


def _groups(channels: int) -> int:
    return math.gcd(channels // 4, 24)


def _zero(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with its weights at zero, so that its branch starts as nothing."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
