"""Processes that keep the variance near 1: DDPM's chain and the cosine schedule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from explorer.diffusion.process import Process, positive


@dataclass(frozen=True)
class LinearDDPM(Process):
    """DDPM's linear betas: ᾱ_i = Π_{j≤i} (1 − β_j) exactly at t = i/T.

    Between the steps log ᾱ is the monotone cubic through these values, which gives the chain a
    drift and a diffusion at every t. Source: Ho et al. 2020, section 4.
    """

    steps: int = 500
    beta_start: float = 1e-4
    beta_end: float = 0.02

    def __post_init__(self) -> None:
        positive(self.steps)
        if not (0 < self.beta_start < 1 and 0 < self.beta_end < 1):
            raise ValueError(
                f"β from {self.beta_start} to {self.beta_end}: betas must lie between 0 and 1"
            )

    @cached_property
    def t_max(self) -> float:
        """The last step whose α is at least 1e-5: below it float32 holds no digit of the data."""
        if float(self.alpha(torch.ones((), dtype=torch.float64))) >= 1e-5:
            return 1.0
        last = float(self.time_at(torch.tensor(1e5, dtype=torch.float64)))
        return max(math.floor(last * self.steps), 1) / self.steps

    @cached_property
    def betas(self) -> Tensor:
        """(T,) in float64; betas[i − 1] is the variance of step i."""
        return torch.linspace(self.beta_start, self.beta_end, self.steps, dtype=torch.float64)

    @cached_property
    def _cubics(self) -> Tensor:
        """(4, T) coefficients of log ᾱ on each step, highest power first."""
        from scipy.interpolate import PchipInterpolator  # takes 0.3 s to import

        log_alpha_bar = torch.zeros(self.steps + 1, dtype=torch.float64)
        log_alpha_bar[1:] = torch.log1p(-self.betas).cumsum(0)
        return torch.from_numpy(PchipInterpolator(range(self.steps + 1), log_alpha_bar.numpy()).c)

    def _step_of(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The cubic that holds at t, (4, *t), and how far into its step t lies, in [0, 1]."""
        i = (self.steps * t.double()).clamp(0, self.steps)
        # a time i/T may round to just below i; it belongs to the knot itself
        i = torch.where((i - i.round()).abs() < 1e-9, i.round(), i)
        step = i.ceil().long().clamp(1, self.steps) - 1
        return self._cubics[:, step], i - step

    def _log_alpha_bar(self, t: Tensor) -> Tensor:
        (a, b, c, d), u = self._step_of(t)
        return ((a * u + b) * u + c) * u + d

    def _log_alpha_bar_slope(self, t: Tensor) -> Tensor:
        (a, b, c, _), u = self._step_of(t)
        return self.steps * ((3 * a * u + 2 * b) * u + c)

    def alpha_bar(self, t: Tensor) -> Tensor:
        """ᾱ(t), the product of 1 − β up to t = i/T."""
        return torch.exp(self._log_alpha_bar(t)).to(t.dtype)

    def alpha(self, t: Tensor) -> Tensor:
        return torch.exp(0.5 * self._log_alpha_bar(t)).to(t.dtype)

    def sigma(self, t: Tensor) -> Tensor:
        return (-torch.expm1(self._log_alpha_bar(t))).sqrt().to(t.dtype)

    def drift(self, t: Tensor) -> Tensor:
        return (0.5 * self._log_alpha_bar_slope(t)).to(t.dtype)

    def diffusion(self, t: Tensor) -> Tensor:
        return (-self._log_alpha_bar_slope(t)).clamp_min(0).sqrt().to(t.dtype)

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        target = -torch.log1p(noise_to_signal.double().square())
        knots = torch.linspace(0, 1, self.steps + 1, dtype=torch.float64)
        values = -self._log_alpha_bar(knots)
        step = (torch.searchsorted(values, -target) - 1).clamp(0, self.steps - 1)
        a, b, c, d = self._cubics[:, step]
        low, high = torch.zeros_like(target), torch.ones_like(target)
        for _ in range(40):  # the cubic falls from one end of its step to the other
            u = (low + high) / 2
            above = ((a * u + b) * u + c) * u + d < target
            low, high = torch.where(above, low, u), torch.where(above, u, high)
        return ((step + (low + high) / 2) / self.steps).to(noise_to_signal.dtype)

    def grid(self, steps: int) -> Tensor:
        """Times i/T of the chain itself; with fewer steps than T, evenly chosen ones."""
        last = round(self.t_max * self.steps)
        if steps > last:
            return super().grid(steps)
        i = torch.linspace(last, 0, positive(steps) + 1, dtype=torch.float64).round()
        return i / self.steps

    @property
    def latex(self) -> str:
        return (
            r"q(x_i\mid x_{i-1})=\mathcal N(\sqrt{1-\beta_i}\,x_{i-1},\beta_i I),\quad "
            rf"\beta_i:{self.beta_start:g}\to {self.beta_end:g},\ T={self.steps}"
        )


@dataclass(frozen=True)
class CosineVP(Process):
    """Variance preserving with ᾱ(t) = cos²(½π (t + s)/(1 + s)) / cos²(½π s/(1 + s)).

    Source: Nichol and Dhariwal 2021, equation 17.
    """

    offset: float = 0.008
    t_max = 0.999

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= 1:
            raise ValueError(f"offset s={self.offset} must lie between 0 and 1")

    def _angle(self, t: Tensor) -> Tensor:
        return 0.5 * math.pi * (t + self.offset) / (1 + self.offset)

    @property
    def _start(self) -> float:
        return 0.5 * math.pi * self.offset / (1 + self.offset)

    def alpha(self, t: Tensor) -> Tensor:
        return torch.cos(self._angle(t)) / math.cos(self._start)

    def sigma(self, t: Tensor) -> Tensor:
        # cos²a − cos²b = sin(b − a) sin(b + a): no difference of near equals at small t
        angle = self._angle(t)
        product = torch.sin(angle - self._start) * torch.sin(angle + self._start)
        return product.clamp_min(0).sqrt() / math.cos(self._start)

    def _beta(self, t: Tensor) -> Tensor:
        return math.pi / (1 + self.offset) * torch.tan(self._angle(t))

    def drift(self, t: Tensor) -> Tensor:
        return -0.5 * self._beta(t)

    def diffusion(self, t: Tensor) -> Tensor:
        return self._beta(t).sqrt()

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        alpha = torch.rsqrt(1 + noise_to_signal.square())
        angle = torch.acos(alpha * math.cos(self._start))
        return angle * (1 + self.offset) * 2 / math.pi - self.offset

    @property
    def latex(self) -> str:
        return (
            r"\bar\alpha_t\propto\cos^2\!\left(\frac{\pi}{2}\,"
            rf"\frac{{t+{self.offset:g}}}{{1+{self.offset:g}}}\right)"
        )
