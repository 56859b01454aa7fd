"""A process seen in other units of the data, so that a network meets data of unit width."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from explorer.diffusion.process import Process


@dataclass(frozen=True)
class Rescaled(Process):
    """The process of y = x/unit where x follows `process`: the same α, and σ/unit for σ.

    `unit` is a positive length in the units of x.
    """

    process: Process
    unit: float

    def __post_init__(self) -> None:
        if not 0 < self.unit < float("inf"):
            raise ValueError(f"unit={self.unit} must be a positive number")

    @property
    def t_max(self) -> float:
        return self.process.t_max

    def alpha(self, t: Tensor) -> Tensor:
        return self.process.alpha(t)

    def sigma(self, t: Tensor) -> Tensor:
        return self.process.sigma(t) / self.unit

    def drift(self, t: Tensor) -> Tensor:
        return self.process.drift(t)

    def diffusion(self, t: Tensor) -> Tensor:
        return self.process.diffusion(t) / self.unit

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        return self.process.time_at(noise_to_signal * self.unit)

    def grid(self, steps: int) -> Tensor:
        return self.process.grid(steps)

    @property
    def latex(self) -> str:
        return self.process.latex
