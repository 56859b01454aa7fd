"""The practical's first training as it is watched: two convolutions learn digits in a minute."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from explorer.data.images import Pictures
from explorer.diffusion.steps import ddim
from explorer.diffusion.trajectory import sample
from explorer.training.image_films import Pixels, as_pixels
from explorer.training.image_model import held_out_loss
from explorer.training.image_report import model_of
from explorer.training.image_run import Run, start, train
from explorer.training.image_spec import RECIPES, ImageSpec

TELL_EVERY = 10
SAMPLES, SAMPLE_STEPS, LOOKS = 10, 20, 8
"""Pictures in a look, DDIM's steps for them, and looks in a training."""

HELD_OUT = 320
CPU = torch.device("cpu")


@dataclass(frozen=True, eq=False)
class Lesson:
    """How far the training is: losses (step,), the latest samples (10, 32, 32, 3) and their step.

    `held_out`: ε's mean squared error on digits that were held out, once the training has ended.
    """

    step: int
    steps: int
    losses: Tensor
    seconds: float
    samples: Pixels
    sampled_at: int
    held_out: float | None = None


def lesson_spec(steps: int, rate: float, seed: int) -> ImageSpec:
    """Two convolutions on the bundled digits, all else as the practical has it."""
    return ImageSpec("digits", "tiny", replace(RECIPES["tiny"], steps=steps, rate=rate), seed)


def lesson(spec: ImageSpec, data: Pictures, held_out: Pictures) -> Iterator[Lesson]:
    """An update every ten steps, a new look at samples from the same noise eight times on the way.

    Raises Diverged as `image_run.train` does.
    """
    run, steps = start(spec, CPU), spec.recipe.steps
    looks = {round(steps * k / LOOKS) for k in range(1, LOOKS + 1)}
    begun, pictures, at = time.perf_counter(), drawn(run), 0
    yield Lesson(0, steps, torch.empty(0), 0.0, pictures, 0)
    for _ in train(run, data):
        if run.step in looks:
            pictures, at = drawn(run), run.step
        if run.step == steps or run.step % TELL_EVERY == 0:
            error = None
            if run.step == steps:
                count = min(HELD_OUT, len(held_out))
                error = held_out_loss(model_of(run), held_out, count, 0, CPU)
            seconds = time.perf_counter() - begun
            yield Lesson(run.step, steps, torch.tensor(run.losses), seconds, pictures, at, error)


def drawn(run: Run) -> Pixels:
    """Samples (10, 32, 32, 3) of the network as it stands, by DDIM from the noise of its seed."""
    model = model_of(run)
    process = model.process
    x = process.prior((SAMPLES, 3, 32, 32), Generator().manual_seed(run.spec.seed))
    with torch.inference_mode():
        rng = Generator().manual_seed(run.spec.seed)
        end = sample(process, model.score(), ddim(), x, process.grid(SAMPLE_STEPS), rng)
    return as_pixels(end)
