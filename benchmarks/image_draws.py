"""Pictures drawn for measurements: under runs/samples in parts of a hundred, so that a killed
measurement goes on.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Generator, Tensor

from explorer.data.images import CLASSES, to_bytes
from explorer.diffusion.guidance import interval
from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import sample
from explorer.networks.unet import ImageNetwork
from explorer.training import image_defaults as defaults
from explorer.training.classifier_files import WEIGHTS
from explorer.training.files import read_tensors, save_tensors
from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import ImageModel, within
from explorer.training.image_report import WEAK
from explorer.training.image_spec import Described

KEPT = Path(__file__).resolve().parent.parent / "runs" / "samples"
PART = 100
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Way:
    """A sampler of `SAMPLERS` and in how many steps it draws."""

    sampler: str
    steps: int

    @classmethod
    def of_page(cls, network: ImageNetwork) -> Way:
        """What the page Image sampling does until told otherwise."""
        (sampler,) = defaults.samplers("grid", network)
        return cls(sampler, defaults.steps("grid", network))


@dataclass(frozen=True)
class Guide:
    """Guidance w = `scale` where σ/α lies in (`below`, `above`], and 1 elsewhere.

    weak: whether it leads away from the weak network, or from what the network itself says when
    it is told nothing.
    """

    scale: float
    below: float = 0.0
    above: float = math.inf
    weak: bool = True

    @classmethod
    def of_page(cls, spec: Described) -> Guide:
        """What the page Image sampling does until told otherwise."""
        return cls(defaults.guidance(spec, defaults.EACH), *within(spec))

    @property
    def name(self) -> str:
        if self.scale == 1:
            return "none"
        words = [f"w{self.scale:g}"]
        if self.below > 0:
            words.append(f"1-to-{self.below:g}")
        if self.above < math.inf:
            words.append(f"1-from-{self.above:g}")
        return "-".join(words if self.weak else [*words, "alone"])

    def score(self, model: ImageModel) -> Score:
        """Of `PART` pictures, given the labels `asked`."""
        if self.scale == 1:
            return model.score(asked(PART))
        schedule = interval(model.process, self.scale, self.below, self.above)
        return (model if self.weak else replace(model, weak=None)).score(asked(PART), schedule)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures (N, 3, 32, 32) in bytes for the labels `asked`.

    evaluations: how often a network looked at each picture, the weak one's looks among them.
    cpu_seconds: what all of them took when they were drawn.
    """

    pixels: Tensor
    evaluations: float
    cpu_seconds: float

    def costs(self) -> dict[str, float]:
        return {
            "evaluations": round(self.evaluations, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
        }


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asked(count: int) -> Tensor:
    """Labels (count,), the classes in turn."""
    return torch.arange(count) % CLASSES


def drawn(checkpoint: Checkpoint, model: ImageModel, guide: Guide, way: Way, count: int) -> Drawn:
    """`count` pictures of a checkpoint; parts that were drawn before are read."""
    paths = (checkpoint.folder / WEIGHTS, checkpoint.folder / WEAK)
    name = "-".join([checkpoint.name, *(digest(path) for path in paths if path.exists())])
    folder = KEPT / name / f"{way.sampler}-{way.steps}-{guide.name}"
    folder.mkdir(parents=True, exist_ok=True)
    parts, evaluations, seconds = [], 0.0, 0.0
    for number in range(-(-count // PART)):
        path = folder / f"{number:04}.safetensors"
        if not path.exists():
            part = _draw(model, guide.score(model), way, number)
            costs = {name: str(value) for name, value in part.costs().items()}
            save_tensors(path, {"pixels": part.pixels}, costs)
        tensors, costs = read_tensors(path)
        parts.append(tensors["pixels"])
        evaluations = float(costs["evaluations"])
        seconds += float(costs["cpu_seconds"])
    return Drawn(torch.cat(parts)[:count], evaluations, seconds)


@torch.inference_mode()
def _draw(model: ImageModel, score: Score, way: Way, number: int) -> Drawn:
    """Part `number`: the same noise for every score."""
    looks = 0

    def look(network: object, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal looks
        looks += len(output)

    networks = [network for network in (model.network, model.weak) if network is not None]
    hooks = [network.register_forward_hook(look) for network in networks]
    process, rng = model.process, Generator().manual_seed(2 * number + 1)
    x = process.prior((PART, 3, 32, 32), Generator().manual_seed(2 * number))
    step, begun = SAMPLERS[way.sampler].build({}), time.process_time()
    found = to_bytes(sample(process, score, step, x, process.grid(way.steps), rng))
    seconds = time.process_time() - begun
    for hook in hooks:
        hook.remove()
    return Drawn(found, looks / PART, seconds)
