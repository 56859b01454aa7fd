"""What a network is shown: many steps' examples drawn at once, noised, with targets and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.diffusion.losses import WEIGHTINGS, eps_per_unit, target, unit
from explorer.diffusion.process import Process
from explorer.networks.mlp import Network
from explorer.training.config import TrainConfig
from explorer.training.spec import ModelSpec
from explorer.training.times import TIMES

BINS = 20
"""Equal shares of the examples, by time, whose losses are told apart."""
EXAMPLES = 16_384
"""Examples that are prepared at once: enough to make the cost of each call small."""
MEASURED = 10_000
"""Draws from which centre and scale are taken where every step draws new ones."""


@dataclass(frozen=True, eq=False)
class Data:
    """What is learned: `draw(steps, rng)` gives (steps · batch, D) in units of `scale` (a length).

    centre: (D,), the origin of these units.
    """

    draw: Callable[[int, Generator], Tensor]
    batch: int
    centre: Tensor
    scale: Tensor


def training_data(
    spec: ModelSpec,
    points: Tensor | None,
    rng: Generator,
    units: tuple[Tensor, Tensor] | None,
) -> Data:
    """The data of `spec`: `points` (N, D), or a set drawn from `rng`, or new draws in every step.

    `units` are the centre and the scale, where they are already decided.
    """
    distribution, config = spec.distribution.build(), spec.config
    if points is None and config.data_size:
        points = distribution.sample(config.data_size, rng)
    known = distribution.sample(MEASURED, rng) if points is None else points.float().cpu()
    centre, scale = units or _units(known, config.standardise)
    if len(centre) != known.shape[1]:
        raise ValueError(
            f"the training began with {len(centre)} coordinates and the data have "
            f"{known.shape[1]}; go on with data of the same kind"
        )

    if points is None:
        batch = config.batch

        def draw(steps: int, rng: Generator) -> Tensor:
            return (distribution.sample(steps * batch, rng) - centre) / scale

        return Data(draw, batch, centre, scale)

    ready = (known - centre) / scale
    batch = config.batch or len(ready)

    def pick(steps: int, rng: Generator) -> Tensor:
        if config.batch == 0 and not TIMES[config.times].stratified:
            return ready.repeat(steps, 1)
        if config.batch == 0:  # times come in order: else each point would have the same always
            orders = [torch.randperm(len(ready), generator=rng) for _ in range(steps)]
            return ready[torch.cat(orders)]
        return ready[torch.randint(len(ready), (steps * batch,), generator=rng)]

    return Data(pick, batch, centre, scale)


def _units(points: Tensor, standardise: bool) -> tuple[Tensor, Tensor]:
    """The mean (D,) of points (N, D) and their width (), the root of their mean variance."""
    if not standardise:
        return torch.zeros(points.shape[1]), torch.ones(())
    centre = points.mean(dim=0)
    width = (points - centre).square().mean().sqrt()
    return centre, width if width > 0 else torch.ones(())


@dataclass(frozen=True, eq=False)
class Block:
    """K steps of B examples: inputs (K, B, I), target (K, B, D), weight (K, B), bins (K, B).

    The loss of an example is weight · mean over D of (output − target)²; slope (K, B, 1) is what
    turns (output − target) into the derivative of the step's mean loss by the output.
    """

    inputs: Tensor
    target: Tensor
    weight: Tensor
    slope: Tensor
    bins: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def losses(self, residuals: Tensor) -> Tensor:
        """(K, B) the loss of each example, from output − target (K, B, D)."""
        return self.weight * residuals.square().mean(dim=2)


def draw_block(
    data: Data,
    network: Network,
    process: Process,
    config: TrainConfig,
    rng: Generator,
    device: torch.device,
) -> Block:
    """The next steps' examples, all drawn from `rng` on the CPU, the same ones on every device."""
    steps, times = max(1, min(64, EXAMPLES // data.batch)), TIMES[config.times]
    x0 = data.draw(steps, rng)
    u = times.draw(steps, data.batch, rng).reshape(-1)
    t = times.at(process, u, config.t_min, config.chain)
    eps = torch.randn(x0.shape, generator=rng)

    kind, alpha, sigma = config.target, process.alpha(t), process.sigma(t)
    weight = WEIGHTINGS[config.weighting].build()(process, t)
    weight = (weight * eps_per_unit(kind, alpha, sigma) ** 2).float()
    slope = weight[:, None] * (2 / (data.batch * x0.shape[1]))
    alpha, sigma = alpha.float()[:, None], sigma.float()[:, None]
    inputs = network.inputs((alpha * x0 + sigma * eps).to(device), t.float())
    wanted = target(kind, x0, eps, alpha, sigma) / unit(kind, alpha, sigma)
    bins = (BINS * u).long().clamp_max(BINS - 1)
    parts = (inputs, wanted, weight, slope, bins)
    return Block(*(part.to(device).unflatten(0, (steps, data.batch)) for part in parts))
