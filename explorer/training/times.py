"""At which times a network is trained: numbers in [0, 1], even or random, made into times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.diffusion.process import Process

LEVELS = (-0.9, 1.2)
"""Mean and standard deviation of log σ/α for data of unit width, where it is drawn normally."""

Quantile = Callable[[Process, Tensor, float], Tensor]
"""(process, u, t_min) → times in [t_min, t_max] that rise with u in [0, 1], in float64."""


def evenly(process: Process, u: Tensor, t_min: float) -> Tensor:
    return t_min + (process.t_max - t_min) * u


def by_level(process: Process, u: Tensor, t_min: float) -> Tensor:
    mean, std = LEVELS
    log_ratio = mean + std * torch.special.ndtri(u.clamp(1e-12, 1 - 1e-12))
    return process.time_at(log_ratio.exp()).clamp(t_min, process.t_max)


@dataclass(frozen=True)
class Times:
    """How times are drawn. `stratified`: one in each of as many equal shares as a batch has."""

    quantile: Quantile
    label: str
    source: str = ""
    stratified: bool = True

    def at(self, process: Process, u: Tensor, t_min: float, chain: int) -> Tensor:
        """The times at u, rising with it; with `chain` > 0 those of the grid of that length,
        the nearest ones."""
        if not chain:
            return self.quantile(process, u, t_min)
        grid = process.grid(chain)[:-1].flip(0)  # rising, without t = 0
        if self.quantile is evenly:  # each as often as any other
            return grid[(u * len(grid)).long().clamp_max(len(grid) - 1)]
        t = self.quantile(process, u, t_min)
        return grid[torch.bucketize(t, (grid[1:] + grid[:-1]) / 2)]

    def draw(self, steps: int, batch: int, rng: Generator) -> Tensor:
        """u (steps, batch) in [0, 1), float64."""
        u = torch.rand(steps, batch, generator=rng, dtype=torch.float64)
        if not self.stratified:
            return u
        return (torch.arange(batch, dtype=torch.float64) + u) / batch


TIMES: dict[str, Times] = {
    "uniform": Times(evenly, "Uniform", "Ho et al. 2020, algorithm 1", stratified=False),
    "stratified": Times(evenly, "Uniform, evenly spread in each batch", "Kingma et al. 2021, I.1"),
    "log-normal": Times(
        by_level, "log σ/α normal, evenly spread in each batch", "Karras et al. 2022, table 1"
    ),
}
