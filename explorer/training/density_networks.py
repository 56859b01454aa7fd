"""Networks for density estimation: `python -m explorer.training.density_networks` makes them.

Each is trained on n points: by the from-scratch document's recipe, once for a short time and once
on from where that stopped, and by ours. With each lies what its flow's density is, since that takes
seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution
from explorer.data.spec import DistributionSpec
from explorer.diffusion.likelihood import log_density
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.training.files import read_json, read_tensors, save_tensors
from explorer.training.model import Model
from explorer.training.presets import DEFAULT, SCRATCH_1D, SCRATCH_2D
from explorer.training.pretrain import FOLDER as SHIPPED
from explorer.training.pretrain import keep
from explorer.training.spec import ModelSpec, from_json
from explorer.training.train import TrainState, train

FOLDER = SHIPPED.parent / "density"
DATA = ("mixture-1d", "ramp-1d", "moons", "spiral")
SIZES = (100, 1000, 10_000)
STEPS = {"short": 500, "long": 10_000}
"""The document's steps by length; it trains for a time, and then for much longer."""
OURS = "ours"
KINDS = (*STEPS, OURS)
"""What comes with the app for each data set and size."""
SIDE = {1: 241, 2: 64}
"""Points along each axis of the mesh, by the number of coordinates."""
HELD_OUT, DRAWN = 1000, 2000


def spec_of(data: str, size: int, kind: str) -> ModelSpec:
    """A training on `size` points; ValueError for what does not come with the app."""
    for given, choices in ((data, DATA), (size, SIZES), (kind, KINDS)):
        if given not in choices:
            raise ValueError(
                f"{given!r} is not there; choose one of {', '.join(map(str, choices))}"
            )
    return training_of(DistributionSpec(data), size, kind)


def training_of(distribution: DistributionSpec, size: int, kind: str) -> ModelSpec:
    """A training of this kind on `size` points of any distribution."""
    scratch = SCRATCH_1D if distribution.name.endswith("1d") else SCRATCH_2D
    base = DEFAULT if kind == OURS else scratch
    config = replace(base.config, data_size=size, steps=steps_of(kind))
    return replace(base, distribution=distribution, config=config)


def steps_of(kind: str) -> int:
    """Updates of the weights, for each of `KINDS`."""
    return STEPS.get(kind, DEFAULT.config.steps)


def name_of(data: str, size: int, kind: str) -> str:
    """The folder of this network below `FOLDER`."""
    return f"{data}-{size}-{kind}"


def held_out(distribution: ExactDistribution) -> Tensor:
    """(1000, D) draws that no training sees."""
    return distribution.sample(HELD_OUT, Generator().manual_seed(10_001))


def mesh(distribution: ExactDistribution) -> tuple[tuple[Tensor, ...], Tensor]:
    """Coordinates along each axis, (S,) each, and the (S^D, D) points of a window on the data.

    Points run through the first coordinate fastest, so that rows of a picture lie from below.
    """
    draws = distribution.sample(4000, Generator().manual_seed(10_002))
    low, high = draws.amin(dim=0), draws.amax(dim=0)
    if distribution.dim == 2:  # one square, so that nothing is drawn out of shape
        reach = float(torch.maximum(low.abs(), high.abs()).max())
        low, high = torch.full((2,), -reach), torch.full((2,), reach)
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    axes = tuple(
        torch.linspace(float(a), float(b), SIDE[distribution.dim])
        for a, b in zip(low, high, strict=True)
    )
    planes = torch.meshgrid(*axes, indexing="xy")
    return axes, torch.stack([plane.flatten() for plane in planes], dim=1)


@dataclass(frozen=True, eq=False)
class Known:
    """What a network stands for: log p̂ on the mesh (S^D,), of the held-out draws (1000,), in nats,
    and 2,000 draws of it (2000, D)."""

    mesh: Tensor
    held_out: Tensor
    samples: Tensor


def known(model: Model, *, steps: int = 40) -> Known:
    """Ask a network for its density, by the flow, and for its draws."""
    distribution, process = model.spec.distribution.build(), model.process
    spread = float((distribution.covariance.diagonal() + distribution.mean.square()).mean().sqrt())
    _, points = mesh(distribution)
    test = held_out(distribution)

    def log_prob(x: Tensor) -> Tensor:
        parts = x.split(1024)
        return torch.cat(
            [log_density(process, model.score, p, spread=spread, steps=steps) for p in parts]
        )

    start = process.prior((DRAWN, distribution.dim), Generator().manual_seed(10_003))
    entry = SAMPLERS["dpm"]
    drawn = race(entry, entry.build(), process, model.score, start, 100, 10_004).xs[-1]
    return Known(log_prob(points), log_prob(test), drawn)


def load(data: str, size: int, kind: str, folder: Path = FOLDER) -> Model:
    """The network; ValueError for a name that is not there, DamagedFile for a bad file."""
    spec_of(data, size, kind)
    place = folder / name_of(data, size, kind)
    weights, _ = read_tensors(place / "weights.safetensors")
    return Model.of(from_json(read_json(place / "spec.json")["spec"]), weights)


def load_known(data: str, size: int, kind: str, folder: Path = FOLDER) -> Known:
    """What the network of this name stands for, as computed when it was made."""
    spec_of(data, size, kind)
    parts, _ = read_tensors(folder / name_of(data, size, kind) / "known.safetensors")
    return Known(parts["mesh"].float(), parts["held_out"], parts["samples"].float())


def make(data: str, size: int, folder: Path = FOLDER) -> None:
    """Train the short and, on from there, the long network on these data, and ours; write all."""
    resume = None
    for kind in STEPS:
        *_, state = train(spec_of(data, size, kind), resume, device="cpu")
        resume = state.resume_state()
        _keep(data, size, kind, state, folder)
    make_ours(data, size, folder)


def make_ours(data: str, size: int, folder: Path = FOLDER) -> None:
    """Train our network alone on these data, and write it."""
    *_, state = train(spec_of(data, size, OURS), device="cpu")
    _keep(data, size, OURS, state, folder)


def _keep(data: str, size: int, kind: str, state: TrainState, folder: Path) -> None:
    name, argument = name_of(data, size, kind), f"{data}-{size}"
    keep(name, state, folder, module="explorer.training.density_networks", argument=argument)
    found = known(load(data, size, kind, folder))  # of the weights as they are kept
    parts = {
        "mesh": found.mesh.clamp_min(-60_000).half(),
        "held_out": found.held_out.float(),
        "samples": found.samples.half(),
    }
    save_tensors(folder / name / "known.safetensors", parts, {})
    print(f"{name}: loss {state.loss:.4f}, held out {float(found.held_out.mean()):.3f} nats")


def main(names: Sequence[str]) -> None:
    """Make those called `names`, DATA-SIZE, or all, on one core: one to three minutes each."""
    torch.set_num_threads(1)
    every = {f"{data}-{size}": (data, size) for data in DATA for size in SIZES}
    for name in names or every:
        if name not in every:
            raise SystemExit(f"{name} is unknown; choose from {', '.join(every)}")
        begun = time.perf_counter()
        make(*every[name])
        print(f"{name}: {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
