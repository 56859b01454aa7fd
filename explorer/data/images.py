"""The sets of pictures that networks learn: MNIST, CIFAR-10, and digits that need no download.

All are 32×32 with ten classes, kept as bytes; networks see them as (B, 3, 32, 32) in [−1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.data.image_files import (
    CIFAR_BINARY,
    check_labels,
    find,
    read_encoded,
    read_idx,
    read_records,
)
from explorer.registry import Entry, pick

SIZE = 32
CLASSES = 10
SPLITS = ("train", "test")

Split = tuple[Tensor, Tensor]
"""Pixels (N, C, 32, 32) in uint8 with C = 1 or 3, and labels (N,) in int64."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pixels (N, C, 32, 32) in uint8, C = 1 (grey) or 3, and labels (N,) from 0 to 9."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor, flip: Tensor | None = None) -> Tensor:
        """Pictures `index` (B,) as networks see them, mirrored where `flip` (B,) is True."""
        pixels = self.pixels[index]
        if flip is not None:
            pixels = torch.where(flip[:, None, None, None], pixels.flip(-1), pixels)
        return to_unit(pixels)


@dataclass(frozen=True)
class PictureSet(Entry[Split]):
    """An entry of `PICTURE_SETS`; `make(folder, split)` reads one split.

    `mirrored`: whether a picture's mirror image is as likely, as it is not for a digit.
    `bundled`: whether it comes with the program, so that the folder is not looked at.
    """

    classes: tuple[str, ...] = ()
    mirrored: bool = False
    bundled: bool = False


def to_unit(pixels: Tensor) -> Tensor:
    """Bytes (B, C, 32, 32) as (B, 3, 32, 32) in float32, 0 to 255 becoming −1 to 1."""
    return (pixels.float() / 127.5 - 1).expand(-1, 3, -1, -1).contiguous()


def to_bytes(x: Tensor) -> Tensor:
    """(B, 3, 32, 32) in [−1, 1] as uint8, cut off beyond: the inverse of `to_unit`."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def resized(pixels: Tensor) -> Tensor:
    """Grey bytes (N, H, W) as (N, 1, 32, 32), bilinear, the pictures' edges aligned."""
    parts = []
    for part in pixels.split(4096):  # floats take four times the memory
        grey = F.interpolate(part[:, None].float(), (SIZE, SIZE), mode="bilinear")
        parts.append(grey.round().to(torch.uint8))
    return torch.cat(parts)


def mnist(folder: Path, split: str) -> Split:
    """LeCun's digits from their four IDX files, 28×28 made 32×32 as the practical does."""
    places, prefix = (".", "raw", "MNIST/raw"), "train" if split == "train" else "t10k"
    images = find(folder, places, f"{prefix}-images-idx3-ubyte*")[0]
    labels = read_idx(find(folder, places, f"{prefix}-labels-idx1-ubyte*")[0], (None,)).long()
    pixels = read_idx(images, (None, 28, 28))
    check_labels(labels, len(pixels), CLASSES, images.name)
    return resized(pixels), labels


def cifar10(folder: Path, split: str) -> Split:
    """Krizhevsky's small pictures, from their binary version where it is there, else from parquet.

    The parquet files have columns img {bytes} and label.
    """
    if (folder / CIFAR_BINARY).is_dir():
        pattern = "data_batch_?.bin" if split == "train" else "test_batch.bin"
        paths = find(folder, (CIFAR_BINARY,), pattern)
        return read_records(paths, (3, SIZE, SIZE), CLASSES)
    paths = find(folder, (".", "cifar10", "plain_text"), f"{split}*.parquet")
    return read_encoded(paths, "img", "label", (SIZE, SIZE), CLASSES)


def bundled_digits(folder: Path, split: str) -> Split:
    """The 8×8 digits that scikit-learn brings along, made 32×32; the last fifth is for tests."""
    from sklearn.datasets import load_digits  # takes 1 s to import

    digits = load_digits()
    pixels = torch.from_numpy(digits.images).mul(255 / 16).round().to(torch.uint8)
    labels = torch.from_numpy(digits.target).long()
    first_test = len(labels) * 4 // 5
    part = slice(first_test) if split == "train" else slice(first_test, None)
    return resized(pixels[part]), labels[part]


DIGITS = tuple("0123456789")

PICTURE_SETS: dict[str, PictureSet] = {
    "mnist": PictureSet(
        mnist, "MNIST", source="LeCun et al. 1998", classes=DIGITS, note="60,000 digits"
    ),
    "cifar10": PictureSet(
        cifar10,
        "CIFAR-10",
        source="Krizhevsky 2009",
        classes=(
            *("airplane", "automobile", "bird", "cat", "deer"),
            *("dog", "frog", "horse", "ship", "truck"),
        ),
        mirrored=True,
        note="50,000 photographs",
    ),
    "digits": PictureSet(
        bundled_digits,
        "Small digits",
        source="Alpaydin and Kaynak 1998, from scikit-learn",
        classes=DIGITS,
        bundled=True,
        note="1,797 digits of 8×8 pixels",
    ),
}


def load(name: str, folder: Path, split: str = "train") -> Pictures:
    """One split of an entry of `PICTURE_SETS` from the files in `folder`.

    Raises ValueError for an unknown name or split, and for missing or damaged files.
    """
    pick(PICTURE_SETS, name)
    entry = PICTURE_SETS[name]
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is unknown; choose one of {', '.join(SPLITS)}")
    if not entry.bundled and not folder.is_dir():
        raise ValueError(f"{folder} is no folder; name the one that holds {entry.label}")
    return Pictures(*entry.make(folder, split))
