"""How fast samples come: against a plain loop and diffusers, with few steps, with exact scores.

Every ratio is of medians of interleaved runs on one thread, with the same weights and noise.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from torch import Generator, Tensor, nn

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.parametrization import Score, score_of
from explorer.diffusion.processes import LinearDDPM
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import exact_score, sample, simulate
from explorer.metrics import Truth
from explorer.networks.mlp import SinusoidalMLP

PARTICLES, T, TRAINING_STEPS = 2000, 500, 2500
PROCESS = LinearDDPM(T, 1e-4, 0.02)
MOONS = DISTRIBUTIONS["moons"].build()
BETAS = torch.linspace(1e-4, 0.02, T)


def turns(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each run in each turn, the runs taking turns; one turn before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            begin = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    return {f"{name}_s": statistics.median(values) for name, values in seconds.items()}


def ratio(seconds: dict[str, list[float]], slow: str, fast: str) -> float:
    """Median over turns of slow/fast: a machine that is busy for a while slows both."""
    pairs = zip(seconds[slow], seconds[fast], strict=True)
    return statistics.median(a / b for a, b in pairs)


def trained() -> SinusoidalMLP:
    """The network of the DDPM note on two moons, trained for a few seconds."""
    torch.manual_seed(0)
    rng, network = Generator().manual_seed(0), SinusoidalMLP(scale=T)
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, TRAINING_STEPS)
    for _ in range(TRAINING_STEPS):
        t = torch.randint(1, T + 1, (512,), generator=rng) / T
        x, noise = PROCESS.perturb(MOONS.sample(512, rng), t, rng)
        loss = F.mse_loss(network(x, t), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval().requires_grad_(False)  # as the app samples


class PlainNetwork(nn.Module):
    """The same weights, asked as a tutorial asks: one time and one embedding per particle."""

    def __init__(self, network: SinusoidalMLP) -> None:
        super().__init__()
        hidden = [network.first, *network.hidden]
        self.layers = nn.Sequential(*(m for h in hidden for m in (h, nn.SiLU())), network.out)
        self.frequencies = torch.exp(-torch.arange(32) * math.log(10000) / 31)

    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        angle = i[:, None].float() * self.frequencies
        return self.layers(torch.cat([x, angle.sin(), angle.cos()], dim=1))


@torch.no_grad()
def plain_loop(network: PlainNetwork, x: Tensor) -> Tensor:
    """Ancestral sampling with the posterior variance, written out."""
    rng = Generator().manual_seed(1)
    alpha_bar = torch.cat([torch.ones(1), torch.cumprod(1 - BETAS, 0)])
    for i in range(T, 0, -1):
        eps = network(x, torch.full((len(x),), i))
        beta = BETAS[i - 1]
        x = (x - beta / torch.sqrt(1 - alpha_bar[i]) * eps) / torch.sqrt(1 - beta)
        if i > 1:
            variance = (1 - alpha_bar[i - 1]) / (1 - alpha_bar[i]) * beta
            x = x + torch.sqrt(variance) * torch.randn(x.shape, generator=rng)
    return x


@torch.no_grad()
def diffusers_loop(network: PlainNetwork, x: Tensor) -> Tensor:
    """The same by diffusers' scheduler."""
    rng = Generator().manual_seed(1)
    scheduler = DDPMScheduler(
        T, 1e-4, 0.02, "linear", variance_type="fixed_small", clip_sample=False
    )
    scheduler.set_timesteps(T)
    for i in scheduler.timesteps:
        eps = network(x, (i + 1).expand(len(x)))
        x = scheduler.step(eps, i, x, generator=rng).prev_sample
    return x


def sampled(score: Score, name: str, steps: int, x: Tensor, seed: int = 1) -> Tensor:
    """Where our sampler takes x, by the path that the app uses."""
    entry, rng = SAMPLERS[name], Generator().manual_seed(seed)
    with torch.inference_mode():
        return sample(PROCESS, score, entry.build(), x, entry.grid(PROCESS, steps), rng)


def matmuls() -> Callable[[], None]:
    """The products of matrices in T evaluations of the network, and nothing else."""
    shapes = [(66, 128), (128, 128), (128, 128), (128, 2)]
    parts = [
        (torch.randn(PARTICLES, n), torch.randn(n, m), torch.empty(PARTICLES, m)) for n, m in shapes
    ]

    def run() -> None:
        with torch.inference_mode():
            for _ in range(T):
                for left, right, out in parts:
                    torch.mm(left, right, out=out)

    return run


