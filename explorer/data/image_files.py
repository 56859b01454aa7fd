"""Pictures as they are published: IDX files (MNIST), records or parquet of images (CIFAR-10).

Whatever is wrong with a file is said in one ValueError that names the file and the way out.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from pyarrow import Table

IDX_BYTES = 0x08  # the code of unsigned bytes, the only kind that MNIST uses
MAX_IDX_BYTES = 1 << 28
"""Five times MNIST. A header can say anything, and gzip turns a megabyte into a thousand."""

CIFAR_BINARY = "cifar-10-batches-bin"
TRAIN_RECORDS = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
TEST_RECORDS = ("test_batch.bin",)
RECORDS = 30_730_000
"""CIFAR-10's binary version: its folder, its files, and the bytes in each of them."""


def find(folder: Path, places: tuple[str, ...], pattern: str) -> list[Path]:
    """The files that match `pattern` in the first of `places` below `folder` that has any, sorted.

    Raises ValueError with the places where it looked.
    """
    looked = [folder / place for place in places]
    for place in looked:
        if found := sorted(path for path in place.glob(pattern) if path.is_file()):
            return found
    where = ", ".join(str(place) for place in looked)
    raise ValueError(f"no file {pattern} in {where}; give the folder that holds the data set")


def read_idx(path: Path, shape: tuple[int | None, ...]) -> Tensor:
    """The unsigned bytes of an IDX file, gzipped or not, as uint8; `shape` has None for any size.

    Source: LeCun's description of the format: two zeros, the type, the number of dimensions, the
    sizes as big-endian 32-bit integers, the values. Raises ValueError for a file of another kind or
    shape, and for one that is cut short, too long or does not decompress.
    """
    header_size = 4 + 4 * len(shape)
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            header = file.read(header_size)
            if header[:4] != bytes([0, 0, IDX_BYTES, len(shape)]):
                raise ValueError(
                    f"{path} is no IDX file of bytes in {len(shape)} dimensions; it begins with "
                    f"{header[:4].hex(' ') or 'nothing'}: download it again"
                )
            if len(header) < header_size:
                raise ValueError(f"{path} is cut short within its header: download it again")
            found = list(struct.unpack(f">{len(shape)}I", header[4:]))
            if any(want not in (None, size) for want, size in zip(shape, found, strict=True)):
                raise ValueError(f"{path} holds an array of {found}, not of {list(shape)}")
            if (count := math.prod(found)) > MAX_IDX_BYTES:
                raise ValueError(f"{path} says it holds {count:,} bytes, more than any set has")
            body = file.read(count + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} does not decompress ({error}): download it again") from error
    if len(body) != count:
        length = "cut short" if len(body) < count else "longer than it says"
        raise ValueError(f"{path} is {length}; {count:,} bytes belong after its header")
    if not count:
        raise ValueError(f"{path} holds no picture and no label")
    return torch.frombuffer(bytearray(body), dtype=torch.uint8).reshape(found)


def read_records(
    paths: list[Path], shape: tuple[int, int, int], classes: int
) -> tuple[Tensor, Tensor]:
    """Pixels (N, C, H, W) in uint8 and labels (N,) of files of records: a label, then the pixels.

    Source: Krizhevsky's description of CIFAR-10's binary version. Raises ValueError for files that
    hold no whole number of records, and for a label outside 0…`classes` − 1.
    """
    size, parts = 1 + math.prod(shape), []
    for path in paths:
        data = path.read_bytes()
        if not data or len(data) % size:
            raise ValueError(
                f"{path} has {len(data):,} bytes, which are no records of {size:,}: "
                "download it again"
            )
        parts.append(torch.frombuffer(bytearray(data), dtype=torch.uint8).reshape(-1, size))
    records = torch.cat(parts)
    labels = records[:, 0].long()
    check_labels(labels, len(records), classes, ", ".join(path.name for path in paths))
    return records[:, 1:].reshape(-1, *shape).contiguous(), labels


def read_table(paths: list[Path], image: str, label: str) -> Table:
    """The two columns of parquet files as one table; ValueError where one cannot be read."""
    import pyarrow  # takes 0.2 s to import
    from pyarrow import parquet

    parts = []
    for path in paths:
        try:
            parts.append(parquet.read_table(path, columns=[image, label]))
        except (pyarrow.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"{path} is no readable parquet file ({reason})") from error
        if missing := {image, label} - set(parts[-1].column_names):
            raise ValueError(f"{path} lacks the column {', '.join(sorted(missing))}")
    return pyarrow.concat_tables(parts)


def read_encoded(
    paths: list[Path], image: str, label: str, size: tuple[int, int], classes: int
) -> tuple[Tensor, Tensor]:
    """Pixels (N, 3, H, W) in uint8 and labels (N,) of parquet files with a column `image` of
    {bytes} that hold PNG or JPEG, and an integer column `label`.

    Raises ValueError for a missing column, an image that does not decode or is not of `size`
    (H, W), and a label outside 0…`classes` − 1.
    """
    from PIL import Image, UnidentifiedImageError

    table = read_table(paths, image, label)
    names = ", ".join(path.name for path in paths)
    pixels = torch.empty(table.num_rows, *size, 3, dtype=torch.uint8)
    for row, cell in enumerate(table.column(image)):
        try:
            with Image.open(io.BytesIO(cell["bytes"].as_py()), formats=("PNG", "JPEG")) as picture:
                if picture.size != (size[1], size[0]):  # told by the header, before decoding
                    found = f"{picture.size[1]}×{picture.size[0]}"
                    raise ValueError(f"row {row} of {names} is {found}, not {size[0]}×{size[1]}")
                raw = picture.convert("RGB").tobytes()
        except (
            UnidentifiedImageError,
            OSError,
            SyntaxError,
            TypeError,
            KeyError,
            Image.DecompressionBombError,
        ) as error:
            raise ValueError(f"row {row} of {names} holds no PNG or JPEG ({error})") from error
        pixels[row] = torch.frombuffer(bytearray(raw), dtype=torch.uint8).reshape(*size, 3)
    try:
        labels = torch.tensor(table.column(label).to_pylist(), dtype=torch.long)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"column {label} of {names} is not all integers") from error
    check_labels(labels, table.num_rows, classes, names)
    return pixels.permute(0, 3, 1, 2).contiguous(), labels


def check_labels(labels: Tensor, count: int, classes: int, name: str) -> None:
    """ValueError unless there are `count` labels from 0 to `classes` − 1, and at least one."""
    if not count:
        raise ValueError(f"{name} holds no picture")
    if len(labels) != count:
        raise ValueError(f"{name} holds {len(labels)} labels for {count} pictures")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(f"{name} has labels from {low} to {high}; 0 to {classes - 1} are known")
