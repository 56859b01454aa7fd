"""A small residual network that reads which class a picture shows, and the features it reads by.

Samples are measured with it: whether they show what was asked for, and how far their features lie
from those of true pictures.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from explorer.networks.image_unet import CLASSES


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the map's size over `stride`, batch norm, ReLU."""
    padding = (size - stride + 1) // 2
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class _Residual(nn.Module):
    """x + f(x) of two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(_convolution(width, width), _convolution(width, width))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, x + self.body(x))


class Classifier(nn.Module):
    """Logits (B, 10) of pictures (B, 3, 32, 32) in [−1, 1].

    Maps of 16×16, 8×8 and 4×4 with the three `widths`, one residual block in each: ResNet-9 (Page
    2018) with a first convolution of 6×6 and stride 2, which saves a CPU three quarters of the
    work, and with a mean over the last map, whose values are nearer to a Gaussian than maxima are.
    """

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(3, widths[0], size=6, stride=2), _Residual(widths[0])
        )
        for narrow, wide in pairwise(widths):
            self.body.append(_convolution(narrow, wide))
            self.body.append(nn.MaxPool2d(2))
            self.body.append(_Residual(wide))
        self.last = nn.Linear(widths[-1], CLASSES)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer reads: (B, widths[2])."""
        return F.adaptive_avg_pool2d(self.body(x), 1).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.last(self.features(x)))
