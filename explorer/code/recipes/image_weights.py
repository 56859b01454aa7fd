"""What the scripts that use a network for pictures have in common: its weights, how it runs."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.training.image_folder import Checkpoint
from explorer.training.image_report import WEIGHTS

IMPORTS = """
import sys

import torch
from safetensors.torch import load_file

from explorer.networks.unet import IMAGE_NETWORKS
from explorer.training.image_model import ImageModel
"""

LOAD = """
torch.set_num_threads(1)  # sums in the app's order, for the app's digits
# The weights lie in the file that the page offers beside this script.
given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
network = IMAGE_NETWORKS[spec.network].make(spec.recipe.process.build())
network.load_state_dict(load_file(given[0] if given else weights))
model = ImageModel(spec, network.to(memory_format=torch.channels_last).eval())
"""


def file_of(checkpoint: Checkpoint) -> str:
    """What the file of weights is called beside a script."""
    return f"{checkpoint.name}.safetensors"


def read(checkpoint: Checkpoint) -> bytes:
    """The file of weights."""
    return (checkpoint.folder / WEIGHTS).read_bytes()


def kept(checkpoint: Checkpoint, samplers: Iterable[str] = ()) -> dict[str, set[str]]:
    """The registries' entries that such a script uses."""
    spec = checkpoint.spec
    return {
        "IMAGE_NETWORKS": {spec.network},
        "PICTURE_SETS": {spec.dataset},
        "PROCESSES": {spec.recipe.process.name, "ddpm"},
        "SAMPLERS": set(samplers),
    }
