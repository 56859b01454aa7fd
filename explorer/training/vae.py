"""Training of the one-hot VAE as a generator, and its latents as a distribution to be diffused."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch
from torch import Generator, Tensor

from explorer.data.mixture_spec import MixtureSpec
from explorer.data.spec import DistributionSpec
from explorer.networks.perceptron import initialise
from explorer.networks.vae import CLASSES, VAE, cross_entropy, divergence, reparametrised
from explorer.registry import Param, shown
from explorer.training.config import SCHEDULES, checked_choice, checked_number
from explorer.training.files import DamagedFile
from explorer.training.optimiser import STATE, FlatAdam

LEAST = math.log(CLASSES)
"""Nats that reconstruction and KL together cannot go below: the entropy of which class it is."""
BETWEEN = 0.02
"""Seconds of work after which a state is due."""
SHOWN = 200
"""Steps over which the losses that are shown are averaged."""

VAE_PARAMS: dict[str, Param] = {
    param.name: param
    for param in (
        Param("steps", "VAE steps", 3000, 1, 50_000, 100, "Updates of the VAE's weights."),
        Param("batch", "Batch", 64, 1, 1024, 1, "Vectors in a step."),
        Param("lr", "Learning rate", 3e-3, 1e-6, 1.0, 1e-4, "Adam's, at its highest."),
        Param(
            "kl_weight",
            "Weight of the KL term",
            1.0,
            0.03,
            3.0,
            0.01,
            "Below 1 the classes move apart, above it they run into one.",
            choices=(0.03, 0.1, 0.3, 1.0, 3.0),
        ),
        Param("seed", "Seed", 0, 0, 1 << 31, 1, "Of the weights, the vectors and the noise."),
    )
}
"""The numbers of a `VAESpec`, for controls and checks."""


@dataclass(frozen=True)
class VAESpec:
    """All that a VAE's training depends on; ValueError for a number out of bounds."""

    steps: int = 3000
    batch: int = 64
    lr: float = 3e-3
    schedule: str = "cosine"
    kl_weight: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        checked_choice("schedule", self.schedule, SCHEDULES)
        for name, param in VAE_PARAMS.items():
            checked_number(param, getattr(self, name))


def vae_to_json(spec: VAESpec) -> dict[str, Any]:
    """The spec as JSON can hold it, for `vae_from_json`."""
    return asdict(spec)


def vae_from_json(obj: Any) -> VAESpec:
    """The spec that `vae_to_json` wrote; ValueError that says what is not usable."""
    names = {field.name for field in fields(VAESpec)}
    if not isinstance(obj, Mapping) or set(obj) != names:
        raise ValueError(f"the VAE's spec is {shown(obj)}; give {', '.join(sorted(names))}")
    return VAESpec(**obj)


@dataclass(frozen=True, eq=False)
class VAEState:
    """A VAE after `step` of `steps` updates; it never changes again.

    losses: (step, 2) nats per vector, reconstruction and KL of every step.  seconds: of work.
    weights: tensors by name, for `vae_of`.
    """

    spec: VAESpec
    step: int
    losses: Tensor
    seconds: float
    weights: Mapping[str, Tensor]
    _resume: Mapping[str, Tensor] = field(repr=False)

    @property
    def steps(self) -> int:
        return self.spec.steps

    @property
    def loss(self) -> tuple[float, float]:
        """Reconstruction and KL in nats, means over the last steps; NaN before the first."""
        reconstruction, kl = self.losses[-SHOWN:].mean(dim=0).tolist()
        return reconstruction, kl

    def vae(self) -> VAE:
        """The VAE as it stands, on the CPU."""
        return vae_of(self.weights)

    def resume_state(self) -> dict[str, Tensor]:
        """All that `train_vae` needs to go on as if it had never stopped, but the seconds."""
        return {**self._resume, "losses": self.losses}


