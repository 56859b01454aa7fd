"""Layers over x beside features of the time, with the derivative written by hand.

With 64 units and a batch of 256 a gradient takes two thirds of autograd's time, which goes into its
bookkeeping. What precedes the first trained layer is a method of its own, `inputs`, so that
training prepares the inputs of many steps at once.
"""

from __future__ import annotations

import operator
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


BLOCK = 500
"""Rows that go through all layers together: what is between them stays near the processor."""
WIDE = 96
"""Units from which that pays. With fewer, the products are too short for what is around them."""


def fold(weight: Tensor, bias: Tensor) -> Tensor:
    """(inputs + 1, units): the transpose of `weight` (units, inputs), and last `bias` (units,)."""
    return torch.cat([weight, bias[:, None]], dim=1).t()


def in_blocks(weights: list[Tensor], over: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """(B, O) outputs of layers without gradients, for inputs x (B, I) on the CPU.

    weights: each layer's, by `fold`: a product with a column of ones takes an eighth less than one
    that is added to a bias. All layers but the last are of as many units; `over` writes their
    activation over its argument.
    """
    (*hidden, last), units, rows = weights, weights[0].shape[1], min(BLOCK, len(x))
    # rows as long as whole cache lines
    rooms = [x.new_empty(rows, (units // 16 + 1) * 16) for _ in range(2)]
    for room in rooms:
        room[:, units] = 1
    outputs = x.new_empty(last.shape[1], len(x))  # MKL is slow at a narrow right factor
    blocks = torch.cat([x, x.new_ones(len(x), 1)], dim=1).split(rows)
    parts: list[tuple[Tensor, Tensor]] = []
    for read, out in zip(blocks, outputs.split(rows, dim=1), strict=True):
        if not parts or len(read) < rows:  # the last may be shorter
            parts = [(room[: len(read), :units], room[: len(read), : units + 1]) for room in rooms]
        for layer, weight in enumerate(hidden):
            written, following = parts[layer % 2]
            over(torch.mm(read, weight, out=written))
            read = following
        torch.mm(last.t(), read.t(), out=out)
    return outputs.t().contiguous()


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
        self._kept: tuple[list[Tensor], list[tuple[int, int]], list[Tensor]] | None = None

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
        time, wide = self.features(t).to(x), len(x) >= 2 * BLOCK and len(self.first.bias) >= WIDE
        if wide and x.device.type == "cpu" and not torch.is_grad_enabled():
            first, *above = self._folded()
            bias = torch.mv(first[x.shape[1] :].t(), torch.cat([time, time.new_ones(1)]))
            weights = [torch.cat([first[: x.shape[1]], bias[None]]), *above]
            return in_blocks(weights, self.activation.over, self.scaled(x, t))
        on_x, on_t = self.first.weight.split([x.shape[1], self.size], dim=1)
        bias = F.linear(time, on_t, self.first.bias)
        return self._above(F.linear(self.scaled(x, t), on_x, bias))

    def _folded(self) -> list[Tensor]:
        """Of each layer (inputs + 1, units): its weights, and last its bias.

        Those of parameters that are not trained are kept, until one of them is another one, or has
        another version or place in memory. An optimiser may change others unseen, as `FlatAdam`.
        """
        parameters = [p for layer in self.layers for p in (layer.weight, layer.bias)]
        if any(p.requires_grad for p in parameters) or parameters[0].is_inference():
            return [fold(layer.weight, layer.bias) for layer in self.layers]
        stamps, kept = [(p._version, p.data_ptr()) for p in parameters], self._kept
        if kept and kept[1] == stamps and all(map(operator.is_, kept[0], parameters)):
            return kept[2]
        folded = [fold(layer.weight, layer.bias) for layer in self.layers]
        self._kept = parameters, stamps, folded
        return folded

    def backpropagate(self, inputs: Tensor, slope: Callable[[Tensor], Tensor]) -> None:
        backpropagate(self.layers, self.activation, inputs, slope)
