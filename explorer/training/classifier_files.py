"""The checkpoint of a classifier: weights, and what it is and how it was made, side by side.

It lies under another name than the spec of a network that draws, so that no page offers it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import torch

from explorer.networks.classifier import Classifier
from explorer.training.classifier_run import ClassifierSpec, Run, from_json, to_json
from explorer.training.files import (
    DamagedFile,
    json_bytes,
    read_json,
    read_tensors,
    save_tensors,
    write_atomically,
)
from explorer.training.image_folder import root
from explorer.training.image_run import parameters, placed

WEIGHTS, SPEC = "weights.safetensors", "classifier.json"


@dataclass(frozen=True, eq=False)
class Reader:
    """A classifier in evaluation mode, and the share of the test set that it reads right."""

    spec: ClassifierSpec
    network: Classifier
    accuracy: float


def command_of(spec: ClassifierSpec) -> str:
    """The command that trains such a classifier anew."""
    words = ["python", "-m", "explorer.training.classifier", "--dataset", spec.dataset]
    words += ["--data", "data", "--out", f"runs/images/{spec.name}"]
    words += ["--steps", str(spec.steps), "--seed", str(spec.seed)]
    return shlex.join([*words, "--export", f"checkpoints/{spec.name}"])


def export(run: Run, folder: Path, accuracy: float) -> None:
    """Write the checkpoint; weights in half precision but for the statistics of batch norm."""
    learned = {name for name, _ in run.network.named_parameters()}
    weights = {
        name: value.half() if name in learned else value
        for name, value in run.network.state_dict().items()
    }
    figures = {
        "accuracy": round(accuracy, 4),
        "parameters": parameters(run.network),
        "minutes": round(run.seconds / 60, 1),
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_tensors(folder / WEIGHTS, weights, {"spec": json_bytes(to_json(run.spec)).decode()})
    value = {"spec": to_json(run.spec), "command": command_of(run.spec), "figures": figures}
    write_atomically(folder / SPEC, json_bytes(value) + b"\n")


def load_classifier(folder: Path, device: torch.device) -> Reader:
    """The classifier that `export` wrote to `folder`, on `device` in single precision.

    Raises DamagedFile where a file is missing or damaged, or is not of the network it names.
    """
    value = read_json(folder / SPEC)
    try:
        spec, share = from_json(value["spec"]), float(value["figures"]["accuracy"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, DamagedFile):
            raise
        raise DamagedFile(f"{folder / SPEC} lacks the spec or the accuracy ({error})") from error
    tensors, _ = read_tensors(folder / WEIGHTS)
    network = Classifier(spec.widths)
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DamagedFile(f"{folder / WEIGHTS} is not of this network ({reason})") from error
    placed(network.eval(), device)
    return Reader(spec, network, share)


def reader_of(dataset: str, device: torch.device) -> Reader | None:
    """The classifier of a set of pictures among the checkpoints; None where there is none.

    Raises DamagedFile for one that cannot be used.
    """
    folder = root() / f"{dataset}-classifier"
    return load_classifier(folder, device) if (folder / SPEC).exists() else None