def vae_of(weights: Mapping[str, Tensor]) -> VAE:
    """The VAE with these weights; DamagedFile where they are not a VAE's."""
    vae = VAE()
    expected = {name: tuple(p.shape) for name, p in vae.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if found != expected:
        name = min(set(found.items()) ^ set(expected.items()))[0]
        raise DamagedFile(
            f"the weights are not those of the one-hot VAE: {name} has the shape "
            f"{found.get(name)} instead of {expected.get(name)}"
        )
    vae.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return vae.requires_grad_(False)


def untrained(rng: Generator) -> VAE:
    """A VAE whose weights are drawn from `rng`."""
    vae = VAE()
    initialise(vae, rng)
    return vae


def train_vae(
    spec: VAESpec, resume: Mapping[str, Tensor] | None = None, seconds: float = 0.0
) -> Iterator[VAEState]:
    """Train on one-hot vectors drawn evenly; yield after hundredths of a second, and at the end.

    The loss is reconstruction + `kl_weight` · KL, in nats per vector, with Adam. `resume` and
    `seconds` are a state's, to go on from. On the CPU, where so small a network is trained
    fastest, equal specs give equal weights bit for bit, however often the training was stopped.
    """
    rng = Generator().manual_seed(spec.seed)
    vae, eye = untrained(rng), torch.eye(CLASSES)
    adam = FlatAdam(vae)
    losses, step = torch.zeros(spec.steps, 2), 0
    if resume is not None:
        step = _go_on(_checked(resume, spec), adam, losses, rng)

    def state() -> VAEState:
        weights = {name: part.detach().clone() for name, part in vae.state_dict().items()}
        kept = {**adam.tensors(), "rng": rng.get_state()}
        return VAEState(spec, step, losses[:step], seconds, weights, kept)

    if step == spec.steps:
        yield state()
    begun = time.perf_counter()
    while step < spec.steps:
        x = eye[torch.randint(CLASSES, (spec.batch,), generator=rng)]
        mean, log_variance = vae.encode(x)
        logits = vae.decode_logits(reparametrised(mean, log_variance, rng))
        reconstruction = cross_entropy(logits, x).mean()
        kl = divergence(mean, log_variance).mean()
        adam.gradient.zero_()
        (reconstruction + spec.kl_weight * kl).backward()
        adam.step(_learning_rate(spec, step), step + 1, half_life=0.0)
        losses[step, 0], losses[step, 1] = reconstruction.detach(), kl.detach()
        step += 1
        if step == spec.steps or time.perf_counter() - begun > BETWEEN:
            seconds += time.perf_counter() - begun
            yield state()
            begun = time.perf_counter()


_VAE_STATE = (*STATE, "losses", "rng")


def _checked(resume: Mapping[str, Tensor], spec: VAESpec) -> Mapping[str, Tensor]:
    """The tensors, if they can be a state of this training; ValueError where they cannot."""
    if set(resume) != set(_VAE_STATE):
        raise ValueError(
            f"the VAE's state holds {sorted(resume)}; it needs {', '.join(_VAE_STATE)}"
        )
    losses = resume["losses"]
    if losses.ndim != 2 or losses.shape[1] != 2 or len(losses) > spec.steps:
        raise ValueError(
            f"the VAE's losses have the shape {tuple(losses.shape)}; a training of "
            f"{spec.steps:,} steps has (steps so far, 2)"
        )
    return resume


def _go_on(past: Mapping[str, Tensor], adam: FlatAdam, losses: Tensor, rng: Generator) -> int:
    """Put everything where `past` left it; how many steps those were."""
    adam.load(past)
    done = len(past["losses"])
    losses[:done] = past["losses"]
    try:
        rng.set_state(past["rng"])
    except (RuntimeError, TypeError) as problem:
        raise ValueError(
            f"the state's random numbers cannot be gone on with ({problem}); start anew"
        ) from problem
    return done


def _learning_rate(spec: VAESpec, step: int) -> float:
    if spec.schedule == "constant":
        return spec.lr
    return spec.lr * 0.5 * (1 + math.cos(math.pi * step / spec.steps))


@torch.inference_mode()
def latents(vae: VAE) -> DistributionSpec:
    """What the encoder makes of all classes together: Σ_k ¼ N(μ_k, diag σ_k²), k = 1 … 4.

    It is exactly what encoded vectors are drawn from, so that a score learned on them can be held
    against the true one.
    """
    means, log_variances = vae.encode(torch.eye(CLASSES))
    covariances = tuple(((a, 0.0), (0.0, b)) for a, b in log_variances.exp().tolist())
    centres = tuple((x, y) for x, y in means.tolist())
    return DistributionSpec("custom-2d", (), MixtureSpec(2, (1.0,) * CLASSES, centres, covariances))
