"""Where sets of pictures and models lie on the computer that runs the app."""

from __future__ import annotations

import os
from pathlib import Path

DOWNLOADS = Path(__file__).resolve().parents[2] / "data"


def data_folder() -> Path | None:
    """The folder that holds MNIST or CIFAR-10: $EXPLORER_DATA, or where they were downloaded to.

    None where there is neither.
    """
    given = os.environ.get("EXPLORER_DATA")
    if given:
        return Path(given)
    return DOWNLOADS if DOWNLOADS.is_dir() else None


def download_folder() -> Path:
    """Where downloads go: $EXPLORER_DATA, or `data` beside the program."""
    return Path(os.environ.get("EXPLORER_DATA") or DOWNLOADS)
