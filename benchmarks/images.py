"""Networks for pictures: how fast they sample, how good they are, and what they cost in memory.

`python -m benchmarks images [SAMPLES [NETWORK…]]`: of all checkpoints, or of those named; what is
not there is told and left out. Where $EXPLORER_DATA names the folder of MNIST and CIFAR-10,
held-out losses are measured anew, and the samples of class-conditional networks against true
pictures: see `image_quality`.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.image_draws import CPU
from benchmarks.image_memory import opened
from benchmarks.image_quality import SAMPLES, quality
from explorer.data.images import CLASSES, load
from explorer.networks.image_unet import NO_LABEL
from explorer.training.image_defaults import NONE, classes
from explorer.training.image_films import filmed
from explorer.training.image_folder import Checkpoint, checkpoints, root
from explorer.training.image_model import ImageModel, held_out_loss
from explorer.training.image_report import load_checkpoint
from explorer.training.image_request import Lane, Request

EXPECTED = (
    *("mnist-tiny", "mnist-unet", "mnist-unet-classes", "mnist-residual"),
    *("cifar10-unet", "cifar10-unet-classes", "cifar10-residual"),
)
"""The practical's networks and ours."""

PICTURES, EVALUATIONS, RUNS = 16, 25, 3
HELD_OUT = 1024
GOALS = {"mnist": 3.0, "cifar10": 8.0}
"""Seconds for 16 pictures with 25 evaluations on two cores."""

LOSSES = {"mnist": {"2500": 0.1, "10000": 0.05}, "cifar10": {"2500": 0.12, "10000": 0.085}}
"""The practical's targets for the smoothed loss at so many steps; the last is held-out ε-loss's."""

MEMORY_GOAL = 1.5
"""GB for a server that has opened all checkpoints."""


def run(samples: int = SAMPLES, *names: str) -> dict[str, Any]:
    """Seconds to open and to sample, losses against their targets, memory; and quality.

    samples: how many are drawn of each class-conditional network; those drawn before are kept.
    """
    torch.set_num_threads(1)  # as the app samples: two threads on busy cores wait for each other
    found, wrong = checkpoints(root())
    wanted = names or (*EXPECTED, *(name for name in found if name not in EXPECTED))
    chosen = {name: found[name] for name in wanted if name in found}
    return {
        "checkpoints": {name: _figures(chosen[name], samples) for name in chosen},
        "missing": [name for name in wanted if name not in found],
        "refused": wrong,
        "pictures": PICTURES,
        "evaluations": EVALUATIONS,
        "measured_losses": bool(_data()),
        "server_memory_gb": opened(list(chosen)),
        "memory_goal_gb": MEMORY_GOAL,
        "threads": torch.get_num_threads(),
    }


def _data() -> str | None:
    return os.environ.get("EXPLORER_DATA")


def _figures(checkpoint: Checkpoint, samples: int) -> dict[str, Any]:
    """All that is measured of one network."""
    begun = time.perf_counter()
    model = load_checkpoint(checkpoint.folder, CPU)
    opening = time.perf_counter() - begun
    result = {
        "training_steps": checkpoint.figure("steps"),
        "open_s": round(opening, 3),
        **seconds(model, checkpoint),
        "losses": _losses(model, checkpoint),
    }
    data = _data()
    if data and (model.labelled or model.guidable):
        result["quality"] = quality(checkpoint, model, Path(data), samples)
    return result


def seconds(model: ImageModel, checkpoint: Checkpoint) -> dict[str, float | None]:
    """The medians of a few samplings, conditional where the network knows classes.

    On a busy machine the time of the CPU is what one core that is free would take.
    """
    knows = classes(model.spec.entry) != (NONE,)
    labels = tuple(k % CLASSES if knows else NO_LABEL for k in range(PICTURES))
    sampler = "ddim" if model.kind == "eps" else "dpm"
    request = Request(checkpoint.name, (Lane(sampler),), EVALUATIONS, labels)
    clock, busy = [], []
    for _ in range(RUNS):
        begun = time.process_time()
        clock.append(filmed(model, request, CPU).seconds)
        busy.append(time.process_time() - begun)
    return {
        "sample_s": round(statistics.median(clock), 2),
        "sample_cpu_s": round(statistics.median(busy), 2),
        "sample_goal_s": GOALS.get(checkpoint.spec.dataset),
    }


def _losses(model: ImageModel, checkpoint: Checkpoint) -> dict[str, Any]:
    """The held-out error of ε̂, and the training's smoothed loss where it is the practical's."""
    dataset, data = checkpoint.spec.dataset, _data()
    held_out = checkpoint.figure("held_out_eps_loss")
    if data:
        pictures = load(dataset, Path(data), "test")
        held_out = held_out_loss(model, pictures, HELD_OUT, 0, CPU)
    targets = LOSSES.get(dataset, {})
    trained = checkpoint.figures.get("smoothed_training_loss")
    ours = trained if model.kind == "eps" and isinstance(trained, dict) else {}
    return {
        "held_out_eps_loss": None if held_out is None else round(held_out, 5),
        "target": targets.get("10000"),
        "smoothed_training_loss": {step: ours[step] for step in targets if step in ours},
        "targets": targets,
    }
