"""Networks for pictures, (x, t, labels) → a prediction of x's shape, and the registry of them.

The practical's three are here: two convolutions, a strided U-Net, and the same with classes. None
is told the time: each must read the noise level off the picture. Ours is in `image_unet`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.networks.image_unet import CLASSES, Preconditioned, ResidualUNet
from explorer.registry import Entry

CHANNELS = 3

ImagePredictor = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""(x (B, 3, 32, 32), t () or (B,), labels (B,) or None) → a prediction of x's shape."""


class TwoConvolutions(nn.Module):
    """3×3 convolution to 64 channels, batch norm, ReLU, 3×3 convolution: it sees 5×5 pixels."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(CHANNELS, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, CHANNELS, 3, padding=1),
        )

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """ε (B, 3, H, W) for x of that shape; t and labels are not looked at."""
        return cast(Tensor, self.layers(x))


def _halving(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class StridedUNet(nn.Module):
    """Four 4×4 convolutions of stride 2 down to 2×2 pixels and four back, with skips between.

    With `classes` > 0 the label's one-hot vector is laid over the two smallest maps of the way up;
    with 0 the labels are not looked at. The practical lists a fifth way down, of 256 channels, that
    its forward pass never takes, so that layer is left out here.
    """

    def __init__(self, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        down, up = (72, 96, 128, 196), (256, 196, 128, 96)
        self.down = nn.ModuleList(map(_halving, (CHANNELS, *down[:-1]), down))
        self.bottom = nn.Conv2d(down[-1], 256, 3, 1, 1, bias=False)
        below = (256, *up[:-1])
        told = (classes, classes, 0, 0)
        inputs = [sum(parts) for parts in zip(below, reversed(down), told, strict=True)]
        self.up = nn.ModuleList(map(_doubling, inputs, up))
        self.last = nn.Conv2d(up[-1] + CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """ε (B, 3, H, W) for x of that shape, H and W multiples of 16; t is not looked at.

        Raises ValueError where a network with classes is given no labels.
        """
        maps = [x]
        for layer in self.down:
            maps.append(layer(maps[-1]))
        h = self.bottom(maps[-1])
        for level, layer in enumerate(self.up):
            parts = [h, maps[-1 - level]]
            if self.classes and level < 2:
                parts.append(self._planes(labels, h))
            h = layer(torch.cat(parts, dim=1))
        return cast(Tensor, self.last(torch.cat([h, x], dim=1)))

    def _planes(self, labels: Tensor | None, h: Tensor) -> Tensor:
        """(B, classes, H, W): one where the label is, zero elsewhere."""
        if labels is None:
            raise ValueError("this network was trained with labels; give one for each picture")
        one_hot = F.one_hot(labels, self.classes).to(h.dtype)
        return one_hot[:, :, None, None].expand(-1, -1, *h.shape[2:])


@dataclass(frozen=True, kw_only=True)
class ImageNetwork(Entry[nn.Module]):
    """An entry of `IMAGE_NETWORKS`; `make(process)` builds the network with fresh weights.

    `network`: the class of what it builds, for those who show its code. `kind`: what it predicts.
    `labelled`: whether it must be told a label. `guidable`: whether it works with and without a
    label, so that guidance has two predictions to weigh. `large`: an evaluation takes tenths of a
    second a picture on one core, so that pages ask for fewer.
    """

    network: type[nn.Module]
    kind: str = "eps"
    labelled: bool = False
    guidable: bool = False
    large: bool = False


IMAGE_NETWORKS: dict[str, ImageNetwork] = {
    "tiny": ImageNetwork(
        lambda process: TwoConvolutions(),
        "Two convolutions",
        source="Willcocks and Atapour-Abarghouei, practical 5, section 3",
        note="It sees 5×5 pixels and no time: its pictures are texture.",
        network=TwoConvolutions,
    ),
    "unet": ImageNetwork(
        lambda process: StridedUNet(),
        "U-Net without time",
        source="Willcocks and Atapour-Abarghouei, practical 5, section 5",
        network=StridedUNet,
    ),
    "unet-classes": ImageNetwork(
        lambda process: StridedUNet(CLASSES),
        "U-Net told its class",
        source="Willcocks and Atapour-Abarghouei, practical 5, section 6",
        network=StridedUNet,
        labelled=True,
    ),
    "residual": ImageNetwork(
        lambda process: Preconditioned(ResidualUNet(), process),
        "Residual U-Net",
        r"\hat x_0=c_\text{skip}\,x+c_\text{out}F(c_\text{in}\,x,\ c_\text{noise},\ c)",
        "Karras et al. 2022, table 1; Ho and Salimans 2022",
        network=Preconditioned,
        kind="x0",
        guidable=True,
    ),
}


def build(name: str, process: Process, seed: int) -> nn.Module:
    """The entry `name` with initial weights drawn from `seed`, leaving the global seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return IMAGE_NETWORKS[name].make(process)


def with_labels(network: ImagePredictor, labels: Tensor | None) -> Score:
    """The network as a function of (x, t) for these labels (B,), or for none."""
    return lambda x, t: network(x, t, labels)
