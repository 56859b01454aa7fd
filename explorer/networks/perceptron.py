"""Layers over x beside features of the time, with the derivative written by hand.

With 64 units and a batch of 256 a gradient takes two thirds of autograd's time, which goes into its
bookkeeping. What precedes the first trained layer is a method of its own, `inputs`, so that
training prepares the inputs of many steps at once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

_aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """h = value(z), the same written over z, and slope(g, z, h): ∂/∂z from g = ∂/∂h."""

    value: Callable[[Tensor], Tensor]
    over: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor, Tensor], Tensor]


ACTIVATIONS: dict[str, Activation] = {
    "silu": Activation(_aten.silu, _aten.silu_, lambda g, z, h: _aten.silu_backward(g, z)),
    "tanh": Activation(torch.tanh, torch.tanh_, lambda g, z, h: _aten.tanh_backward(g, h)),
    "relu": Activation(torch.relu, torch.relu_, lambda g, z, h: _aten.threshold_backward(g, z, 0)),
}


def initialise(network: nn.Module, rng: Generator) -> None:
    """Draw every linear layer's weights and biases from U(±1/√inputs), as PyTorch does.

    From `rng`, since the global seed is shared by all threads.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=rng)


@torch.no_grad()
def backpropagate(
    layers: list[nn.Linear],
    activation: Activation,
    x: Tensor,
    slope: Callable[[Tensor], Tensor],
) -> None:
    """Overwrite the layers' gradients, which must be there, for inputs x (B, I).

    `slope` gives the derivative of the loss by the outputs (B, O) from the outputs.
    """
    before, after = [], [x]  # each layer's z, and what the next layer reads
    for layer in layers[:-1]:
        before.append(torch.addmm(layer.bias, after[-1], layer.weight.t()))
        after.append(activation.value(before[-1]))
    last = layers[-1]
    g = slope(torch.addmm(last.bias, after[-1], last.weight.t()))

    for i in range(len(layers) - 1, -1, -1):
        layer, h = layers[i], after[i]
        on_weight, on_bias = cast(Tensor, layer.weight.grad), cast(Tensor, layer.bias.grad)
        if h.shape[1] < 8:  # MKL is four times slower at a narrow right factor than at a left one
            on_weight.copy_(torch.mm(h.t(), g).t())
        else:
            torch.mm(g.t(), h, out=on_weight)
        torch.sum(g, 0, out=on_bias)
        if i:
            g = activation.slope(torch.mm(g, layer.weight), before[i - 1], h)


class Network(nn.Module):
    """x (B, dim) and t () or (B,) → (B, dim), of x's dtype, to be read in `losses.unit`s."""

    @abstractmethod
    def inputs(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, I) what the first trained layer reads, for t (B,)."""

    @abstractmethod
    def body(self, inputs: Tensor) -> Tensor:
        """(B, dim) from `inputs` (B, I)."""

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.body(self.inputs(x, t.expand(len(x))))

    def backpropagate(self, inputs: Tensor, slope: Callable[[Tensor], Tensor]) -> None:
        """Overwrite the parameters' gradients, which must be there.

        `slope` gives the derivative of the loss by the outputs (B, dim) from the outputs.
        """
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad.zero_()
        output = self.body(inputs)
        output.backward(slope(output.detach()))


class TimeMLP(Network):
    """`depth` hidden layers of `width` units over x and `size` features of the time."""

    def __init__(self, dim: int, size: int, width: int, depth: int, activation: str) -> None:
        super().__init__()
        self.size, self.activation = size, ACTIVATIONS[activation]
        self.first = nn.Linear(dim + size, width)
        self.hidden = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.out = nn.Linear(width, dim)
        self.layers = [self.first, *self.hidden, self.out]

    @abstractmethod
    def features(self, t: Tensor) -> Tensor:
        """(*t, size) features of t."""

    def scaled(self, x: Tensor, t: Tensor) -> Tensor:
        """x (B, dim) as the first layer reads it."""
        return x

    def inputs(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.cat([self.scaled(x, t), self.features(t).to(x)], dim=1)

    def body(self, inputs: Tensor) -> Tensor:
        return self._above(self.first(inputs))

    def _above(self, h: Tensor) -> Tensor:
        activation = self.activation.value if torch.is_grad_enabled() else self.activation.over
        for layer in self.layers[1:]:
            h = layer(activation(h))
        return h

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        if t.ndim:
            return self.body(self.inputs(x, t))
        # samplers ask at one time for all: its part of the first layer is a bias
        on_x, on_t = self.first.weight.split([x.shape[1], self.size], dim=1)
        bias = F.linear(self.features(t).to(x), on_t, self.first.bias)
        return self._above(F.linear(self.scaled(x, t), on_x, bias))

    def backpropagate(self, inputs: Tensor, slope: Callable[[Tensor], Tensor]) -> None:
        backpropagate(self.layers, self.activation, inputs, slope)
