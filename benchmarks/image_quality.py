"""How good the pictures of class-conditional networks are, beside the figures of true pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from benchmarks.image_draws import CPU, KEPT, Guide, Way, asked, digest, drawn
from explorer import image_metrics as metrics
from explorer.data.images import Pictures, load
from explorer.training.classifier_files import WEIGHTS, Reader, reader_of
from explorer.training.classifier_run import read
from explorer.training.files import read_tensors, save_tensors
from explorer.training.image_folder import Checkpoint, root
from explorer.training.image_model import ImageModel

SAMPLES = 1000
COPIES = 1000
"""So many samples, and as many held-out pictures, are held against all training pictures."""

GOALS = {"named_as_asked": 0.98, "frechet_in_floors": 10.0, "coverage": 0.8}


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

    Copies: samples, and held-out pictures, against all training pictures; for the rest `measured`.
    """
    dataset, way = checkpoint.spec.dataset, Way.of_page(checkpoint.spec.entry)
    reader = reader_of(dataset, CPU)
    if reader is None:
        return {"unmeasured": f"there is no checkpoint {dataset}-classifier"}
    guide = Guide.of_page(checkpoint.spec)
    samples = drawn(checkpoint, model, guide, way, count)
    train, test = (load(dataset, data, split) for split in ("train", "test"))
    found = metrics.features(reader.network, samples.pixels)
    pools = (all_features(reader, part, name) for part, name in ((test, "test"), (train, "train")))
    return {
        "samples": count,
        "sampler": way.sampler,
        "steps": way.steps,
        "guidance": guide.name,
        **samples.costs(),
        "classifier_accuracy": reader.accuracy,
        **measured(reader, samples.pixels, train, test),
        "copies": copies(samples.pixels, test.pixels, train.pixels),
        "copies_in_features": copies(found, *pools),
        "goals": GOALS,
    }


def measured(reader: Reader, samples: Tensor, train: Pictures, test: Pictures) -> dict[str, Any]:
    """The figures of samples for the labels `asked`, each beside that of true pictures.

    Fréchet distance: the samples, and as many training pictures (the floor), against the test set.
    Coverage and density: as many samples as test pictures, beside training pictures'.
    """
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