def arithmetic() -> Callable[[], None]:
    """The least that T evaluations need: products, each hidden number's bias in them, and SiLU.

    The time's part of the first layer is left out, since it is the same for all particles. What
    torch takes for the rest with every result in a place of its own, and no sampler around it.
    """
    shapes = [(3, 128), (129, 128), (129, 128), (129, 2)]
    weights = [torch.randn(m, n) / n**0.5 for n, m in shapes]
    kept = [torch.ones(PARTICLES, 144) for _ in range(3)]
    given, out = torch.randn(PARTICLES, 3), torch.empty(2, PARTICLES)

    def run() -> None:
        with torch.inference_mode():
            for _ in range(T):
                hidden = given
                for weight, room in zip(weights[:-1], kept, strict=True):
                    F.silu(torch.mm(hidden, weight.T, out=room[:, :128]), inplace=True)
                    hidden = room[:, :129]
                torch.mm(weights[-1], hidden.T, out=out)

    return run


def ancestral(network: SinusoidalMLP, repeats: int = 9) -> dict[str, float]:
    """500 ancestral steps of 2,000 particles: ours, the plain loop, diffusers, the matmul limit."""
    plain, x = (
        PlainNetwork(network),
        torch.randn(PARTICLES, 2, generator=Generator().manual_seed(0)),
    )
    score = score_of("eps", network, PROCESS)
    runs = {
        "ours": lambda: sampled(score, "ddpm-posterior", T, x),
        "plain_loop": lambda: plain_loop(plain, x),
        "diffusers": lambda: diffusers_loop(plain, x),
    }
    ends = {name: run() for name, run in runs.items()}
    seconds = turns({**runs, "matmuls": matmuls(), "arithmetic": arithmetic()}, repeats)
    over = {name: ratio(seconds, name, "ours") for name in ("plain_loop", "diffusers")}
    flop = 2 * PARTICLES * T * (66 * 128 + 2 * 128 * 128 + 128 * 2)
    return {
        **medians(seconds),
        **{f"speedup_over_{name}": value for name, value in over.items()},
        "speedup_over_faster": min(over.values()),
        "share_of_matmul_limit": ratio(seconds, "matmuls", "ours"),
        "matmul_limit_of_speedup": min(ratio(seconds, name, "matmuls") for name in over),
        "share_of_arithmetic_limit": ratio(seconds, "arithmetic", "ours"),
        "arithmetic_limit_of_speedup": min(ratio(seconds, name, "arithmetic") for name in over),
        "matmul_gflops": flop / statistics.median(seconds["matmuls"]) / 1e9,
        "max_difference_from_plain_loop": float((ends["ours"] - ends["plain_loop"]).abs().max()),
        "max_difference_from_diffusers": float((ends["ours"] - ends["diffusers"]).abs().max()),
    }


def few_steps(network: SinusoidalMLP, seeds: int = 5) -> dict[str, object]:
    """DPM-Solver++ and Heun beside 500 ancestral steps: distance from the truth, and time."""
    score, truth = score_of("eps", network, PROCESS), Truth.of(MOONS, PARTICLES)
    lanes = {
        "ancestral_500": ("ddpm-posterior", T),
        "dpm_15": ("dpm", 15),
        "dpm_20": ("dpm", 20),
        "heun_10": ("heun", 10),
        "heun_20": ("heun", 20),
    }
    x = [torch.randn(PARTICLES, 2, generator=Generator().manual_seed(s)) for s in range(seeds)]
    result: dict[str, object] = {"floor": truth.floor}
    for lane, (name, steps) in lanes.items():
        ends = [sampled(score, name, steps, x[seed], seed + 100) for seed in range(seeds)]
        values = [truth.sliced_wasserstein(end).value for end in ends]
        result[lane] = {
            "distance": statistics.mean(values),
            "distance_scatter": statistics.stdev(values),
        }
    seconds = turns(
        {lane: lambda a=name, b=n: sampled(score, a, b, x[0]) for lane, (name, n) in lanes.items()},
        5,
    )
    speedups = {f"{lane}_speedup": ratio(seconds, "ancestral_500", lane) for lane in lanes}
    return {**result, **medians(seconds), **speedups}


def exact(particles: int = 5000, steps: int = 100, repeats: int = 5) -> dict[str, float]:
    """Seconds for trajectories kept in full, with exact scores."""
    runs = {}
    for name in ("ring", "tutorial", "moons", "checkerboard"):
        score = exact_score(DISTRIBUTIONS[name].build(), PROCESS)
        for lane in ("sde", "ddim"):

            def run(score=score, lane=lane) -> object:
                rng = Generator().manual_seed(0)
                x, entry = PROCESS.prior((particles, 2), rng), SAMPLERS[lane]
                with torch.inference_mode():
                    ts = entry.grid(PROCESS, steps)
                    return simulate(PROCESS, score, entry.build(), x, ts, rng)

            runs[f"{name}_{lane}"] = run
    return medians(turns(runs, repeats))


def run() -> dict[str, object]:
    """All three, in one run on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        begin = time.perf_counter()
        network = trained()
        training = time.perf_counter() - begin
        return {
            "threads": 1,
            "training_s": training,
            "ancestral": ancestral(network),
            "few_steps": few_steps(network),
            "exact": exact(),
        }
    finally:
        torch.set_num_threads(threads)
