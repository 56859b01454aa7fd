"""Steps along the probability-flow ODE, dx/dt = f x − ½ g² score (Song et al. 2021, equation 13).

It carries the same distributions from noise to data as the reverse SDE, without noise.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explorer.diffusion.parametrization import x0_from_score
from explorer.diffusion.process import Process
from explorer.diffusion.steps import Step, StepResult


def _flow(process: Process, grad: Tensor, x: Tensor, t: Tensor) -> Tensor:
    """dx/dt of the probability-flow ODE, f x − ½ g² score (Song et al. 2021, equation 13)."""
    drift, diffusion = process.rates(t)
    return torch.add(drift * x, grad, alpha=-0.5 * diffusion**2)


def euler() -> Step:
    """The probability-flow ODE by Euler's method, of order 1."""

    def step(process, score, x, t, s, rng, past=None):
        grad = score(x, t)
        x_s = torch.add(x, _flow(process, grad, x, t), alpha=float(s - t))
        return StepResult(x_s, {"x0_hat": x0_from_score(process, grad, x, t)})

    return step


def heun() -> Step:
    """The probability-flow ODE by Heun's method, of order 2 (Karras et al. 2022, algorithm 1).

    The last step, to σ = 0, is Euler's: the score of data without noise may not exist.
    """

    def step(process, score, x, t, s, rng, past=None):
        grad = score(x, t)
        slope = _flow(process, grad, x, t)
        dt = float(s - t)
        x_s = torch.add(x, slope, alpha=dt)
        if process.level(s).sigma > 0:
            again = _flow(process, score(x_s, s), x_s, s)
            x_s = torch.add(x, slope + again, alpha=dt / 2)
        return StepResult(x_s, {"x0_hat": x0_from_score(process, grad, x, t)})

    return step


def rk45(rtol: float = 1e-3, stop: float = 1e-5) -> Step:
    """The probability-flow ODE by adaptive Runge–Kutta 4(5) (Dormand and Prince 1980; `scipy`).

    One step spans the whole interval and reports the solver's own steps as `info["inner"]`. Where
    the interval ends at σ = 0 it stops at t = `stop` of the interval and takes x̂_0 there. That x̂_0
    is a mean: the noise left must be small beside the narrowest mode, or its spread is lost.
    """

    def step(process, score, x, t, s, rng, past=None):
        from scipy.integrate import RK45  # takes 0.5 s to import

        def field(time: float, flat: Any) -> Any:
            at = torch.tensor(time, dtype=torch.float64)
            here = torch.from_numpy(flat).to(x.dtype).to(x.device).reshape(x.shape)
            flow = _flow(process, score(here, at), here, at)
            return flow.double().flatten().cpu().numpy()

        to_zero = not process.level(s).sigma > 0
        end = s + stop * (t - s) if to_zero else s
        start = x.double().flatten().cpu().numpy()
        solver = RK45(field, float(t), start, float(end), rtol=rtol, atol=rtol)
        times, states = [], []
        while solver.status == "running":
            if message := solver.step():
                raise ArithmeticError(f"RK45 stopped at t={solver.t:.3g}: {message}")
            times.append(solver.t)
            states.append(torch.from_numpy(solver.y.copy()).to(x).reshape(x.shape))
        x_end = states[-1]
        x0_hat = x0_from_score(process, score(x_end, end), x_end, end)
        if to_zero:
            times, states = [*times, float(s)], [*states, x0_hat]
        inner = (torch.tensor(times, dtype=torch.float64), torch.stack(states))
        return StepResult(states[-1], {"x0_hat": x0_hat, "inner": inner})

    return step
