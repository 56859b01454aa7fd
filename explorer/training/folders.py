"""What every folder of saved work shares: names that stay inside it, plain errors, no litter."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explorer.registry import shown
from explorer.training.ages import age
from explorer.training.files import DamagedFile

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread from a projector
LITTER = re.compile(r"\.(new|gone)-[a-z0-9]{16}|\..+\.[0-9a-f]{16}\.partial")
LITTER_AFTER = 3600.0
"""Seconds after which what a writer began and did not finish is taken for a dead writer's."""


class StoreUnavailable(OSError):
    """The folder of saved runs cannot be used just now; the message says why in plain words."""


class Missing(ValueError):
    """What was asked for does not exist, or no longer."""


def new_code(length: int = 16) -> str:
    """A random code for a run, a job or a shelf: small letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def is_code(text: str) -> bool:
    """Whether `text` may name a folder here: 4 to 32 small letters and digits."""
    return re.fullmatch(r"[a-z0-9]{4,32}", text) is not None


def checked_code(code: str) -> str:
    """`code`, or ValueError if it is none, and above all no path that leads elsewhere."""
    if not is_code(code):
        raise ValueError(f"{shown(code)} is no code; a code is 4 to 32 small letters and digits")
    return code


def coded_folders(root: Path) -> list[Path]:
    """The folders in `root` that have a code for a name; none where there is no root yet."""
    if not root.exists():
        return []
    return [path for path in root.iterdir() if is_code(path.name) and path.is_dir()]


@contextmanager
def reachable() -> Iterator[None]:
    """Turn the system's errors into StoreUnavailable."""
    try:
        yield
    except StoreUnavailable:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full; delete saved runs, or ask for more room"
        elif error.errno == errno.EFBIG:
            reason = "a file is larger than this system allows; ask for a higher limit"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "it cannot be written; EXPLORER_RUNS may name another"
        else:
            reason = str(error)
        raise StoreUnavailable(f"The folder of saved runs fails: {reason}.") from error


@contextmanager
def present(folder: Path) -> Iterator[None]:
    """Where what lies in `folder` is missing because all of it is gone, say that instead."""
    try:
        yield
    except (DamagedFile, FileNotFoundError):
        if folder.exists():
            raise
        raise Missing(
            f"{folder.name} is not there; it may have been deleted in another tab"
        ) from None


def remove_folder(folder: Path) -> None:
    """Take a folder out of sight in one move, then delete it; Missing if it is gone already."""
    hidden = folder.with_name(f".gone-{new_code()}")
    with present(folder):
        os.rename(folder, hidden)
    shutil.rmtree(hidden, ignore_errors=True)  # what stays is swept later


def sweep(root: Path) -> int:
    """Delete what dead writers left anywhere in `root`, once it is an hour old.

    Returns the bytes of the files that remain.
    """
    size = 0
    for parent, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(parent, name)
            with suppress(FileNotFoundError):  # another server deletes too
                found = path.lstat()
                if LITTER.fullmatch(name) and age(found.st_mtime) > LITTER_AFTER:
                    shutil.rmtree(path) if name in folders else path.unlink()
                elif name in files:
                    size += found.st_size
    return size
