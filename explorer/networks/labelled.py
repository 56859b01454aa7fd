"""A small network that knows the noise level and, if told, the class."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from explorer.diffusion.process import Process
from explorer.networks.image_unet import NO_LABEL
from explorer.networks.mlp import LevelMLP
from explorer.networks.perceptron import initialise


class LabelledMLP(LevelMLP):
    """`LevelMLP` whose first layer has a bias for each class, and one for none."""

    def __init__(self, dim: int, process: Process, width: int, depth: int, classes: int) -> None:
        super().__init__(dim, process, width, depth)
        self.classes = classes
        self.of_class = nn.Embedding(classes + 1, width)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, dim) for x (B, dim), t () or (B,), and labels (B,) of which `NO_LABEL` is none."""
        if labels is None:
            labels = torch.full((len(x),), NO_LABEL, device=x.device)
        known = self.of_class(torch.where(labels == NO_LABEL, self.classes, labels))
        if t.ndim:
            return self._above(self.first(self.inputs(x, t)) + known)
        # samplers ask at one time for all: its part of the first layer is a bias
        on_x, on_t = self.first.weight.split([x.shape[1], self.size], dim=1)
        bias = F.linear(self.features(t).to(x), on_t, self.first.bias)
        return self._above(F.linear(self.scaled(x, t), on_x, bias) + known)

    def initialise(self, rng: Generator) -> None:
        """Draw all weights from `rng`; the classes' vectors begin small and apart."""
        initialise(self, rng)
        nn.init.normal_(self.of_class.weight, std=0.5, generator=rng)
