"""Networks that are told the class or not: trained with hidden labels, kept with an early state.

`python -m explorer.training.labelled` makes those that come with the product, in
`checkpoints/guidance/NAME`. The early state is the weaker network that autoguidance needs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.labelled import LABELLED
from explorer.diffusion.losses import WEIGHTINGS, eps_per_unit, target, unit
from explorer.diffusion.parametrization import Score, convert, scales
from explorer.diffusion.process import Process
from explorer.diffusion.processes import PROCESSES
from explorer.networks.image_unet import NO_LABEL
from explorer.networks.labelled import LabelledMLP
from explorer.training.files import json_bytes, read_tensors, save_tensors, write_atomically
from explorer.training.optimiser import FlatAdam
from explorer.training.times import TIMES

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "guidance"
BETWEEN = 0.02
"""Seconds of work after which a state is due."""
KIND = "v"


@dataclass(frozen=True)
class LabelledSpec:
    """All that a training depends on.

    data: of `LABELLED`.  process: of `PROCESSES`, with its defaults.  hidden: the share of labels
    that the network does not see, from which it learns the score of all classes together.
    early: the step whose weights are kept too.  half_life: of the mean weights, in steps.
    """

    data: str = "branches"
    process: str = "cosine"
    width: int = 96
    depth: int = 4
    steps: int = 6000
    batch: int = 1024
    lr: float = 6e-3
    hidden: float = 0.2
    early: int = 300
    half_life: float = 200.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.early < self.steps:
            raise ValueError(f"early={self.early} must lie between 0 and the {self.steps} steps")
        if not 0 <= self.hidden < 1:
            raise ValueError(f"hidden={self.hidden} must be a share of the labels below 1")

    def mixture(self) -> GaussianMixture:
        return LABELLED[self.data].build()


BUNDLED: dict[str, LabelledSpec] = {"branches": LabelledSpec()}


@dataclass(frozen=True, eq=False)
class LabelledModel:
    """A network that sees x in units of the data and is read as v; its weights are not changed."""

    process: Process
    network: LabelledMLP

    @classmethod
    def of(cls, spec: LabelledSpec, weights: Mapping[str, Tensor]) -> LabelledModel:
        """The model with these weights; ValueError where they do not fit."""
        process, network = _built(spec)
        expected = {name: tuple(p.shape) for name, p in network.state_dict().items()}
        found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        if found != expected:
            name = min(set(found.items()) ^ set(expected.items()))[0]
            raise ValueError(
                f"the weights do not fit their spec: {name} has the shape {found.get(name)} "
                f"instead of {expected.get(name)}; use those that were trained with it"
            )
        network.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        network.requires_grad_(False)
        return cls(process, network)

    def score(self, label: int | None = None) -> Score:
        """∇ log p_t(x | c = label), or of all classes together without a label."""

        def score(x: Tensor, t: Tensor) -> Tensor:
            alpha, sigma = scales(self.process, x, t)
            labels = None if label is None else torch.full((len(x),), label, device=x.device)
            value = unit(KIND, alpha, sigma) * self.network(x.float(), t, labels).to(x.dtype)
            return convert(value, KIND, "score", x, alpha, sigma)

        return score


@dataclass(frozen=True, eq=False)
class Lesson:
    """A training after `step` updates: losses (step,), the mean weights, and the early ones."""

    spec: LabelledSpec
    step: int
    losses: Tensor
    weights: Mapping[str, Tensor]
    early: Mapping[str, Tensor] = field(repr=False)
    seconds: float = 0.0

    @property
    def steps(self) -> int:
        return self.spec.steps

    @property
    def loss(self) -> float:
        """The mean over the last hundred steps."""
        return float(self.losses[-100:].mean())


def train(spec: LabelledSpec, device: torch.device | str = "cpu") -> Iterator[Lesson]:
    """Train `spec` and yield after a few hundredths of a second of work each, and at the end.

    Noise levels, target and weight are EDM's (Karras et al. 2022, table 1); of the labels the share
    `hidden` is replaced by none (Ho and Salimans 2022, algorithm 1).
    """
    process, network = _built(spec)
    setup, rng = Generator().manual_seed(spec.seed), Generator().manual_seed(spec.seed + 1)
    network.initialise(setup)
    adam, mixture = FlatAdam(network.to(device)), spec.mixture()
    losses, early = torch.zeros(spec.steps), dict[str, Tensor]()
    begun = due = time.perf_counter()
    for step in range(1, spec.steps + 1):
        x0, component = mixture.sample_components(spec.batch, rng)
        labels = mixture.groups[component]
        labels[torch.rand(spec.batch, generator=rng) < spec.hidden] = NO_LABEL
        loss = _loss(network, process, x0, labels, rng, device)
        adam.gradient.zero_()
        loss.backward()
        progress = (step - 1) / spec.steps
        adam.step(spec.lr * (1 - progress) ** 0.5 * min(1, step / 50), step, spec.half_life)
        losses[step - 1] = loss.detach()
        if step == spec.early:
            early = _named(network, adam)
        if step == spec.steps or time.perf_counter() > due:
            seconds = time.perf_counter() - begun
            weights = _named(network, adam)
            yield Lesson(spec, step, losses[:step], weights, early or weights, seconds)
            due = time.perf_counter() + BETWEEN


def _built(spec: LabelledSpec) -> tuple[Process, LabelledMLP]:
    """The process, and the network with weights yet to be drawn."""
    process, mixture = PROCESSES[spec.process].build(), spec.mixture()
    classes = len(mixture.mode_weights)
    return process, LabelledMLP(mixture.dim, process, spec.width, spec.depth, classes)


def _loss(
    network: LabelledMLP,
    process: Process,
    x0: Tensor,
    labels: Tensor,
    rng: Generator,
    device: torch.device | str,
) -> Tensor:
    """The weighted squared error of a batch x0 (B, D) with labels (B,), all drawn on the CPU."""
    times = TIMES["log-normal"]
    t = times.at(process, times.draw(1, len(x0), rng).reshape(-1), 1e-3, 0)
    eps = torch.randn(x0.shape, generator=rng)
    alpha, sigma = process.alpha(t), process.sigma(t)
    weight = WEIGHTINGS["edm"].build()(process, t) * eps_per_unit(KIND, alpha, sigma) ** 2
    alpha, sigma = alpha.float()[:, None], sigma.float()[:, None]
    wanted = target(KIND, x0, eps, alpha, sigma) / unit(KIND, alpha, sigma)
    x = (alpha * x0 + sigma * eps).to(device)
    residual = network(x, t.float(), labels.to(device)) - wanted.to(device)
    return (weight.float().to(device) * residual.square().mean(dim=1)).mean()


def _named(network: LabelledMLP, adam: FlatAdam) -> dict[str, Tensor]:
    """The mean weights by name, on the CPU."""
    named = list(network.named_parameters())
    parts = adam.mean.detach().cpu().clone().split([p.numel() for _, p in named])
    return {name: part.reshape(p.shape) for (name, p), part in zip(named, parts, strict=True)}


def load(name: str, folder: Path = FOLDER) -> tuple[LabelledModel, LabelledModel]:
    """The finished model called `name`, and its early state; ValueError for another name."""
    if name not in BUNDLED:
        raise ValueError(f"{name!r} comes with no network; choose one of {', '.join(BUNDLED)}")
    weights, _ = read_tensors(folder / name / "weights.safetensors")
    return models(BUNDLED[name], weights)


def models(
    spec: LabelledSpec, weights: Mapping[str, Tensor]
) -> tuple[LabelledModel, LabelledModel]:
    """The finished model and the early one from names that begin with `final.` and `early.`."""
    parts = (
        {n.removeprefix(f"{kind}."): w for n, w in weights.items() if n.startswith(f"{kind}.")}
        for kind in ("final", "early")
    )
    final, early = (LabelledModel.of(spec, part) for part in parts)
    return final, early


def keep(name: str, lesson: Lesson, folder: Path = FOLDER) -> None:
    """Write what a finished training learned to `folder`/`name`, in half precision."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    both = {"final": lesson.weights, "early": lesson.early}
    named = {f"{kind}.{n}": w.half() for kind, weights in both.items() for n, w in weights.items()}
    save_tensors(place / "weights.safetensors", named, {})
    made = {
        "command": f"python -m {__spec__.name} {name}",
        "seconds": round(lesson.seconds, 1),
        "loss": round(lesson.loss, 4),
        "spec": asdict(lesson.spec),
    }
    write_atomically(place / "spec.json", json_bytes(made) + b"\n")
    rows = ["step,loss"]
    for part in torch.arange(lesson.step).tensor_split(100):
        rows.append(f"{int(part[-1]) + 1},{float(lesson.losses[part].mean()):.5f}")
    write_atomically(place / "loss.csv", ("\n".join(rows) + "\n").encode())


def main(names: Sequence[str]) -> None:
    """Train those called `names`, or all, on one core: about half a minute each."""
    torch.set_num_threads(1)
    for name in names or BUNDLED:
        if name not in BUNDLED:
            raise SystemExit(f"{name} is unknown; choose from {', '.join(BUNDLED)}")
        *_, lesson = train(BUNDLED[name])
        keep(name, lesson)
        print(f"{name}: loss {lesson.loss:.4f} after {lesson.seconds:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
