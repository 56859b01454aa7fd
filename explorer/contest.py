"""Markov chains against a diffusion sampler: one start, one budget of score evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.process import Process
from explorer.diffusion.samplers import Sampler
from explorer.diffusion.steps import Step
from explorer.diffusion.trajectory import Trajectory, exact_score, simulate
from explorer.mcmc.chains import Tuning, draws_in_one_mode
from explorer.mcmc.kernel import Kernel
from explorer.mcmc.kernels import KernelEntry


@dataclass(frozen=True)
class Start:
    """Where all begin: chains at x0 (B, D), the diffusion sampler at x_T (B, D)."""

    x0: Tensor
    x_t: Tensor


def common_start(
    target: ExactDistribution, process: Process, in_one_mode: bool, n: int, rng: Generator
) -> Start:
    """n points in one mode, or a normal cloud as wide as the data.

    A diffusion sampler starts from noise. From the normal cloud, chains get the same numbers as
    the prior, in the data's width. From one mode, the process first carries these very points to
    its last time, x_T = α_T x_0 + σ_T ε, which costs no evaluation.
    """
    last = process.level(torch.tensor(process.t_max, dtype=torch.float64))
    x0, noise = first_states(target, in_one_mode, n, rng)
    return Start(x0, (last.alpha * x0 if in_one_mode else 0) + last.sigma * noise)


def first_states(
    target: ExactDistribution, in_one_mode: bool, n: int, rng: Generator
) -> tuple[Tensor, Tensor]:
    """Where n chains begin, and the noise of the diffusion sampler, (n, D) each: `common_start`
    without a process, of which the chains know nothing."""
    noise = torch.randn(n, target.dim, generator=rng)
    if in_one_mode:
        return draws_in_one_mode(target, n, rng), noise
    second = target.covariance.diagonal() + target.mean.square()
    return float(second.mean().sqrt()) * noise, noise


def kernel_of(entry: KernelEntry, values: Mapping[str, Any], aim: float = 0.0) -> Kernel | Tuning:
    """The kernel that an entry makes from these values, or its tuning towards `aim`, if not 0."""
    if not aim:
        return entry.build(values)
    full = {param.name: values.get(param.name, param.default) for param in entry.params}
    step = float(full.pop("step"))
    return Tuning(partial(entry.make, **full), step, aim)


def steps_within(entry: Sampler, budget: int) -> int:
    """How many steps of a sampler a budget of evaluations holds; at least one."""
    if entry.adaptive:
        raise ValueError(f"{entry.label} chooses its own steps, so that no budget binds it")
    return max(1, budget // entry.cost)


def diffuse(
    process: Process,
    target: ExactDistribution,
    step: Step,
    start: Tensor,
    steps: int,
    rng: Generator,
) -> Trajectory:
    """The sampler's way from start (B, D) at t_max to the data, by the exact score."""
    ts = process.grid(steps)
    with torch.inference_mode():
        return simulate(process, exact_score(target, process, ts), step, start, ts, rng)
