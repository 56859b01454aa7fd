"""The samplers that can be raced: steps with their equation, their source and their cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from explorer.diffusion import flows, steps
from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.steps import Step
from explorer.diffusion.trajectory import Trajectory, simulate, simulate_together
from explorer.registry import Entry, Param


@dataclass(frozen=True)
class Sampler(Entry[Step]):
    """An entry of `SAMPLERS`.

    `cost`: evaluations of the score in a full step; 0 for an adaptive solver, which chooses its
    own steps.  `stochastic`: whether it draws noise with its default parameters.
    """

    cost: int = 1
    stochastic: bool = False

    @property
    def adaptive(self) -> bool:
        return self.cost == 0

    def grid(self, process: Process, count: int) -> Tensor:
        """The times to walk: `count` steps of the process's grid, or one span if adaptive."""
        return process.grid(1 if self.adaptive else count)


ETA = Param("eta", "Stochasticity η", 0.0, 0.0, 1.0, 0.05, "0: deterministic. 1: DDPM's noise.")
RTOL = Param(
    "rtol",
    "Tolerance",
    1e-3,
    1e-6,
    1e-1,
    1e-6,
    "Error that the solver allows itself in one step, relative and absolute.",
    choices=(1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6),
)
SNR = Param("snr", "Signal-to-noise r", 0.16, 0.01, 0.5, 0.01, "Size of the Langevin step.")
CHURN = Param(
    "churn", "Churn γ", 0.4, 0.0, 0.41, 0.01, "Share by which each step first raises the noise."
)

SAMPLERS: dict[str, Sampler] = {
    "sde": Sampler(
        steps.euler_maruyama,
        "Reverse SDE, Euler–Maruyama",
        r"x_s=x-\left[f x-g^2\nabla\log p_t\right](t-s)+g\sqrt{t-s}\,z",
        "Anderson 1982; Song et al. 2021, equation 6",
        stochastic=True,
    ),
    "flow": Sampler(
        flows.euler,
        "Probability-flow ODE, Euler",
        r"x_s=x-\left[f x-\tfrac12g^2\nabla\log p_t\right](t-s)",
        "Song et al. 2021, equation 13",
    ),
    "no-noise": Sampler(
        steps.noise_left_out,
        "Ancestral, noise left out",
        r"x_s=\tilde\mu(x_t,\hat x_0)",
        "what happens when z is dropped from DDPM's algorithm 2; not a sampler",
        note="Neither DDIM nor the probability flow: the spread collapses onto the modes' centres.",
    ),
    "heun": Sampler(
        flows.heun,
        "Probability-flow ODE, Heun",
        r"x_s=x-\tfrac12\left[v(x,t)+v(x',s)\right](t-s)",
        "Karras et al. 2022, algorithm 1",
        cost=2,
    ),
    "rk45": Sampler(
        flows.rk45,
        "Probability-flow ODE, adaptive RK45",
        r"\dot x=f x-\tfrac12g^2\nabla\log p_t,\ \text{error per step}<\text{tol}",
        "Dormand and Prince 1980; Song et al. 2021, section 4.3",
        (RTOL,),
        cost=0,
    ),
    "ddpm": Sampler(
        partial(steps.ancestral, "beta"),
        "Ancestral DDPM, σ² = β",
        r"x_s=\tilde\mu(x_t,\hat x_0)+\sqrt{\beta}\,z",
        "Ho et al. 2020, algorithm 2",
        stochastic=True,
    ),
    "ddpm-posterior": Sampler(
        partial(steps.ancestral, "posterior"),
        "Ancestral DDPM, σ² = β̃",
        r"x_s=\tilde\mu(x_t,\hat x_0)+\sqrt{\tilde\beta}\,z,\ "
        r"\tilde\beta=\tfrac{1-\bar\alpha_s}{1-\bar\alpha_t}\beta",
        "Ho et al. 2020, equation 7",
        stochastic=True,
    ),
    "ddim": Sampler(
        steps.ddim,
        "DDIM",
        r"x_s=\alpha_s\hat x_0+\sqrt{\sigma_s^2-\eta^2\tilde\beta}\,\hat\varepsilon"
        r"+\eta\sqrt{\tilde\beta}\,z",
        "Song, Meng and Ermon 2021, equations 12 and 16",
        (ETA,),
    ),
    "pc": Sampler(
        steps.predictor_corrector,
        "Predictor–corrector, Langevin",
        r"x\leftarrow x_s+\epsilon\nabla\log p_s+\sqrt{2\epsilon}\,z",
        "Song et al. 2021, algorithms 4 and 5",
        (SNR,),
        cost=2,
        stochastic=True,
    ),
    "dpm": Sampler(
        steps.dpm_solver_2m,
        "DPM-Solver++(2M)",
        r"x_s=\tfrac{\sigma_s}{\sigma_t}x-\alpha_s(e^{-h}-1)\,D,\ "
        r"D=(1+\tfrac1{2r})\hat x_0-\tfrac1{2r}\hat x_0^{\text{before}}",
        "Lu et al. 2022, algorithm 2",
    ),
    "edm": Sampler(
        steps.edm,
        "EDM with churn",
        r"\hat\sigma=(1+\gamma)\sigma_t,\ \text{then Heun's step of }\dot x=(x-\hat x_0)/\sigma",
        "Karras et al. 2022, algorithm 2",
        (CHURN,),
        cost=2,
        stochastic=True,
    ),
}


def race(
    entry: Sampler,
    step: Step,
    process: Process,
    score: Score,
    x: Tensor,
    count: int,
    seed: int,
    *,
    most: int | None = None,
) -> Trajectory:
    """One lane of a race: `step` from x (B, *D) in `count` steps, its noise drawn from `seed`.

    most: how many states are kept, as of `simulate`.
    """
    rng = Generator(device=x.device).manual_seed(seed)
    with torch.inference_mode():
        return simulate(process, score, step, x, entry.grid(process, count), rng, most=most)


def race_together(
    entries: Sequence[Sampler], process: Process, score: Score, x: Tensor, count: int, seed: int
) -> list[Trajectory]:
    """`race` of several samplers at their defaults, faster where they share one grid of times."""
    steps = [entry.build() for entry in entries]
    grids = [entry.grid(process, count) for entry in entries]
    if any(not torch.equal(grid, grids[0]) for grid in grids):
        lanes = zip(entries, steps, strict=True)
        return [race(entry, step, process, score, x, count, seed) for entry, step in lanes]
    rngs = [Generator(device=x.device).manual_seed(seed) for _ in entries]
    with torch.inference_mode():
        return simulate_together(process, score, steps, x, grids[0], rngs)
