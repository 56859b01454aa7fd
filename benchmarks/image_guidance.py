"""What guidance buys and costs on digits: settings beside each other on the same noise.

`python -m benchmarks image_guidance [COUNT [SETTING…]]` draws COUNT digits by mnist-residual, 300
if not given, for each of `SETTINGS` or for those named. $EXPLORER_DATA names the folder of MNIST.
What was drawn is kept: see `image_draws`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.image_draws import CPU, Guide, Way, drawn
from benchmarks.image_quality import measured
from explorer import image_metrics as metrics
from explorer.data.images import load
from explorer.networks.unet import IMAGE_NETWORKS
from explorer.registry import pick
from explorer.training.classifier_files import reader_of
from explorer.training.image_folder import checkpoints, root

CHECKPOINT = "mnist-residual"
PAGE = Guide.of_page(IMAGE_NETWORKS["residual"])
SETTINGS: dict[str, Guide] = {
    "unguided": Guide(1.0, 1.0),
    "page": PAGE,
    "page-alone": replace(PAGE, weak=False),
    "page-up-to-5": replace(PAGE, above=5.0),
    "3.5": Guide.eased(3.5),
    "3.5-up-to-5": replace(Guide.eased(3.5), above=5.0),
    "3.5-everywhere": Guide(3.5, 3.5),
}
"""A Guide by what it is called on the command line.

Without guidance, as the page does it, away from what the network itself says when told nothing,
in an interval of σ/α as in Kynkäänniemi et al. 2024, with more, and with more at all noise levels.
"""


def run(count: int = 300, *names: str) -> dict[str, Any]:
    """For each setting: named as asked, Fréchet distance, coverage, evaluations and CPU seconds.

    Raises ValueError where the checkpoint, its classifier, the data or a setting are not there.
    """
    torch.set_num_threads(1)
    chosen = {name: pick(SETTINGS, name) for name in names or SETTINGS}
    checkpoint = checkpoints(root())[0].get(CHECKPOINT)
    reader, data = reader_of("mnist", CPU), os.environ.get("EXPLORER_DATA")
    if checkpoint is None or reader is None or not data:
        raise ValueError(
            f"this needs checkpoints/{CHECKPOINT}, checkpoints/mnist-classifier and EXPLORER_DATA"
        )
    model, way = checkpoint.load(checkpoint.folder, CPU), Way.of_page(checkpoint.spec.entry)
    train, test = (load("mnist", Path(data), split) for split in ("train", "test"))
    results = {}
    for name, guide in chosen.items():
        found = drawn(checkpoint, model, guide, way, count)
        results[name] = {
            "guidance": guide.name,
            **found.costs(),
            **measured(reader, found.pixels, train, test),
        }
    return {
        "checkpoint": CHECKPOINT,
        "training_steps": checkpoint.figure("steps"),
        "samples": count,
        "sampler": way.sampler,
        "steps": way.steps,
        "coverage_expected_of_true_pictures": round(
            metrics.expected_coverage(count, min(count, len(test))), 4
        ),
        "settings": results,
    }
