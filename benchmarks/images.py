"""Networks for pictures: how fast they sample, how good they are, and what they cost in memory.

Where $EXPLORER_DATA names the folder of MNIST and CIFAR-10, held-out losses are measured anew, and
the samples of class-conditional networks against true pictures: see `image_quality`.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.image_quality import SAMPLES, quality
from explorer.data.images import CLASSES, load
from explorer.networks.image_unet import NO_LABEL
from explorer.training.image_defaults import NONE, classes
from explorer.training.image_films import filmed
from explorer.training.image_folder import Checkpoint, checkpoints, root
from explorer.training.image_model import ImageModel, held_out_loss
from explorer.training.image_report import load_checkpoint
from explorer.training.image_request import Lane, Request

CPU = torch.device("cpu")
PICTURES, EVALUATIONS, RUNS = 16, 25, 3
HELD_OUT = 1024
GOALS = {"mnist": 3.0, "cifar10": 8.0}
"""Seconds for 16 pictures with 25 evaluations on two cores."""

LOSSES = {"mnist": 0.05, "cifar10": 0.08}
"""The practical's targets at 10,000 steps."""

MEMORY_GOAL = 1.5
"""GB for a process that has opened all checkpoints."""


def seconds(model: ImageModel, checkpoint: Checkpoint) -> float:
    """The median of a few samplings, conditional where the network knows classes."""
    knows = classes(model.spec.entry) != (NONE,)
    labels = tuple(k % CLASSES if knows else NO_LABEL for k in range(PICTURES))
    sampler = "ddim" if model.kind == "eps" else "dpm"
    request = Request(checkpoint.name, (Lane(sampler),), EVALUATIONS, labels)
    return statistics.median(filmed(model, request, CPU).seconds for _ in range(RUNS))


def resident() -> float:
    """The most memory that this process has held, in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e9 if sys.platform == "darwin" else 1e6)


def run(samples: int = SAMPLES) -> dict[str, Any]:
    """Seconds to open and to sample, held-out ε-loss against the target, memory; and quality.

    samples: how many are drawn of each class-conditional network; those drawn before are kept.
    """
    torch.set_num_threads(1)  # as the app samples: two threads on busy cores wait for each other
    found, wrong = checkpoints(root())
    data = os.environ.get("EXPLORER_DATA")
    models, results = {}, {}
    for name, checkpoint in found.items():
        begun = time.perf_counter()
        models[name] = load_checkpoint(checkpoint.folder, CPU)
        results[name] = {"open_s": round(time.perf_counter() - begun, 3)}
    for name, model in models.items():
        dataset, result = model.spec.dataset, results[name]
        result["sample_s"] = round(seconds(model, found[name]), 2)
        result["sample_goal_s"] = GOALS.get(dataset)
        loss = found[name].figure("held_out_eps_loss")
        if data:
            held_out = load(dataset, Path(data), "test")
            loss = held_out_loss(model, held_out, HELD_OUT, 0, CPU)
        result["held_out_eps_loss"] = None if loss is None else round(loss, 5)
        result["loss_target"] = LOSSES.get(dataset)
    peak = resident()
    for name, model in models.items():
        if data and (model.labelled or model.guidable):
            results[name]["quality"] = quality(found[name], model, Path(data), samples)
    return {
        "checkpoints": results,
        "refused": wrong,
        "pictures": PICTURES,
        "evaluations": EVALUATIONS,
        "measured_losses": bool(data),
        "peak_memory_gb": round(peak, 2),
        "memory_goal_gb": MEMORY_GOAL,
        "threads": torch.get_num_threads(),
    }
