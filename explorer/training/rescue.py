"""A training whose GPU fails goes on on the CPU, from a copy that was made there in time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import torch

from explorer.events import tell
from explorer.training.faults import kind_of
from explorer.training.model import best_device, give_up
from explorer.training.spec import ModelSpec
from explorer.training.train import Resume, TrainState, train

COPY_EVERY = 5.0
"""Seconds of training that a failing GPU may cost."""


def enduring(
    spec: ModelSpec,
    resume: Resume | None = None,
    device: torch.device | str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[TrainState]:
    """As `train`, and where the GPU fails or its memory is used up, the rest on the CPU.

    The states then go back once, by a few seconds of training, to the last copy on the CPU. A GPU
    that failed is not used again by this process.
    """
    device = torch.device(device) if device else best_device()
    if device.type == "cpu":
        yield from train(spec, resume, device)
        return
    kept, copied = resume, clock()
    try:
        for there in train(spec, resume, device):
            state = there.on_cpu()  # what is shown, or saved later, must outlive the GPU
            if clock() - copied >= COPY_EVERY:
                kept, copied = state.resume_state(), clock()
            yield state
    except RuntimeError as problem:
        if (kind := kind_of(problem)) not in ("device", "memory"):
            raise
        if kind == "device":
            give_up(device)
        tell("device_failed", logging.ERROR, kind=kind, problem=problem)
    else:
        return
    yield from train(spec, kept, "cpu")
