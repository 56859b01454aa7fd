"""The kernels to choose from."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.mcmc.hmc import hmc
from explorer.mcmc.kernel import Kernel
from explorer.mcmc.langevin import annealed, mala, ula
from explorer.registry import Entry, Param


@dataclass(frozen=True)
class KernelEntry(Entry[Kernel]):
    """An entry of `KERNELS`.

    aim: the acceptance that its parameter `step` is tuned towards; 0 where every proposal is
    taken.  anneals: whether its target changes on the way, so that only its end counts.
    """

    aim: float = 0.0
    anneals: bool = False


def _step(symbol: str, default: float, high: float, help: str) -> Param:
    return Param("step", f"Step size {symbol}", default, 1e-4, high, 1e-4, help)


_LANGEVIN = "In units of x²: x moves by h times the score and by √(2h) of noise."

KERNELS: dict[str, KernelEntry] = {
    "hmc": KernelEntry(
        hmc,
        "HMC",
        r"\dot x=v,\ \dot v=\nabla\log p(x)\ \text{by }L\text{ leapfrog steps of }\epsilon,\quad "
        r"P(\text{accept})=\min(1,e^{-\Delta H})",
        "Duane et al. 1987; Neal 2011",
        (
            _step("ε", 0.04, 5.0, "Of one leapfrog step, in units of x."),
            Param("leaps", "Leapfrog steps L", 6, 1, 50, 1, "To one proposal."),
        ),
        aim=0.8,
    ),
    "mala": KernelEntry(
        mala,
        "MALA",
        r"x'=x+h\nabla\log p(x)+\sqrt{2h}\,z,\quad P(\text{accept})="
        r"\min\!\Big(1,\tfrac{p(x')\,q(x\mid x')}{p(x)\,q(x'\mid x)}\Big)",
        "Roberts and Tweedie 1996",
        (_step("h", 0.01, 5.0, _LANGEVIN),),
        aim=0.574,
    ),
    "ula": KernelEntry(
        ula,
        "ULA (Langevin)",
        r"x'=x+h\nabla\log p(x)+\sqrt{2h}\,z",
        "Roberts and Tweedie 1996",
        (_step("h", 0.005, 5.0, _LANGEVIN),),
    ),
    "annealed": KernelEntry(
        annealed,
        "Annealed Langevin",
        r"x'=x+h_i\nabla\log p_{\sigma_i}(x)+\sqrt{2h_i}\,z,\quad h_i=r\,\sigma_i^2,\ "
        r"\sigma_1>\dots>\sigma_L",
        "Song and Ermon 2019, algorithm 1",
        (
            Param(
                "sigma_max",
                "First noise σ₁",
                3.0,
                0.5,
                50.0,
                0.5,
                "As wide as the data, in units of x.",
            ),
            Param(
                "sigma_min",
                "Last noise σ_L",
                0.05,
                0.01,
                0.5,
                0.01,
                "Finer than the data, in units of x.",
            ),
            Param("levels", "Noise levels", 20, 1, 50, 1, "Each gets the same share of steps."),
            Param("ratio", "Step ratio r", 0.1, 0.01, 0.5, 0.01, "Step size over σ²."),
        ),
        anneals=True,
    ),
}
