"""Make what pages show of an image checkpoint before anybody computes: its films, its ε-error by t.

    python -m explorer.training.image_extras checkpoints/mnist-unet --data FOLDER

Without --data the films alone are made.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from explorer.data.images import load
from explorer.training import image_film_files
from explorer.training.files import write_atomically
from explorer.training.image_defaults import VIEWS, default_request
from explorer.training.image_films import filmed
from explorer.training.image_folder import Checkpoint, table
from explorer.training.image_noise import error_by_time, practical_steps
from explorer.training.image_report import load_checkpoint

ERRORS = "errors.csv"
COLUMNS = ("t", "eps_error")
TIMES, PICTURES = 17, 64
CPU = torch.device("cpu")


def errors(checkpoint: Checkpoint) -> dict[str, list[float]]:
    """Columns t and eps_error, measured on held-out pictures; DamagedFile as `table`."""
    return table(checkpoint.folder / ERRORS, COLUMNS)


def make_films(folder: Path, views: Sequence[str] = VIEWS) -> None:
    """Write the films of `views` as the pages open them."""
    model = load_checkpoint(folder, CPU)
    for view in views:
        request = default_request(view, folder.name, model.spec)
        film = filmed(model, request, CPU)
        image_film_files.save(film, folder, view)
        print(f"{folder.name} {view}: {film.seconds:.1f} s")


def make_errors(folder: Path, data: Path) -> None:
    """Write ε's error by t on held-out pictures from `data`."""
    model = load_checkpoint(folder, CPU)
    ts = practical_steps(TIMES)
    found = error_by_time(model, load(model.spec.dataset, data, "test"), ts, PICTURES, 0)
    rows = [f"{float(t):.6g},{error:.5g}" for t, error in zip(ts, found, strict=True)]
    write_atomically(folder / ERRORS, "\n".join([",".join(COLUMNS), *rows, ""]).encode())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="folders of checkpoints")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--views", nargs="*", choices=VIEWS, default=list(VIEWS))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for folder in options.checkpoints:
        make_films(folder, options.views)
        if options.data:
            make_errors(folder, options.data)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"error: {error}")
