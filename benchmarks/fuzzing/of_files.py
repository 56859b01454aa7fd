"""Targets that read pictures, data sets, and their archives."""

from __future__ import annotations

import contextlib
import gzip
import io
from pathlib import Path
from random import Random

from benchmarks.fuzzing.mutations import (
    of_bytes,
    of_gzip,
    of_png,
)
from benchmarks.fuzzing.target import Reader, Target


def _picture(folder: Path) -> Reader:
    from explorer.ui.image_sources import uploaded

    def reader(data: bytes) -> None:
        assert uploaded(data).shape == (3, 32, 32)

    return reader


def _pictures() -> tuple[bytes, ...]:
    from PIL import Image

    found = []
    for mode, form in (
        *(("RGB", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("RGBA", "PNG"), ("1", "PNG")),
        *(("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")),
    ):
        file = io.BytesIO()
        Image.new(mode, (9, 7)).save(file, form)
        found.append(file.getvalue())
    return tuple(found)


def _idx(folder: Path) -> Reader:
    from explorer.data.image_files import read_idx

    packed, plain = folder / "x.gz", folder / "x"

    def reader(data: bytes) -> None:
        file = packed if data.startswith(b"\x1f\x8b") else plain
        file.write_bytes(data)
        assert read_idx(file, (None, 2, 3)).shape[1:] == (2, 3)

    return reader


def _idx_seeds() -> tuple[bytes, ...]:
    plain = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(12)
    return plain, gzip.compress(plain)


def _of_idx(data: bytes, rng: Random) -> bytes:
    return of_gzip(data, rng) if data.startswith(b"\x1f\x8b") else of_bytes(data, rng)


def _parquet(folder: Path) -> Reader:
    from explorer.data.image_files import read_encoded

    file = folder / "t.parquet"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        read_encoded([file], "img", "label", (2, 3), 10)

    return reader


def _parquet_seeds() -> tuple[bytes, ...]:
    import pyarrow
    from PIL import Image
    from pyarrow import parquet

    picture, found = io.BytesIO(), []
    Image.new("RGB", (3, 2)).save(picture, "PNG")
    cell = {"bytes": picture.getvalue(), "path": None}
    for labels in ([1, 2], [1, None], ["a", "b"], [[1], [2]], [2**63, 1]):
        with contextlib.suppress(pyarrow.ArrowException, OverflowError):
            file = io.BytesIO()
            parquet.write_table(pyarrow.table({"img": [cell, cell], "label": labels}), file)
            found.append(file.getvalue())
    return tuple(found)


def _archive(folder: Path) -> Reader:
    from explorer.data.download import unpack

    file = folder / "a.tar.gz"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        unpack(file, folder, "cifar-10-batches-bin")

    return reader


def _archives() -> tuple[bytes, ...]:
    import tarfile

    found = []
    for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
            member.type, member.linkname = kind, "../../../etc/passwd"
            member.size = 30 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(bytes(30)))
        found.append(file.getvalue())
    return tuple(found)


_IMAGES = ("explorer.data.image_files",)
TARGETS = (
    Target("picture", _picture, _pictures, of_png, 10, ("explorer.ui.image_sources",)),
    Target("idx", _idx, _idx_seeds, _of_idx, 8, _IMAGES),
    Target("parquet", _parquet, _parquet_seeds, of_bytes, 5, _IMAGES),
    Target("archive", _archive, _archives, of_gzip, 3, ("explorer.data.download",)),
)
