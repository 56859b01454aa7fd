"""The image checkpoints as pages see them: listed at each run, weights read once a server."""

from __future__ import annotations

import streamlit as st

from explorer.training.files import DamagedFile
from explorer.training.image_folder import Checkpoint, checkpoints, root
from explorer.training.image_model import ImageModel
from explorer.training.image_shelf import SHELF, Shelf
from explorer.ui import controls, diffusers_hub

FIRST = "mnist-residual"


def shelf() -> Shelf:
    return SHELF


def listed() -> dict[str, Checkpoint]:
    """All that were trained here and can be used; of the others the page says what is wrong."""
    found, wrong = checkpoints(root())
    for name, problem in wrong.items():
        st.text(f"The checkpoint {name!r} is left out: {problem}.")
    return found


def usable() -> dict[str, Checkpoint]:
    """`listed`, and after them the models of diffusers that $EXPLORER_DIFFUSERS names."""
    found = listed()
    return found | diffusers_hub.listed(found)


def opened(checkpoint: Checkpoint) -> ImageModel | None:
    """The model, or None once the page has said why there is none."""
    try:
        return shelf().model(checkpoint)
    except (DamagedFile, OSError) as problem:
        st.error(f"The weights of {checkpoint.name} cannot be used. Choose another network.")
        st.text(str(problem))
        return None


def title(checkpoint: Checkpoint) -> str:
    """What it learned and what learned it, as "MNIST · Two convolutions"."""
    spec = checkpoint.spec
    return spec.label if checkpoint.name == spec.name else f"{spec.label} ({checkpoint.name})"


def choose(found: dict[str, Checkpoint]) -> Checkpoint | None:
    """The control for one of `found`; None, with a way out, where there is none."""
    if not found:
        st.warning("No usable checkpoint; train one: `python -m explorer.training.images --help`.")
        return None
    default = FIRST if FIRST in found else next(iter(found))
    names = {name: title(checkpoint) for name, checkpoint in found.items()}
    chosen = controls.option(
        names,
        key="net",
        label="Network",
        default=default,
        help="The pictures that it was trained on, and how it is built.",
    )
    return found[chosen]


def presets(found: dict[str, Checkpoint]) -> dict[str, dict[str, object]]:
    """A preset for each of the documents' networks that is there, and one for photographs."""
    named = {
        "Two convolutions": "mnist-tiny",
        "U-Net without time": "mnist-unet",
        "Told its class": "mnist-unet-classes",
        "CIFAR-10": photographs(found),
    }
    return {label: {"net": name} for label, name in named.items() if name in found}


def photographs(found: dict[str, Checkpoint]) -> str:
    """The network for CIFAR-10 that draws best: ours, or else the practical's."""
    return "cifar10-residual" if "cifar10-residual" in found else "cifar10-unet"
