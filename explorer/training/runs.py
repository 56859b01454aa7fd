"""A finished run as one thing: what was trained, its weights, its history; and as one file.

The file is what a user downloads and uploads again. It holds no code and does not name its owner.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from explorer.registry import shown
from explorer.training.files import DamagedFile, json_bytes, read_json, read_tensors, tensor_bytes

FORMAT = 1
MAX_NAME = 80
MAX_METRICS = 50


@dataclass(frozen=True, eq=False)
class Run:
    """What a training left. `spec` is whatever JSON names what was trained, kept as given.

    `history` holds curves and snapshots by name; `created` is in seconds since 1970. Raises
    ValueError for a name or metrics that cannot be kept.
    """

    name: str
    spec: Any
    weights: Mapping[str, Tensor]
    history: Mapping[str, Tensor] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    created: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        checked_name(self.name)
        if len(self.metrics) > MAX_METRICS:
            raise ValueError(f"{len(self.metrics)} metrics are too many; keep {MAX_METRICS}")
        for name, value in self.metrics.items():
            if not _is_number(value):
                given = f"{shown(name)}: {shown(value)}"
                raise ValueError(f"metrics must be numbers by name, not {given}")

    def head(self) -> dict[str, Any]:
        """All but the tensors, as JSON."""
        return {
            "format": FORMAT,
            "name": self.name,
            "created": self.created,
            "spec": self.spec,
            "metrics": dict(self.metrics),
        }


def checked_name(name: Any) -> str:
    """`name` if it can name a run: printable, not blank, at most 80 characters; or ValueError."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(f"{shown(name)} cannot name a run; use letters that can be printed")
    if len(name) > MAX_NAME:
        raise ValueError(f"the name has {len(name)} characters; use at most {MAX_NAME}")
    return name


def _checked_head(head: Any) -> dict[str, Any]:
    """What `Run.head` wrote, read back; DamagedFile where it is something else."""
    if not isinstance(head, dict) or "format" not in head:
        raise DamagedFile("the file does not describe a run of this app")
    if head["format"] != FORMAT:
        given = shown(head["format"])
        raise DamagedFile(f"the run has format {given}; this app reads format {FORMAT}")
    if missing := {"name", "created", "spec", "metrics"} - set(head):
        raise DamagedFile(f"the run's description lacks {', '.join(sorted(missing))}")
    if not isinstance(head["metrics"], dict):
        raise DamagedFile("the run's metrics are not numbers by name")
    if not _is_number(head["created"]) or not 0 <= head["created"] < 1 << 32:
        raise DamagedFile(f"the run was made at {shown(head['created'])}, which is no time")
    return head


def run_of(head: Any, weights: Mapping[str, Tensor], history: Mapping[str, Tensor]) -> Run:
    """The run that a head and its tensors make; DamagedFile where the head is wrong."""
    head = _checked_head(head)
    try:
        return Run(head["name"], head["spec"], weights, history, head["metrics"], head["created"])
    except ValueError as error:
        raise DamagedFile(str(error)) from error


def pack(run: Run) -> bytes:
    """The run as one safetensors file, for download."""
    tensors = {f"weights/{name}": tensor for name, tensor in run.weights.items()}
    tensors |= {f"history/{name}": tensor for name, tensor in run.history.items()}
    return tensor_bytes(tensors, {"run": json_bytes(run.head()).decode()})


def unpack(data: bytes) -> Run:
    """The run in a file that `pack` made, or that a stranger uploads; DamagedFile says why not.

    Whether the weights fit the spec is for whoever knows the networks to check.
    """
    tensors, metadata = read_tensors(data)
    if "run" not in metadata:
        raise DamagedFile("the file holds tensors, but no run of this app: its spec is missing")
    parts: dict[str, dict[str, Tensor]] = {"weights": {}, "history": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition("/")
        if part not in parts or not rest:
            raise DamagedFile(f"the file holds {shown(name)}, which belongs to no run of this app")
        parts[part][rest] = tensor
    if not parts["weights"]:
        raise DamagedFile("the file holds no weights")
    return run_of(read_json(metadata["run"]), parts["weights"], parts["history"])


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max  # neither NaN nor an integer beyond it
