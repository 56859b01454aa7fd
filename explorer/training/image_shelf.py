"""The image models that this process has read: each once, whoever asks first, and for reading."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import torch

from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import ImageModel

KEPT = 8
CPU = torch.device("cpu")


def stamp(checkpoint: Checkpoint) -> int:
    """Another number once the weights' file has changed; 0 without one."""
    path = checkpoint.folder / checkpoint.weights
    return path.stat().st_mtime_ns if path.exists() else 0


class Shelf:
    """Read-only models by the folder they lie in; each is read once, whoever asks first."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[Path, int], ImageModel] = OrderedDict()
        self._lock = threading.Lock()

    def model(self, checkpoint: Checkpoint) -> ImageModel:
        """The model; read anew when its file has changed. Raises DamagedFile or OSError."""
        with self._lock:  # 10 MB take 0.1 s: not worth a lock for each
            key = (checkpoint.folder, stamp(checkpoint))
            if key not in self._models:
                self._models[key] = checkpoint.load(checkpoint.folder, CPU)
                if len(self._models) > KEPT:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            return self._models[key]


SHELF = Shelf()
