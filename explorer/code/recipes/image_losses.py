"""The script of the page "Loss curves": the practical's first training."""

from __future__ import annotations

from functools import partial

from explorer.code import script as made
from explorer.code.recipe import Recipe
from explorer.networks.unet import TwoConvolutions
from explorer.training.image_batches import joint_batch, loss_of
from explorer.training.image_lesson import lesson
from explorer.training.image_run import smoothed, train
from explorer.training.image_spec import ImageSpec

BODY = """
from pathlib import Path

import torch

from explorer.data.images import load
from explorer.training.image_lesson import lesson

torch.set_num_threads(1)  # sums in the app's order, for the app's digits
data, held_out = (load("digits", Path("."), split) for split in ("train", "test"))
for state in lesson(spec, data, held_out):
    if state.step and state.step % 100 == 0:
        print(f"step={state.step} loss={state.losses[-100:].mean():.3f}")
print(f"held_out={state.held_out:.3f}")
"""


def lesson_script(spec: ImageSpec) -> str:
    """The training with its loss every hundred steps, and the held-out error at its end."""
    keep = {
        "IMAGE_NETWORKS": {spec.network},
        "PICTURE_SETS": {spec.dataset},
        "PROCESSES": {spec.recipe.process.name},
    }
    return made.script("Two convolutions learn digits.", BODY, {"spec": spec}, keep=keep)


def recipe(spec: ImageSpec) -> Recipe:
    """`lesson_script` with what it needs."""
    return Recipe(
        "image_losses",
        (r"\mathcal L=\lVert\hat\varepsilon(\alpha_tx_0+\sigma_t\varepsilon)-\varepsilon\rVert^2",),
        (lesson, train, joint_batch, loss_of, TwoConvolutions, smoothed),
        partial(lesson_script, spec),
    )
