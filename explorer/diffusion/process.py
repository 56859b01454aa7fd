"""Noise processes: x_t = α(t) x_0 + σ(t) ε, the solution of dx = f(t) x dt + g(t) dW.

Time runs from 0 (data) to 1 (noise). A process is a frozen dataclass of its own numbers. It gives
α and σ in closed form, f and g consistent with them (f = α'/α, g² = dσ²/dt − 2fσ²), and the
decreasing grid that its samplers walk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Generator, Tensor


def expand(values: Tensor, x: Tensor) -> Tensor:
    """`values` of shape () or (B,), shaped to multiply x (B, *D), with its dtype and device."""
    if not values.ndim:
        return values
    return values.to(x).reshape(values.shape + (1,) * (x.ndim - values.ndim))


class Level(NamedTuple):
    """What is left of the data, and how much noise, at one time: α and σ as numbers."""

    alpha: float
    sigma: float

    @property
    def variance(self) -> float:
        return self.sigma**2


class Rates(NamedTuple):
    """f and g at one time, as numbers."""

    drift: float
    diffusion: float


REMEMBERED = 16384


class Process(ABC):
    """α, σ, f and g of time tensors of any shape, in the dtype of the times."""

    @property
    def t_max(self) -> float:
        """Where samplers start: 1, or below it where α(1) leaves no signal to divide by."""
        return 1.0

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """The factor on the data, 1 at t = 0."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """The standard deviation of the noise, 0 at t = 0, in units of the data."""

    @abstractmethod
    def drift(self, t: Tensor) -> Tensor:
        """f(t) = α'(t)/α(t), per unit of t."""

    @abstractmethod
    def diffusion(self, t: Tensor) -> Tensor:
        """g(t), in units of the data per square root of t."""

    @abstractmethod
    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        """The t at which σ(t)/α(t) has this value; beyond 1 or ∞ where none up to 1 has."""

    @cached_property
    def _memory(self) -> dict[float, tuple[Level, Rates]]:
        return {}

    def remember(self, ts: Tensor) -> list[tuple[Level, Rates]]:
        """α, σ and f, g at all of ts (S,), worked out at once and kept for `level` and `rates`.

        Samplers ask for the same few hundred times again and again, and tensors of one element
        are slow.
        """
        ts = ts.detach().double().cpu()
        columns = (self.alpha(ts), self.sigma(ts), self.drift(ts), self.diffusion(ts))
        rows = zip(*(column.tolist() for column in columns), strict=True)
        known = [(Level(alpha, sigma), Rates(f, g)) for alpha, sigma, f, g in rows]
        if len(self._memory) + len(known) > REMEMBERED:
            self._memory.clear()
        self._memory.update(zip(ts.tolist(), known, strict=True))
        return known

    def _at(self, t: Tensor) -> tuple[Level, Rates]:
        return self._memory.get(float(t)) or self.remember(t.reshape(1))[0]

    def level(self, t: Tensor) -> Level:
        """α and σ at one time, t of shape (), from memory."""
        return self._at(t)[0]

    def rates(self, t: Tensor) -> Rates:
        """f and g at one time, t of shape (), from memory."""
        return self._at(t)[1]

    @property
    @abstractmethod
    def latex(self) -> str:
        """The defining equation, with this process's own numbers."""

    def grid(self, steps: int) -> Tensor:
        """(steps + 1,) decreasing times in float64, from `t_max` to 0."""
        return torch.linspace(self.t_max, 0.0, positive(steps) + 1, dtype=torch.float64)

    def perturb(self, x0: Tensor, t: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
        """x_t and the ε in it, both of x0's shape, for t of shape () or (B,)."""
        noise = torch.randn(x0.shape, generator=rng, dtype=x0.dtype, device=x0.device)
        return expand(self.alpha(t), x0) * x0 + expand(self.sigma(t), x0) * noise, noise

    def prior(self, shape: Sequence[int], rng: Generator) -> Tensor:
        """(B, *D) draws of σ(t_max) ε in float32: where reverse trajectories start."""
        t = torch.tensor(self.t_max, dtype=torch.float64)
        return self.sigma(t) * torch.randn(tuple(shape), generator=rng)


def positive(steps: int) -> int:
    """`steps`, or ValueError where it is below one."""
    if steps < 1:
        raise ValueError(f"steps={steps} is too few; a grid needs at least one step")
    return steps
