"""Where the pages take pictures from: the data folder, scikit-learn's digits, uploads, samples."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import streamlit as st
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from explorer.data.images import PICTURE_SETS, SIZE, Pictures, load
from explorer.training import image_film_files
from explorer.training.files import MIB, DamagedFile
from explorer.training.image_folder import Checkpoint
from explorer.ui import image_desk, image_places

DIGITS = "digits"
UPLOADS, SAMPLES = "upload", "samples"
MAX_UPLOAD = 4 * MIB
MAX_SIDE = 4096
MARGIN = 5


def names(checkpoint: Checkpoint) -> dict[str, str]:
    """Source → label, those first that are like what the network has seen, if they are there."""
    name = checkpoint.spec.dataset
    own = PICTURE_SETS[name]
    found = {DIGITS: f"{PICTURE_SETS[DIGITS].label} (8×8, enlarged)"}
    if image_places.data_folder() is not None and not own.bundled:
        mine = {name: f"{own.label}, held out"}
        found = mine | found if _there(name) else found | mine
    return found | {SAMPLES: "The network's own samples", UPLOADS: "Your own pictures"}


def _there(name: str) -> bool:
    """Whether the data folder holds this set: another may be all that was fetched into it."""
    try:
        held_out(name, str(image_places.data_folder() or ""))
    except ValueError:
        return False
    return True


@st.cache_resource(max_entries=3, show_spinner=False)
def held_out(name: str, folder: str) -> Pictures:
    """The held-out pictures of a set; ValueError where the folder does not hold them."""
    return load(name, Path(folder), "test")


def some(name: str, count: int, seed: int) -> Pictures:
    """`count` held-out pictures of a set, the same for the same seed. Raises ValueError.

    scikit-learn's digits fill their square; they get a margin here, as MNIST's have.
    """
    data = held_out(name, str(image_places.data_folder() or ""))
    index = torch.randperm(len(data), generator=Generator().manual_seed(seed))[:count]
    pixels = data.pixels[index]
    if name == DIGITS:
        inner = SIZE - 2 * MARGIN
        small = F.interpolate(pixels.float(), (inner, inner), mode="bilinear", antialias=True)
        pixels = F.pad(small, (MARGIN,) * 4).round().to(torch.uint8)
    return Pictures(pixels, data.labels[index])


def samples(checkpoint: Checkpoint, count: int) -> Tensor | None:
    """(count, 3, 32, 32) bytes that the network drew; None where no film came with it."""
    requests = image_film_files.requests(checkpoint.folder)
    for request, name in requests.items():
        if name == "grid":
            film, _ = image_desk.found(checkpoint, request)
            if film is not None:
                return torch.from_numpy(film.x_t[0, -1, :count].copy()).permute(0, 3, 1, 2)
    return None


def uploaded(data: bytes) -> Tensor:
    """A PNG, JPEG or WebP as (3, 32, 32) bytes: its middle square, scaled down.

    Raises DamagedFile for anything else, and for pictures larger than anyone means to upload.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_UPLOAD:
        raise DamagedFile(f"it has {len(data):,} bytes; at most {MAX_UPLOAD:,} are accepted")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                if max(picture.size) > MAX_SIDE:
                    raise DamagedFile(f"it is {picture.size}; at most {MAX_SIDE} pixels a side")
                square = ImageOps.fit(picture.convert("RGB"), (SIZE, SIZE))
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        reason = str(error) if isinstance(error, DamagedFile) else "it is no PNG, JPEG or WebP"
        raise DamagedFile(reason) from error
    flat = torch.frombuffer(bytearray(square.tobytes()), dtype=torch.uint8)
    return flat.reshape(SIZE, SIZE, 3).permute(2, 0, 1).contiguous()
