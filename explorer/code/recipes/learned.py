"""What the scripts that use a trained network have in common: its spec, and its weights' file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.code.script import ONE_THREAD
from explorer.training.spec import ModelSpec


@dataclass(frozen=True)
class Trained:
    """A trained network: its spec, the name of its weights' file, and what reads that file."""

    spec: ModelSpec
    file: str
    read: Callable[[], bytes]


IMPORTS = """
import sys

import torch
from safetensors.torch import load_file
from torch import Generator

from explorer.training.model import Model
"""

GIVEN_WEIGHTS = """
# The weights lie in the file that the page offers beside this script; a file from "My runs" too.
given = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
tensors = load_file(given[0] if given else weights)
"""

LOAD = f"""
{ONE_THREAD}{GIVEN_WEIGHTS}
parts = {{name.removeprefix("weights/"): tensor for name, tensor in tensors.items()}}
model = Model.of(spec, {{n: part for n, part in parts.items() if not n.startswith("history/")}})
process, distribution = model.process, spec.distribution.build()
"""


def kept(spec: ModelSpec) -> dict[str, set[str]]:
    """The registries' entries that a model of this spec uses."""
    return {
        "DISTRIBUTIONS": {spec.distribution.name},
        "PROCESSES": {spec.process.name},
        "NETWORKS": {spec.network.name},
        "WEIGHTINGS": {spec.config.weighting},
        "TIMES": {spec.config.times},
    }
