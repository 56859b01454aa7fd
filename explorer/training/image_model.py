"""A trained image network as samplers want it: a score, with guidance, and pictures from noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from explorer.data.images import Pictures, to_bytes
from explorer.diffusion.guidance import Schedule, guided, guided_at_once, interval
from explorer.diffusion.parametrization import Score, convert, scales, score_of
from explorer.diffusion.process import Process, expand
from explorer.diffusion.steps import Step, ancestral, dpm_solver_2m
from explorer.diffusion.trajectory import sample
from explorer.networks.image_unet import NO_LABEL
from explorer.networks.unet import with_labels
from explorer.training.image_spec import PRACTICAL, Described

PRACTICAL_STEPS = int(dict(PRACTICAL.values)["steps"])
OUR_STEPS = 30

WITHIN = {"mnist": (0.3, 8.0), "cifar10": (0.0, 4.0)}
"""σ/α above and up to which a number w guides networks of a dataset; others it guides everywhere.

Too much noise holds only what all of a class share, and guidance there costs variety. Of 1,000
pictures by cifar10-residual after 31,569 steps 75.4 % are read as asked with w = 3.5 up to 4, 12.8
times as far from true ones by Fréchet distance as others of them are, and coverage is 83 %; with 2
at all noise levels 63.8 %, 17.8 times and 74 %. After 57,352 steps, w = 3.5 up to 4 gives 86.0 %,
9.4 times and 89 %. Of 1,000 digits by mnist-residual after 34,000 steps 98.7 % are read as asked
with w = 2.25 in (0.3, 8], 2.0 times as far, and coverage is 82 %; up to 4, with 3, it is 84 %, but
97.0 % are. By `python -m benchmarks image_guidance 1000`.
Source: Kynkäänniemi et al. 2024, equation 3.
"""


def within(spec: Described) -> tuple[float, float]:
    """σ/α above and up to which a number w guides a network."""
    return WITHIN.get(spec.dataset, (0.0, math.inf))


@dataclass(frozen=True, eq=False)
class ImageModel:
    """A network in evaluation mode with the process it was trained on. Its weights are not changed.

    `kind`: what the network predicts; `labelled`: it must be told labels; `guidable`: it may be.
    `weak`: the same network after little training, which guidance leads away from.
    """

    spec: Described
    network: nn.Module
    weak: nn.Module | None = None

    @property
    def process(self) -> Process:
        return self.spec.process.build()

    @property
    def kind(self) -> str:
        return self.spec.entry.kind

    @property
    def labelled(self) -> bool:
        return self.spec.entry.labelled

    @property
    def guidable(self) -> bool:
        return self.spec.entry.guidable

    def score(self, labels: Tensor | None = None, guidance: float | Schedule = 1.0) -> Score:
        """The score given labels (B,), or none; with guidance w, s(x) + w (s(x | c) − s(x)).

        w = 0 forgets the label, 1 obeys it and more exaggerates it. s(x) is that of `weak`, where
        there is one, so that w leads away from its mistakes as well; else the network's own (Karras
        et al. 2024, equation 3; Ho and Salimans 2022, equation 6). A number w guides as
        `within` tells, and elsewhere is 1; a schedule is taken as it is.
        Raises ValueError for guidance where the network or the labels do not allow it.
        """
        plain = self._score(self.network, labels)
        if guidance == 1:
            return plain
        if labels is None or not self.guidable:
            raise ValueError(f"guidance={guidance} needs labels and a network trained without some")
        scale = guidance
        if not callable(guidance):
            scale = interval(self.process, guidance, *within(self.spec))
        if self.weak is not None:
            return guided(self._score(self.weak, None), plain, scale)
        both_labels = torch.cat([torch.full_like(labels, NO_LABEL), labels])
        both, untold = (self._score(self.network, told) for told in (both_labels, None))
        return guided_at_once(both, untold, plain, scale)

    def _score(self, network: nn.Module, labels: Tensor | None) -> Score:
        return score_of(self.kind, with_labels(network, labels), self.process)

    def predict(self, kind: str, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """The prediction of `kind` (B, 3, 32, 32) at x and t, () or (B,)."""
        value = self.network(x, t, labels)
        return convert(value, self.kind, kind, x, *scales(self.process, x, t))


def own_sampler(model: ImageModel) -> tuple[Step, int]:
    """The practical's own sampler and T for a network of ε, else DPM-Solver++(2M) in 30 steps."""
    if model.kind == "eps":
        return ancestral("beta"), PRACTICAL_STEPS
    return dpm_solver_2m(), OUR_STEPS


def pictures(
    model: ImageModel,
    count: int,
    seed: int,
    device: torch.device,
    labels: Tensor | None = None,
    guidance: float = 1.0,
) -> Tensor:
    """(count, 3, 32, 32) in uint8, sampled by `own_sampler`; the same for the same seed."""
    step, steps = own_sampler(model)
    process = model.process
    x = process.prior((count, 3, 32, 32), Generator().manual_seed(seed)).to(device)
    rng = Generator(device=device).manual_seed(seed)
    with torch.inference_mode():
        score = model.score(labels, guidance)
        return to_bytes(sample(process, score, step, x, process.grid(steps), rng)).cpu()


def held_out_loss(
    model: ImageModel, data: Pictures, count: int, seed: int, device: torch.device
) -> float:
    """The mean squared error of ε̂ on `count` of the data, at steps spread evenly over T = 400.

    It is the practical's loss for every network: one trained on another process is asked at the
    time of the same σ/α, with the same noise.
    """
    yardstick, process = PRACTICAL.build(), model.process
    rng = Generator().manual_seed(seed)
    index = torch.randperm(len(data), generator=rng)[:count]
    steps = torch.linspace(1, PRACTICAL_STEPS, len(index)).round()
    total = 0.0
    for part, step in zip(index.split(128), steps.split(128), strict=True):
        x0, t = data.batch(part), step / PRACTICAL_STEPS
        noise = torch.randn(x0.shape, generator=rng)
        t = process.time_at(yardstick.sigma(t) / yardstick.alpha(t))
        x = expand(process.alpha(t), x0) * x0 + expand(process.sigma(t), x0) * noise
        labels = data.labels[part].to(device)
        with torch.inference_mode():
            eps_hat = model.predict("eps", x.to(device), t.to(device), labels)
        total += float((eps_hat.cpu() - noise).square().mean()) * len(part)
    return total / len(index)
