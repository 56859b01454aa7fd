"""What the scripts that use a network for pictures have in common: its weights, how it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from explorer.training.image_folder import Checkpoint
from explorer.training.image_report import WEAK
from explorer.training.image_spec import ImageSpec

_IMPORTS = """
import sys

import torch
from safetensors.torch import load_file

from explorer.training.image_model import ImageModel
"""

_LOAD = """
torch.set_num_threads(1)  # sums in the app's order, for the app's digits
# {}
given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
network = spec.entry.make(spec.process.build())
network.load_state_dict({})
model = ImageModel(spec, network.to(memory_format=torch.channels_last).eval())
"""

_WEAK = """
# Guidance leads away from this one, which was trained less; its file is offered there too.
less = spec.entry.make(spec.process.build())
less.load_state_dict(load_file(given[1] if len(given) > 1 else weak))
model = replace(model, weak=less.to(memory_format=torch.channels_last).eval())
"""

_BESIDE = "The weights lie in the file that the page offers beside this script."
_OF_DIFFUSERS = (
    "It needs the package diffusers, and the path of the model's weights as its argument."
)


def body(checkpoint: Checkpoint, imports: str, rest: str) -> str:
    """A script's body: `imports`, lines that make `model` of `spec` and `weights`, and `rest`."""
    file = "load_file(given[0] if given else weights)"
    if _foreign(checkpoint):
        renaming = "from explorer.networks.diffusers_unet import renamed\n"
        return (
            _IMPORTS + renaming + imports + _LOAD.format(_OF_DIFFUSERS, f"renamed({file})") + rest
        )
    load = _LOAD.format(_BESIDE, file)
    if _has_weak(checkpoint):
        return "\nfrom dataclasses import replace" + _IMPORTS + imports + load + _WEAK + rest
    return _IMPORTS + imports + load + rest


def file_of(checkpoint: Checkpoint) -> str:
    """What the file of weights is called beside a script."""
    return checkpoint.weights if _foreign(checkpoint) else f"{checkpoint.name}.safetensors"


def weak_file_of(checkpoint: Checkpoint) -> str:
    """What the file of the network that guidance leads away from is called there."""
    return f"{checkpoint.name}-weak.safetensors"


def files(checkpoint: Checkpoint) -> dict[str, Callable[[], bytes]]:
    """What the page offers beside the script; whoever has a model of diffusers has its weights."""
    if _foreign(checkpoint):
        return {}
    found = {file_of(checkpoint): (checkpoint.folder / checkpoint.weights).read_bytes}
    if _has_weak(checkpoint):
        found[weak_file_of(checkpoint)] = (checkpoint.folder / WEAK).read_bytes
    return found


def settings(checkpoint: Checkpoint) -> dict[str, Any]:
    """What the lines of `body` read."""
    found = {"spec": checkpoint.spec, "weights": file_of(checkpoint)}
    return found | ({"weak": weak_file_of(checkpoint)} if _has_weak(checkpoint) else {})


def kept(checkpoint: Checkpoint, samplers: Iterable[str] = ()) -> dict[str, set[str]]:
    """The registries' entries that such a script uses."""
    spec = checkpoint.spec
    found = {"PROCESSES": {spec.process.name, "ddpm"}, "SAMPLERS": set(samplers)}
    if isinstance(spec, ImageSpec):
        found |= {"IMAGE_NETWORKS": {spec.network}, "PICTURE_SETS": {spec.dataset}}
    return found


def _has_weak(checkpoint: Checkpoint) -> bool:
    return (checkpoint.folder / WEAK).exists()


def _foreign(checkpoint: Checkpoint) -> bool:
    """Whether diffusers trained it."""
    return not isinstance(checkpoint.spec, ImageSpec)
