"""The processes to choose from: variance exploding, EDM, the straight path, and the registry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.diffusion.process import Process, positive
from explorer.diffusion.variance_preserving import CosineVP, LinearDDPM
from explorer.registry import Entry, Param

__all__ = ["EDM", "PROCESSES", "CosineVP", "LambdaVE", "LinearDDPM", "Process", "StraightPath"]


@dataclass(frozen=True)
class LambdaVE(Process):
    """Variance exploding with g(t) = λ^t: α = 1, σ² = (λ^{2t} − 1)/(2 ln λ), and σ² = t at λ = 1.

    Source: the Neuromatch score tutorial; Song et al. 2021, the VE SDE.
    """

    lam: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.lam < math.inf:
            raise ValueError(f"λ={self.lam} must be a positive number")

    def alpha(self, t: Tensor) -> Tensor:
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        rate = 2 * math.log(self.lam)
        return t.sqrt() if abs(rate) < 1e-9 else (torch.expm1(rate * t) / rate).sqrt()

    def drift(self, t: Tensor) -> Tensor:
        return torch.zeros_like(t)

    def diffusion(self, t: Tensor) -> Tensor:
        return torch.exp(math.log(self.lam) * t)

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        rate = 2 * math.log(self.lam)
        variance = noise_to_signal.square()
        if abs(rate) < 1e-9:
            return variance
        # with λ < 1 the variance never exceeds −1/rate
        return torch.log1p((rate * variance).clamp_min(-1)) / rate

    @property
    def latex(self) -> str:
        g = rf"dx={self.lam:g}^{{t}}\,dW"
        if abs(math.log(self.lam)) < 1e-9:
            return rf"{g},\qquad \sigma_t^2=t"
        return rf"{g},\qquad \sigma_t^2=\frac{{{self.lam:g}^{{2t}}-1}}{{2\ln {self.lam:g}}}"


@dataclass(frozen=True)
class EDM(Process):
    """σ(t) = σ_max t with α = 1; the grid spaces σ^{1/ρ} evenly from σ_max to σ_min, then 0.

    Source: Karras et al. 2022, equation 5 and table 1 (whose time is σ itself).
    """

    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0

    def __post_init__(self) -> None:
        if not (0 < self.sigma_min < self.sigma_max and self.rho > 0):
            raise ValueError(
                f"σ from {self.sigma_min} to {self.sigma_max} with ρ={self.rho}: "
                "σ_min must be positive and below σ_max, and ρ positive"
            )

    def alpha(self, t: Tensor) -> Tensor:
        return torch.ones_like(t)

    def sigma(self, t: Tensor) -> Tensor:
        return self.sigma_max * t

    def drift(self, t: Tensor) -> Tensor:
        return torch.zeros_like(t)

    def diffusion(self, t: Tensor) -> Tensor:
        return self.sigma_max * (2 * t).sqrt()

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        return noise_to_signal / self.sigma_max

    def grid(self, steps: int) -> Tensor:
        low, high = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        sigmas = torch.linspace(high, low, positive(steps), dtype=torch.float64) ** self.rho
        times = torch.cat([sigmas / self.sigma_max, torch.zeros(1, dtype=torch.float64)])
        times[0] = self.t_max  # which the roots miss by a rounding
        return times

    @property
    def latex(self) -> str:
        return (
            rf"\sigma_t={self.sigma_max:g}\,t,\qquad \sigma_i=\Big({self.sigma_max:g}^{{1/\rho}}"
            rf"+\tfrac{{i}}{{N-1}}({self.sigma_min:g}^{{1/\rho}}-{self.sigma_max:g}^{{1/\rho}})"
            rf"\Big)^\rho,\ \rho={self.rho:g}"
        )


@dataclass(frozen=True)
class StraightPath(Process):
    """Flow matching's straight path: α = 1 − t, σ = t.

    Its drift f = −1/(1 − t) has no limit at t = 1, so samplers start at 0.999, where a thousandth
    of the data is left. Source: Lipman et al. 2023; Liu et al. 2023.
    """

    t_max = 0.999

    def alpha(self, t: Tensor) -> Tensor:
        return 1 - t

    def sigma(self, t: Tensor) -> Tensor:
        return t

    def drift(self, t: Tensor) -> Tensor:
        return -1 / (1 - t)

    def diffusion(self, t: Tensor) -> Tensor:
        return (2 * t / (1 - t)).sqrt()

    def time_at(self, noise_to_signal: Tensor) -> Tensor:
        return noise_to_signal / (1 + noise_to_signal)

    @property
    def latex(self) -> str:
        return r"x_t=(1-t)\,x_0+t\,\varepsilon"


LAMBDAS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 7.5),
    *(10.0, 15.0, 20.0, 25.0, 26.0, 30.0, 35.0, 40.0, 45.0, 50.0),
)

PROCESSES: dict[str, Entry[Process]] = {
    "ve": Entry(
        LambdaVE,
        "Variance exploding, g = λᵗ",
        r"dx=\lambda^{t}\,dW,\quad \sigma_t^2=\frac{\lambda^{2t}-1}{2\ln\lambda}",
        "Neuromatch W2D4, tutorial 2; Song et al. 2021",
        (
            Param(
                "lam",
                "λ",
                10.0,
                0.01,
                50.0,
                0.01,
                "Noise grows as λᵗ. At λ = 1 it is plain Brownian motion, below 1 it fades.",
                choices=LAMBDAS,
            ),
        ),
    ),
    "ddpm": Entry(
        LinearDDPM,
        "DDPM, linear β",
        r"q(x_i\mid x_{i-1})=\mathcal N(\sqrt{1-\beta_i}\,x_{i-1},\beta_i I)",
        "Ho et al. 2020",
        (
            Param("steps", "Steps T", 500, 1, 1000, 1, "Length of the chain."),
            Param("beta_start", "First β₁", 1e-4, 1e-5, 0.02, 1e-5, "Variance added by step 1."),
            Param("beta_end", "Last β_T", 0.02, 1e-3, 0.5, 1e-3, "Variance added by step T."),
        ),
    ),
    "cosine": Entry(
        CosineVP,
        "Cosine",
        r"\bar\alpha_t\propto\cos^2\!\left(\frac\pi2\frac{t+s}{1+s}\right)",
        "Nichol and Dhariwal 2021",
        (
            Param(
                "offset",
                "Offset s",
                0.008,
                0.0,
                0.1,
                0.001,
                "Keeps the first steps from vanishing.",
            ),
        ),
    ),
    "edm": Entry(
        EDM,
        "EDM, σ = σ_max t",
        r"\sigma_i=\Big(\sigma_{\max}^{1/\rho}+\tfrac{i}{N-1}"
        r"(\sigma_{\min}^{1/\rho}-\sigma_{\max}^{1/\rho})\Big)^{\rho}",
        "Karras et al. 2022",
        (
            Param("sigma_min", "σ_min", 0.002, 0.001, 0.1, 0.001, "Last noise level before 0."),
            Param("sigma_max", "σ_max", 80.0, 1.0, 100.0, 1.0, "First noise level."),
            Param("rho", "ρ", 7.0, 1.0, 10.0, 0.5, "Larger spends more steps on little noise."),
        ),
    ),
    "straight": Entry(
        StraightPath,
        "Straight path (flow matching)",
        r"x_t=(1-t)\,x_0+t\,\varepsilon",
        "Lipman et al. 2023; Liu et al. 2023",
    ),
}
