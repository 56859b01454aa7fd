"""Samplers as maps from noise to data that can be differentiated: their slopes, and descent in x_T.

A sampler with fixed noise is one smooth map x_T → x_0. Its gradient is had by running it with a
graph; nothing in the ordinary loop changes, for that is run without one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.steps import SharedNoise, Step
from explorer.diffusion.trajectory import Trajectory, sample, simulate, walk

SMOOTH = ("flow", "heun", "ddim", "dpm", "no-noise", "ddpm", "ddpm-posterior", "sde", "edm")
"""Samplers of `SAMPLERS` whose rows do not touch each other and whose steps keep a graph.

The adaptive solver leaves PyTorch, and the corrector's step size is a mean over the batch.
"""


def endpoint(
    process: Process, score: Score, step: Step, x: Tensor, ts: Tensor, seed: int
) -> Tensor:
    """x_0 (B, D) from x_T (B, D) along the grid ts, with a graph; all rows meet the same noise."""
    rng = SharedNoise(device=x.device)
    rng.manual_seed(seed)
    return sample(process, score, step, x, ts, rng)


def path(
    process: Process, score: Score, step: Step, x: Tensor, ts: Tensor, seed: int
) -> Trajectory:
    """The trajectories that `endpoint` ends, without a graph."""
    rng = SharedNoise(device=x.device)
    rng.manual_seed(seed)
    with torch.no_grad():
        return simulate(process, score, step, x, ts, rng)


def jacobian(
    process: Process, score: Score, step: Step, x: Tensor, ts: Tensor, seed: int
) -> tuple[Tensor, Tensor]:
    """x_0 (B, D) and J = ∂x_0/∂x_T (B, D, D), exact by D backward passes through all steps."""
    with torch.inference_mode(False), torch.enable_grad():
        start = x.clone().requires_grad_()
        end = endpoint(process, score, step, start, ts, seed)
        last = x.shape[1] - 1
        rows = [
            torch.autograd.grad(end[:, d].sum(), start, retain_graph=d < last)[0]
            for d in range(last + 1)
        ]
    return end.detach(), torch.stack(rows, dim=1)


@dataclass(frozen=True, eq=False)
class Stretching:
    """How a map treats its neighbourhood at each time: run (…, B, D), J (S+1, B, D, D)."""

    run: Trajectory
    jacobians: Tensor

    @property
    def singular_values(self) -> Tensor:
        """(S+1, B, D) stretching along the principal directions, largest first."""
        return torch.linalg.svdvals(self.jacobians)

    @property
    def log_det(self) -> Tensor:
        """(S+1, B) log|det J|: how much area grows, in nats."""
        return torch.linalg.slogdet(self.jacobians).logabsdet


def stretching(
    process: Process,
    score: Score,
    step: Step,
    x: Tensor,
    ts: Tensor,
    seed: int,
    *,
    reach: float = 1e-3,
) -> Stretching:
    """∂x_t/∂x_T at every time of ts, by central differences over ± `reach` in units of x.

    All neighbours run in one batch, so that it costs 2D + 1 runs at any number of times; `jacobian`
    is exact but tells of the end alone.
    """
    count, dim = x.shape
    shifts = reach * torch.eye(dim, dtype=x.dtype, device=x.device)
    around = torch.cat([x, *(x + sign * shift for shift in shifts for sign in (1, -1))])
    whole = path(process, score, step, around, ts, seed)
    parts = whole.xs.unflatten(1, (2 * dim + 1, count))
    columns = [(parts[:, 2 * d + 1] - parts[:, 2 * d + 2]) / (2 * reach) for d in range(dim)]
    return Stretching(
        Trajectory(whole.ts, parts[:, 0], None, whole.evaluations), torch.stack(columns, dim=-1)
    )


BETA1, BETA2, TINY = 0.7, 0.95, 1e-12
"""Adam's, with a shorter memory than for weights: these gradients are exact."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Gradient descent on x_T: states at each of I+1 iterations, the first before any step.

    starts: (I+1, B, D), x_T.  ts: (S+1,).  paths: (I+1, S+1, B, D), the trajectory from each.
    losses: (I+1, B), ½‖x_0 − target‖².
    """

    starts: Tensor
    ts: Tensor
    paths: Tensor
    losses: Tensor


def descend(
    process: Process,
    score: Score,
    step: Step,
    x: Tensor,
    target: Tensor,
    ts: Tensor,
    *,
    iterations: int,
    rate: float,
    seed: int,
) -> Descent:
    """Move x_T (B, D) so that x_0 comes to `target` (D,), by Adam on ½‖x_0 − target‖².

    The gradient is exact: backpropagation through every step of the sampler. Where the map folds
    noise onto thin modes plain gradients differ by orders of magnitude, hence Adam (Kingma and Ba
    2015), which works on each coordinate alone; `rate` is in units of the noise's σ(t_max) and
    falls to a tenth. Rows do not touch each other. Raises ValueError for no iterations.
    """
    if iterations < 1:
        raise ValueError(f"iterations={iterations} is too few; give at least one")
    unit = process.level(ts[0]).sigma
    first, second = torch.zeros_like(x), torch.zeros_like(x)
    starts, paths, losses = [], [], []
    rng = SharedNoise(device=x.device)
    with torch.inference_mode(False), torch.enable_grad():
        at = x.clone().requires_grad_()
        for iteration in range(iterations + 1):
            rng.manual_seed(seed)
            # not by `simulate`: kept in one tensor, every state would be a branch to walk back
            xs = [at, *(result.x for _, result in walk(process, score, step, at, ts, rng))]
            loss = 0.5 * (xs[-1] - target).square().sum(dim=1)
            starts.append(at.detach())
            paths.append(torch.stack([state.detach() for state in xs]))
            losses.append(loss.detach())
            if iteration == iterations:
                break
            # torch's own Adam imports its compiler at first use, for three seconds
            (slope,) = torch.autograd.grad(loss.sum(), at)
            first = torch.lerp(slope, first, BETA1)
            second = torch.lerp(slope.square(), second, BETA2)
            mean = first / (1 - BETA1 ** (iteration + 1))
            size = (second / (1 - BETA2 ** (iteration + 1))).sqrt()
            length = rate * unit * 0.1 ** (iteration / iterations)
            at = (at.detach() - length * mean / (size + TINY)).requires_grad_()
    return Descent(torch.stack(starts), ts, torch.stack(paths), torch.stack(losses))
