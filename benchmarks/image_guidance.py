"""What guidance buys and costs on pictures: settings beside each other on the same noise.

`python -m benchmarks image_guidance [COUNT [NAME…]]` draws COUNT pictures, 300 if not given, for
each of `SETTINGS` or for those named, by mnist-residual or the checkpoint named. A setting "2.25:8"
is w = 2.25 up to a σ/α of 8, "0.3:2.25:8" the same down to 0.3, and w = 1 beyond. $EXPLORER_DATA
names the folder of MNIST and CIFAR-10. What was drawn is kept: see `image_draws`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from benchmarks.image_draws import CPU, Guide, Way, drawn
from benchmarks.image_quality import measured
from explorer import image_metrics as metrics
from explorer.data.images import load
from explorer.registry import pick
from explorer.training.classifier_files import reader_of
from explorer.training.image_folder import checkpoints, root

CHECKPOINT = "mnist-residual"
PAGE = "page"
SETTINGS: dict[str, Guide] = {
    "unguided": Guide(1.0),
    "everywhere": Guide(2.0),
    "alone": Guide(2.0, weak=False),
    "0.3:2:8": Guide(2.0, 0.3, 8.0),
    "0.3:2.5:8": Guide(2.5, 0.3, 8.0),
    "0.3:3:8": Guide(3.0, 0.3, 8.0),
    "3.5": Guide(3.5),
}
"""A Guide by what it is called on the command line; beside them there is that of the page.

Without guidance, at all noise levels, away from what the network itself says when told nothing, in
an interval of σ/α as in Kynkäänniemi et al. 2024, and too much of it.
"""


def setting(name: str) -> Guide:
    """One of `SETTINGS`, or what its name says; ValueError for what is neither."""
    if name in SETTINGS or ":" not in name:
        return pick(SETTINGS, name)
    try:
        *below, scale, above = map(float, name.split(":"))
        (low,) = below or (0.0,)
    except ValueError as error:
        raise ValueError(f"{name!r} is no setting, such as 0.3:2.25:8") from error
    return Guide(scale, low, above)


def run(count: int = 300, *names: str) -> dict[str, Any]:
    """For each setting: named as asked, Fréchet distance, coverage, evaluations and CPU seconds.

    Raises ValueError where the checkpoint, its classifier, the data or a setting are not there.
    """
    torch.set_num_threads(1)
    found = checkpoints(root())[0]
    which = next((name for name in names if name in found), CHECKPOINT)
    settings = [name for name in names if name != which] or [PAGE, *SETTINGS]
    checkpoint, data = found.get(which), os.environ.get("EXPLORER_DATA")
    dataset = checkpoint.spec.dataset if checkpoint else which.partition("-")[0]
    reader = reader_of(dataset, CPU)
    if checkpoint is None or reader is None or not data:
        raise ValueError(
            f"this needs checkpoints/{which}, checkpoints/{dataset}-classifier and EXPLORER_DATA"
        )
    page = Guide.of_page(checkpoint.spec)
    chosen = {name: page if name == PAGE else setting(name) for name in settings}
    model, way = checkpoint.load(checkpoint.folder, CPU), Way.of_page(checkpoint.spec.entry)
    train, test = (load(dataset, Path(data), split) for split in ("train", "test"))
    results = {}
    for name, guide in chosen.items():
        samples = drawn(checkpoint, model, guide, way, count)
        results[name] = {
            "guidance": guide.name,
            **samples.costs(),
            **measured(reader, samples.pixels, train, test),
        }
    return {
        "checkpoint": which,
        "training_steps": checkpoint.figure("steps"),
        "samples": count,
        "sampler": way.sampler,
        "steps": way.steps,
        "coverage_expected_of_true_pictures": round(
            metrics.expected_coverage(count, min(count, len(test))), 4
        ),
        "settings": results,
    }
