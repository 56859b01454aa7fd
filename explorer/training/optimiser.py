"""Adam and a running mean of the weights, on one flat vector: a few operations for any network."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from explorer.training.config import TrainConfig

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8
RAMP = 0.1
"""The mean's half-life is at most this share of the steps so far, so that it forgets the start."""


STATE = ("parameters", "moment1", "moment2", "mean")


class FlatAdam:
    """Adam (Kingma and Ba 2015, algorithm 1) on a network that becomes views of one vector.

    `parameters`, `gradient`, `moment1`, `moment2` and `mean` are of shape (P,); the network's own
    parameters and gradients are views of the first two.
    """

    def __init__(self, network: nn.Module) -> None:
        pieces = list(network.parameters())
        self.parameters = torch.cat([p.detach().reshape(-1) for p in pieces])
        self.gradient = torch.zeros_like(self.parameters)
        self.moment1, self.moment2 = (
            torch.zeros_like(self.gradient),
            torch.zeros_like(self.gradient),
        )
        sizes = [p.numel() for p in pieces]
        for piece, part, slope in zip(
            pieces, self.parameters.split(sizes), self.gradient.split(sizes), strict=True
        ):
            piece.data, piece.grad = part.view_as(piece), slope.view_as(piece)
        self.mean = self.parameters.clone()

    def tensors(self) -> dict[str, Tensor]:
        """Copies of all that a later `load` needs."""
        return {name: getattr(self, name).clone() for name in STATE}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave; ValueError where it is another network's."""
        for name in STATE:
            mine, given = getattr(self, name), tensors[name]
            if given.shape != mine.shape:
                raise ValueError(
                    f"the state has {given.numel():,} weights, the network {mine.numel():,}; "
                    "go on with the network that the training began with"
                )
            mine.copy_(given)

    @torch.no_grad()
    def step(self, lr: float, count: int, half_life: float) -> None:
        """Update number `count`, counted from 1, with the mean's half-life in steps."""
        self.moment1.lerp_(self.gradient, 1 - BETA1)
        self.moment2.mul_(BETA2).addcmul_(self.gradient, self.gradient, value=1 - BETA2)
        correction = math.sqrt(1 - BETA2**count)
        spread = self.moment2.sqrt().add_(TINY * correction)
        self.parameters.addcdiv_(self.moment1, spread, value=-lr * correction / (1 - BETA1**count))
        half_life = min(half_life, RAMP * count)
        self.mean.lerp_(self.parameters, 1 - 0.5 ** (1 / half_life) if half_life else 1.0)


def learning_rate(config: TrainConfig, step: int) -> float:
    """The learning rate of the update that follows `step` others."""
    if config.schedule == "constant":
        return config.lr
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(step / config.steps, 1.0)))
