"""A trained network as a score in units of the data, for every sampler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.diffusion.losses import unit
from explorer.diffusion.parametrization import convert, scales
from explorer.diffusion.process import Process
from explorer.diffusion.rescaled import Rescaled
from explorer.networks.mlp import Network
from explorer.training.spec import ModelSpec

CENTRE, SCALE, NETWORK = "centre", "scale", "network."


_failed: set[str] = set()
"""Kinds of devices that are not used again: a CUDA context that has failed stays so."""


def best_device() -> torch.device:
    """CUDA, else MPS, else the CPU; none that has failed in this process."""
    if torch.cuda.is_available() and "cuda" not in _failed:
        return torch.device("cuda")
    if torch.backends.mps.is_available() and "mps" not in _failed:
        return torch.device("mps")
    return torch.device("cpu")


def give_up(device: torch.device) -> None:
    """Let nothing more be trained on devices of this kind."""
    _failed.add(device.type)


def has_failed() -> bool:
    """Whether a GPU has been given up."""
    return bool(_failed)


@dataclass(frozen=True, eq=False)
class Model:
    """A network that sees y = (x − α centre)/scale under `inner`, the process in units of `scale`.

    centre: (D,).  scale: a length.  `score` is a `Score`, and so has the shapes of one.
    """

    spec: ModelSpec
    process: Process
    network: Network
    centre: Tensor
    scale: float
    inner: Process

    @classmethod
    def of(
        cls,
        spec: ModelSpec,
        weights: Mapping[str, Tensor],
        device: torch.device | str = "cpu",
    ) -> Model:
        """The model with these weights (see `weight_shapes`); ValueError where they do not fit."""
        expected = weight_shapes(spec, dim=weights[CENTRE].numel() if CENTRE in weights else None)
        found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        if found != expected:
            name = min(set(found.items()) ^ set(expected.items()))[0]
            raise ValueError(
                f"the weights do not fit their spec: {name} has the shape {found.get(name)} "
                f"instead of {expected.get(name)}; use those that were trained with it"
            )
        network, inner = build_network(spec, len(weights[CENTRE]), float(weights[SCALE]))
        parameters = {
            name.removeprefix(NETWORK): tensor.float()
            for name, tensor in weights.items()
            if name.startswith(NETWORK)
        }
        network.load_state_dict(parameters)
        network.requires_grad_(False).to(device)
        centre = weights[CENTRE].float().to(device)
        return cls(spec, spec.process.build(), network, centre, float(weights[SCALE]), inner)

    def score(self, x: Tensor, t: Tensor) -> Tensor:
        """∇ log p_t(x), (B, D) in x's dtype, for t of shape () or (B,)."""
        return self.predict("score", x, t)

    def predict(self, kind: str, x: Tensor, t: Tensor) -> Tensor:
        """ε, x_0, the score or v at x (B, D), in units of the data; ValueError for another kind."""
        alpha, sigma = scales(self.process, x, t)
        y = (x - alpha * self.centre) / self.scale
        inner_sigma, target = sigma / self.scale, self.spec.config.target
        value = unit(target, alpha, inner_sigma) * self.network(y.float(), t).to(x.dtype)
        if kind == "score":
            return convert(value, target, "score", y, alpha, inner_sigma) / self.scale
        if kind == "x0":
            return convert(value, target, "x0", y, alpha, inner_sigma) * self.scale + self.centre
        eps = convert(value, target, "eps", y, alpha, inner_sigma)
        return convert(eps, "eps", kind, x, alpha, sigma)


def build_network(spec: ModelSpec, dim: int, scale: float) -> tuple[Network, Process]:
    """The network of `spec` with weights yet to be drawn, and the process in units of `scale`."""
    inner = Rescaled(spec.process.build(), scale)
    return spec.network.factory()(dim, inner), inner


def weight_shapes(spec: ModelSpec, dim: int | None = None) -> dict[str, tuple[int, ...]]:
    """The shapes of a model's weights by name, for data in `dim` coordinates (the spec's own)."""
    dim = spec.dim if dim is None else dim
    with torch.device("meta"):
        network, _ = build_network(spec, dim, 1.0)
    shapes = {NETWORK + name: tuple(p.shape) for name, p in network.state_dict().items()}
    return {CENTRE: (dim,), SCALE: (), **shapes}
