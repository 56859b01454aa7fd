"""How fast and how well the default preset learns, against the DDPM note's own loop and the floor.

One thread, all in one run. Times are those of the thread's processor, so that others who use the
machine lengthen none of them. Distances are sliced Wasserstein between 10,000 samples and the
truth, in the mean over five seeds, and the floor is that between two true samples.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import make_moons
from torch import Generator, Tensor, nn

from explorer.data.spec import DistributionSpec
from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import exact_score, sample
from explorer.metrics import Truth
from explorer.training.model import Model
from explorer.training.presets import DEFAULT
from explorer.training.train import train

SAMPLES, SEEDS, PAIRS = 10_000, 5, 9
SAMPLER, SAMPLER_STEPS = "heun", 20
SHAPES = ("moons", "ring", "spiral", "checkerboard", "pinwheel")
SHORT_RUNS = (400, 500, 600, 800, 1000, 1500)
"""Numbers of steps, rising, of which the first that comes as close as the note's loop counts."""

T = 500
BETAS = torch.linspace(1e-4, 0.02, T)
ALPHAS = 1 - BETAS
ALPHA_BAR = torch.cat([torch.ones(1), torch.cumprod(ALPHAS, 0)])


class NoteNetwork(nn.Module):
    """The note's ε-network, written as a tutorial writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(2 + 64, 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU()),
            *(nn.Linear(128, 128), nn.SiLU(), nn.Linear(128, 2)),
        )
        self.frequencies = torch.exp(-torch.arange(32) * math.log(10000) / 31)

    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        angle = i[:, None].float() * self.frequencies[None]
        return self.layers(torch.cat([x, angle.sin(), angle.cos()], dim=-1))


def note_batch(n: int = 512) -> Tensor:
    moons, _ = make_moons(n_samples=n, noise=0.05)
    x = torch.tensor(moons, dtype=torch.float32)
    return (x - x.mean(0)) / x.std(0)


def note_training(seed: int, steps: int = 5000) -> NoteNetwork:
    """The note's loop: Adam at 1e-3, 512 fresh moons a step, in the plain style."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (make_moons draws from the global state, as in the note)
    network = NoteNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(steps):
        x0 = note_batch()
        i = torch.randint(1, T + 1, (len(x0),))
        eps = torch.randn_like(x0)
        alpha_bar = ALPHA_BAR[i][:, None]
        x = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps
        loss = F.mse_loss(network(x, i), eps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


@torch.no_grad()
def note_samples(network: NoteNetwork) -> Tensor:
    """The note's sampler: 500 ancestral steps with the posterior variance."""
    x = torch.randn(SAMPLES, 2)
    for i in range(T, 0, -1):
        eps = network(x, torch.full((SAMPLES,), i))
        beta = BETAS[i - 1]
        x = (x - beta / torch.sqrt(1 - ALPHA_BAR[i]) * eps) / torch.sqrt(ALPHAS[i - 1])
        if i > 1:
            variance = (1 - ALPHA_BAR[i - 1]) / (1 - ALPHA_BAR[i]) * beta
            x = x + torch.sqrt(variance) * torch.randn_like(x)
    return x


def samples(process: Process, score: Score, seed: int) -> Tensor:
    entry, rng = SAMPLERS[SAMPLER], Generator().manual_seed(1000 + seed)
    with torch.inference_mode():
        x = process.prior((SAMPLES, 2), rng)
        return sample(process, score, entry.build(), x, entry.grid(process, SAMPLER_STEPS), rng)


def learned(shape: str, seed: int, steps: int) -> tuple[Model, float, float]:
    """The default preset's model of `shape`, its processor seconds and its seconds."""
    config = replace(DEFAULT.config, steps=steps)
    spec = replace(DEFAULT, distribution=DistributionSpec(shape), config=config, seed=seed)
    cpu, wall = time.thread_time(), time.perf_counter()
    *_, state = train(spec, device="cpu")
    return state.model(), time.thread_time() - cpu, time.perf_counter() - wall


def truth_of(shape: str) -> Truth:
    return Truth.of(DistributionSpec(shape).build(), SAMPLES, repeats=PAIRS, seed=77)


def against_the_note(truth: Truth) -> dict[str, object]:
    """The note's distance and time, and ours to come as close in the mean over the seeds."""
    note_s, note_distance = [], []
    for seed in range(SEEDS):
        begin = time.thread_time()
        network = note_training(seed)
        note_s.append(time.thread_time() - begin)
        note_distance.append(truth.sliced_wasserstein(note_samples(network)).value)

    reached = statistics.mean(note_distance)
    runs: list[dict[str, float]] = []
    for steps in SHORT_RUNS:
        models = [learned("moons", seed, steps) for seed in range(SEEDS)]
        ends = [samples(m.process, m.score, seed) for seed, (m, _, _) in enumerate(models)]
        distance = statistics.mean(truth.sliced_wasserstein(end).value for end in ends)
        seconds = statistics.mean(cpu for _, cpu, _ in models)
        runs.append({"steps": steps, "distance": distance, "cpu_s": seconds})
        if distance <= reached:
            break
    return {
        "floor": truth.floor,
        "note_distance": reached,
        "note_cpu_s": statistics.mean(note_s),
        "ours": runs,
        "as_close": runs[-1]["distance"] <= reached,
        "times_faster": statistics.mean(note_s) / runs[-1]["cpu_s"],
    }


def against_the_floor(shape: str, truth: Truth) -> dict[str, float]:
    """The default preset in full: distance over floor, beside that of the exact score."""
    distribution, ratios, exact, cpu_s, wall_s = truth.distribution, [], [], [], []
    for seed in range(SEEDS):
        model, cpu, wall = learned(shape, seed, DEFAULT.config.steps)
        ratios.append(truth.sliced_wasserstein(samples(model.process, model.score, seed)).ratio)
        best = samples(model.process, exact_score(distribution, model.process), seed)
        exact.append(truth.sliced_wasserstein(best).ratio)
        cpu_s.append(cpu)
        wall_s.append(wall)
    return {
        "ratio": statistics.mean(ratios),
        "ratio_scatter": statistics.stdev(ratios),
        "ratio_of_exact_score": statistics.mean(exact),
        "cpu_s": statistics.mean(cpu_s),
        "wall_s": statistics.mean(wall_s),
    }


def run() -> dict[str, object]:
    """Both comparisons, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {
            "threads": 1,
            "sampler": f"{SAMPLER}, {SAMPLER_STEPS} steps",
            "training_steps": DEFAULT.config.steps,
            "note": against_the_note(truth_of("moons")),
            "shapes": {shape: against_the_floor(shape, truth_of(shape)) for shape in SHAPES},
        }
    finally:
        torch.set_num_threads(threads)
