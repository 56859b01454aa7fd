"""Whether the server can do its work: folders that can be written, networks that can be read."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from explorer.training.files import DamagedFile, read_metadata

TRIED = 1 << 16
"""Bytes that are written to try a folder."""


def nearest(folder: Path) -> Path:
    """The folder, or what there is of the way to it."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def unwritable(folder: Path) -> str:
    """Why nothing can be written where `folder` is or would be, in the system's words, or "".

    A file is written, and goes again.
    """
    try:
        with tempfile.TemporaryFile(dir=nearest(folder)) as file:
            file.write(bytes(TRIED))
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        return problem.strerror or str(problem)
    return ""


def networks(checkpoints: Path) -> tuple[int, list[str]]:
    """How many networks in a folder can be read by the heads of their files; of others, why not."""
    files, problems = sorted(checkpoints.rglob("*.safetensors")), []
    for file in files:
        try:
            read_metadata(file)
        except (DamagedFile, OSError) as problem:
            problems.append(f"{file.relative_to(checkpoints)}: {problem}")
    return len(files) - len(problems), problems


def bytes_of(folder: Path) -> int:
    """The size of all files in a folder; of those that go meanwhile, nothing."""
    size = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                size += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue  # deleted since the folder was listed
    return size
