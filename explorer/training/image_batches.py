"""What a step of training sees, as a pure function of the seed and the step.

Nothing random is carried along: a run that was killed goes on exactly, and however many processes
share a batch, together they see the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor, nn

from explorer.data.images import PICTURE_SETS, Pictures
from explorer.diffusion.process import expand
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.image_unet import NO_LABEL
from explorer.training.image_spec import ImageSpec

LOG_SIGMA_MEAN, LOG_SIGMA_STD = -1.2, 1.2
"""The noise levels that ours trains on, log σ ~ N(−1.2, 1.2²): Karras et al. 2022, table 1."""

SIGMA_DATA = 0.5


@dataclass(frozen=True)
class Batch:
    """Pictures x0 (B, 3, 32, 32), their noisy x_t at t (B,), the noise in it, labels (B,).

    α and σ are (B, 1, 1, 1), and all of it is on the device of the network.
    """

    x0: Tensor
    noise: Tensor
    x_t: Tensor
    t: Tensor
    labels: Tensor
    alpha: Tensor
    sigma: Tensor


def generator(*numbers: int) -> Generator:
    """A generator for these numbers, such as seed, step, and what it is for."""
    # Generator.manual_seed keeps 32 bits, into which the numbers have to be mixed
    return Generator().manual_seed(int(np.random.SeedSequence(numbers).generate_state(1)[0]))


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> Tensor:
    return torch.randperm(count, generator=generator(seed, epoch, 0))


def chosen(seed: int, step: int, batch: int, count: int) -> Tensor:
    """(batch,) indices of step `step`: each picture once before any comes again, newly shuffled."""
    places = range(step * batch, (step + 1) * batch)
    return torch.stack([_order(seed, place // count, count)[place % count] for place in places])


def times(process: ProcessSpec, kind: str, count: int, rng: Generator) -> Tensor:
    """(count,) times to train at: for ε uniform on the chain's steps, for x0 log-normal in σ/α.

    Sources: Ho et al. 2020, algorithm 1; Karras et al. 2022, table 1.
    """
    if kind == "eps":
        steps = int(dict(process.values)["steps"])
        return torch.randint(1, steps + 1, (count,), generator=rng) / steps
    sigma = torch.exp(LOG_SIGMA_MEAN + LOG_SIGMA_STD * torch.randn(count, generator=rng))
    built = process.build()
    return built.time_at(sigma).clamp(max=built.t_max)


def joint_batch(
    spec: ImageSpec, kind: str, data: Pictures, step: int, share: slice, device: torch.device
) -> Batch:
    """The part `share` of the batch of step `step`, on `device`.

    The whole batch's numbers are drawn on the CPU, whatever the part: 16 pictures take 0.3 ms.
    """
    recipe, process = spec.recipe, spec.recipe.process.build()
    rng = generator(spec.seed, step, 1)
    index = chosen(spec.seed, step, recipe.batch, len(data))
    flip = torch.rand(recipe.batch, generator=rng) < 0.5
    dropped = torch.rand(recipe.batch, generator=rng) < recipe.label_dropout
    t = times(recipe.process, kind, recipe.batch, rng)
    noise = torch.randn(recipe.batch, 3, 32, 32, generator=rng)
    labels = data.labels[index].masked_fill(dropped, NO_LABEL)
    x0 = data.batch(index, flip if PICTURE_SETS[spec.dataset].mirrored else None)
    alpha, sigma = expand(process.alpha(t), x0), expand(process.sigma(t), x0)
    whole = (x0, noise, alpha * x0 + sigma * noise, t, labels, alpha, sigma)
    return Batch(*(part[share].to(device) for part in whole))


def loss_of(network: nn.Module, kind: str, batch: Batch) -> Tensor:
    """The mean squared error, of ε itself, or of x0 weighted by 1/c_out² as in EDM.

    Sources: Ho et al. 2020, equation 14; Karras et al. 2022, table 1, λ(σ).
    """
    prediction = network(batch.x_t, batch.t, batch.labels)
    if kind == "eps":
        return (prediction - batch.noise).square().mean()
    variance = (batch.sigma / batch.alpha).square()
    weight = (variance + SIGMA_DATA**2) / (variance * SIGMA_DATA**2)
    return (weight * (prediction - batch.x0).square()).mean()
