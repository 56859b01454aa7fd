"""How good the pictures of class-conditional networks are: drawn once, kept, and measured.

Samples lie under runs/samples in parts of a hundred, so that a killed measurement goes on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from explorer import image_metrics as metrics
from explorer.data.images import CLASSES, Pictures, load, to_bytes
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import sample
from explorer.networks.unet import ImageNetwork
from explorer.training import image_defaults as defaults
from explorer.training.classifier_files import WEIGHTS, Reader, reader_of
from explorer.training.classifier_run import read
from explorer.training.files import read_tensors, save_tensors
from explorer.training.image_folder import Checkpoint, root
from explorer.training.image_model import ImageModel
from explorer.training.image_report import WEAK

KEPT = Path(__file__).resolve().parent.parent / "runs" / "samples"
SAMPLES, PART = 1000, 100
COPIES = 1000
"""So many samples, and as many held-out pictures, are held against all training pictures."""

CPU = torch.device("cpu")
GOALS = {"named_as_asked": 0.98, "frechet_in_floors": 10.0, "coverage": 0.8}


@dataclass(frozen=True)
class Way:
    """How a network is sampled."""

    sampler: str
    steps: int
    guidance: float

    @classmethod
    def of_page(cls, network: ImageNetwork) -> Way:
        """What the page Image sampling does until told otherwise."""
        (sampler,) = defaults.samplers("grid", network)
        guidance = defaults.guidance(network, defaults.EACH)
        return cls(sampler, defaults.steps("grid", network), guidance)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asked(count: int) -> Tensor:
    """Labels (count,), the classes in turn."""
    return torch.arange(count) % CLASSES


def drawn(checkpoint: Checkpoint, model: ImageModel, way: Way, count: int) -> Tensor:
    """(count, 3, 32, 32) bytes for the labels `asked`; parts that were drawn before are read."""
    paths = (checkpoint.folder / WEIGHTS, checkpoint.folder / WEAK)
    name = "-".join([checkpoint.name, *(digest(path) for path in paths if path.exists())])
    folder = KEPT / name / f"{way.sampler}-{way.steps}-w{way.guidance:g}"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number in range(-(-count // PART)):
        path = folder / f"{number:04}.safetensors"
        if not path.exists():
            save_tensors(path, {"pixels": _draw(model, way, number)}, {})
        parts.append(read_tensors(path)[0]["pixels"])
    return torch.cat(parts)[:count]


@torch.inference_mode()
def _draw(model: ImageModel, way: Way, number: int) -> Tensor:
    process = model.process
    x = process.prior((PART, 3, 32, 32), Generator().manual_seed(2 * number))
    score, step = model.score(asked(PART), way.guidance), SAMPLERS[way.sampler].build({})
    rng = Generator().manual_seed(2 * number + 1)
    return to_bytes(sample(process, score, step, x, process.grid(way.steps), rng))


def all_features(reader: Reader, data: Pictures, split: str) -> Tensor:
    """Features (N, D) of a whole split, computed once for each classifier."""
    weights = digest(root() / reader.spec.name / WEIGHTS)
    path = KEPT / f"{reader.spec.name}-{weights}-{split}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_tensors(path, {"features": metrics.features(reader.network, data.pixels)}, {})
    return read_tensors(path)[0]["features"]


def quality(checkpoint: Checkpoint, model: ImageModel, data: Path, count: int) -> dict[str, Any]:
    """All figures of one checkpoint, beside those of true pictures; says why where there are none.

    Fréchet distance: `count` samples, and as many training pictures (the floor), against the test
    set. Coverage and density: as many samples as test pictures, beside training pictures'. Copies:
    samples, and held-out pictures, against all training pictures.
    """
    dataset, way = checkpoint.spec.dataset, Way.of_page(checkpoint.spec.entry)
    reader = reader_of(dataset, CPU)
    if reader is None:
        return {"unmeasured": f"there is no checkpoint {dataset}-classifier"}
    samples = drawn(checkpoint, model, way, count)
    return {
        "samples": count,
        "sampler": way.sampler,
        "steps": way.steps,
        "guidance": way.guidance,
        "classifier_accuracy": reader.accuracy,
        **measured(reader, samples, load(dataset, data, "train"), load(dataset, data, "test")),
        "goals": GOALS,
    }


def measured(reader: Reader, samples: Tensor, train: Pictures, test: Pictures) -> dict[str, Any]:
    """The figures of samples for the labels `asked`, each beside that of true pictures."""
    count = len(samples)
    found = metrics.features(reader.network, samples)
    train_features = all_features(reader, train, "train")
    test_features = all_features(reader, test, "test")
    order = torch.randperm(len(train), generator=Generator().manual_seed(0))[:count]
    truth = metrics.moments(test_features)
    value = metrics.frechet_distance(metrics.moments(found), truth)
    floor = metrics.frechet_distance(metrics.moments(train_features[order]), truth)
    same = min(count, len(test))
    ours = metrics.reach(found[:same], test_features[:same])
    true = metrics.reach(train_features[order[:same]], test_features[:same])
    named = (read(reader.network, reader.spec, samples, CPU) == asked(count)).double().mean()
    return {
        "named_as_asked": round(float(named), 4),
        "frechet": round(value, 4),
        "frechet_floor": round(floor, 4),
        "frechet_in_floors": round(value / floor, 2),
        "coverage": round(ours.coverage, 4),
        "coverage_of_training_pictures": round(true.coverage, 4),
        "density": round(ours.density, 3),
        "density_of_training_pictures": round(true.density, 3),
        "copies": copies(samples, test.pixels, train.pixels),
        "copies_in_features": copies(found, test_features, train_features),
    }


def copies(samples: Tensor, held_out: Tensor, train: Tensor) -> dict[str, float]:
    """Share of copies and the median distance to the nearest training picture, of both."""
    result = {}
    for name, pictures in (("samples", samples), ("held_out", held_out)):
        if pictures.ndim == 4 and train.shape[1] == 1:
            pictures = pictures[:, :1]  # grey, as the training pictures are kept
        near = metrics.nearest(pictures[:COPIES], train)
        result[f"{name}_copied"] = round(float(near.copies.double().mean()), 4)
        result[f"{name}_median_distance"] = round(float(near.distances[:, 0].median()), 4)
    return result
