"""Trained models that come with the product: `python -m explorer.training.pretrain` makes them.

Each lies in `checkpoints/2d/NAME`: weights in half precision, the spec, and the curve of the loss.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from explorer.data.spec import DistributionSpec
from explorer.training.files import (
    json_bytes,
    read_json,
    read_tensors,
    save_tensors,
    write_atomically,
)
from explorer.training.model import CENTRE, SCALE, Model
from explorer.training.presets import DEFAULT, TUTORIAL
from explorer.training.spec import ModelSpec, from_json, to_json
from explorer.training.train import TrainState, train

FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "2d"
CURVE = 100
"""Points of the loss that are kept, each the mean over as many equal parts of the training."""


@dataclass(frozen=True)
class Pretrained:
    """A model that comes with the product, its `label`, and what it was trained by."""

    label: str
    spec: ModelSpec


def _ours(distribution: str, data_size: int = 0) -> ModelSpec:
    return replace(
        DEFAULT,
        distribution=DistributionSpec(distribution),
        config=replace(DEFAULT.config, data_size=data_size),
    )


PRETRAINED: dict[str, Pretrained] = {
    "moons": Pretrained("Two moons", _ours("moons")),
    "tutorial": Pretrained("Two Gaussians, the tutorial's network", TUTORIAL),
    "mixture-1d": Pretrained("Uneven mixture in 1D", _ours("mixture-1d")),
    "points": Pretrained("Twelve points", _ours("points")),
    "few-moons": Pretrained("Two moons from 40 points", _ours("moons", data_size=40)),
}


def load(name: str, folder: Path = FOLDER) -> Model:
    """The model called `name`; ValueError for another name, DamagedFile for a bad file."""
    if name not in PRETRAINED:
        raise ValueError(f"{name!r} is no pretrained model; choose one of {', '.join(PRETRAINED)}")
    weights, _ = read_tensors(folder / name / "weights.safetensors")
    return Model.of(from_json(read_json(folder / name / "spec.json")["spec"]), weights)


def training_set(spec: ModelSpec) -> Tensor | None:
    """(n, D) the points that `train` draws for `spec`, or None where every step draws new ones.

    A distribution that is a finite set itself gives all its points.
    """
    distribution, size = spec.distribution.build(), spec.config.data_size
    if size:
        return distribution.sample(size, Generator().manual_seed(spec.seed))
    draws = distribution.sample(4096, Generator().manual_seed(spec.seed))
    points = draws.unique(dim=0)
    return points if len(points) < len(draws) // 2 else None


def keep(
    name: str,
    state: TrainState,
    folder: Path = FOLDER,
    *,
    module: str = "explorer.training.pretrain",
    argument: str = "",
) -> None:
    """Write what a finished training learned to `folder`/`name`, and the command that made it.

    The command is `python -m` and this module, with the argument, or else the name.
    """
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    exactly = (CENTRE, SCALE)
    weights = {n: w if n in exactly else w.half() for n, w in state.weights().items()}
    save_tensors(place / "weights.safetensors", weights, {})
    made = {
        "command": f"python -m {module} {argument or name}",
        "seconds": round(state.seconds, 1),
        "loss": round(state.loss, 4),
        "spec": to_json(state.spec),
    }
    write_atomically(place / "spec.json", json_bytes(made) + b"\n")
    rows = ["step,loss"]
    for part in torch.arange(state.step).tensor_split(min(CURVE, state.step)):
        rows.append(f"{int(part[-1]) + 1},{float(state.losses[part].mean()):.5f}")
    write_atomically(place / "loss.csv", ("\n".join(rows) + "\n").encode())


def main(names: Sequence[str]) -> None:
    """Train those called `names`, or all, on one core: about ten seconds each."""
    torch.set_num_threads(1)
    for name in names or PRETRAINED:
        if name not in PRETRAINED:
            raise SystemExit(f"{name} is unknown; choose from {', '.join(PRETRAINED)}")
        begun = time.perf_counter()
        *_, state = train(PRETRAINED[name].spec, device="cpu")
        keep(name, state)
        print(f"{name}: loss {state.loss:.4f} after {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
