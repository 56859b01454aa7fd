"""Films beside their checkpoint: one WebP sheet and one JSON file each, small enough to commit."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import numpy as np

from explorer.training.files import MIB, DamagedFile, json_bytes, read_json, write_atomically
from explorer.training.image_films import Film, kept_steps
from explorer.training.image_request import Request, from_json, to_json

FOLDER = "films"
MAX_SHEET_BYTES = 8 * MIB
QUALITY = 88
SIDE = 32

log = logging.getLogger(__name__)


def save(film: Film, folder: Path, name: str) -> None:
    """Write `film` as `name` to the films of the checkpoint in `folder`."""
    from PIL import Image

    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    both = np.stack([film.x_t, film.x0_hat])  # (2, L, F, B, H, W, 3)
    pictures, side = both.shape[3], both.shape[4]
    rows = both.reshape(-1, pictures, side, side, 3).transpose(0, 2, 1, 3, 4)
    sheet = np.ascontiguousarray(rows.reshape(-1, pictures * side, 3))
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "WEBP", quality=QUALITY, method=6)
    said = {
        "request": to_json(film.request),
        "ratios": list(film.ratios),
        "evaluations": list(film.evaluations),
    }
    write_atomically(place / f"{name}.webp", file.getvalue())
    write_atomically(place / f"{name}.json", json_bytes(said) + b"\n")


def requests(folder: Path) -> dict[Request, str]:
    """What the films of the checkpoint in `folder` show, and their names; damaged ones are logged.

    A film is a convenience: without it the page computes.
    """
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found[from_json(read_json(path)["request"])] = path.stem
        except (DamagedFile, KeyError, TypeError) as problem:
            log.warning("the film %s is left out: %r", path, problem)
    return found


def load(folder: Path, name: str) -> Film:
    """The film called `name`; its colours are those of WebP at quality 88.

    Raises DamagedFile where a file is missing, is no WebP of the size that the request asks for, or
    says what cannot be.
    """
    from PIL import Image, UnidentifiedImageError

    said = read_json(folder / FOLDER / f"{name}.json")
    try:
        request = from_json(said["request"])
        ratios = tuple(float(ratio) for ratio in said["ratios"])
        evaluations = tuple(int(count) for count in said["evaluations"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DamagedFile(f"{name}.json lacks what a film needs ({repr(error)[:200]})") from error
    places, pictures, lanes = kept_steps(request.steps), len(request.labels), len(request.lanes)
    if len(ratios) != request.steps + 1 or len(evaluations) != lanes:
        raise DamagedFile(f"{name}.json has numbers of another count than its request")
    path = folder / FOLDER / f"{name}.webp"
    if not path.is_file() or path.stat().st_size > MAX_SHEET_BYTES:
        raise DamagedFile(f"{path.name} is missing or has more than {MAX_SHEET_BYTES:,} bytes")
    shape = (2, lanes, len(places), pictures, SIDE, SIDE, 3)
    size = (pictures * SIDE, 2 * lanes * len(places) * SIDE)
    try:
        with Image.open(path, formats=("WEBP",)) as picture:
            if picture.size != size:  # told by the header, before anything is decoded
                raise DamagedFile(f"{path.name} is {picture.size}, not {size}")
            sheet = np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedFile(f"{path.name} is no WebP picture ({error})") from error
    rows = sheet.reshape(-1, SIDE, pictures, SIDE, 3).transpose(0, 2, 1, 3, 4)
    x_t, x0_hat = np.ascontiguousarray(rows).reshape(shape)
    return Film(request, places, ratios, x_t, x0_hat, evaluations, 0.0)
