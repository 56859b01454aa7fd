"""Targets that read what people upload, paste or put into a link as their own data."""

from __future__ import annotations

import io
from pathlib import Path

from benchmarks.fuzzing.mutations import of_npy, of_png, of_text
from benchmarks.fuzzing.target import Reader, Target, text


def _own(folder: Path) -> Reader:
    import torch

    from explorer.data.own import own_data

    def reader(data: bytes) -> None:
        known = own_data(text(data), 0.1)
        x = torch.zeros(2, known.dim)
        assert known.noised(0.5, 0.5).score(x).isfinite().all()
        assert known.sample(4, torch.Generator().manual_seed(0)).isfinite().all()

    return reader


def _own_seeds() -> tuple[bytes, ...]:
    import numpy as np

    from explorer.data.own_codec import encode_grid, encode_points

    rng = np.random.default_rng(0)
    grid = rng.random((8, 8))
    found = [encode_points(rng.normal(size=(n, dim))) for n in (2, 30) for dim in (1, 2)]
    return tuple(t.encode() for t in (*found, encode_grid(grid, (0.0, 0.0), 0.5)))


def _table(folder: Path) -> Reader:
    import numpy as np

    from explorer.data.own_codec import MAX_TEXT, decode
    from explorer.data.preparing import of_points
    from explorer.data.uploads import MAX_ROWS, parse_table

    def reader(data: bytes) -> None:
        points = parse_table(data)
        assert 2 <= len(points) <= MAX_ROWS
        assert points.shape[1] in (1, 2)
        assert np.isfinite(points).all()
        made = of_points(points, standardise=len(data) % 2 == 0)
        assert len(made.text) <= MAX_TEXT
        assert decode(made.text).dim == points.shape[1]

    return reader


def _tables() -> tuple[bytes, ...]:
    return (
        *(b"x,y\n1,2\n3,4.5\n-1e3,0\n", b"1;2,5\n3;4\n", b"1\t2\n3\t4", b"1 2\r\n3 4\r\n"),
        *(b"0.5\n1\n2\n", b"# note\n1,2\n\n3,4", "x\ty\n1\t2\n3\t4\n".encode("utf-16")),
    )


def _array(folder: Path) -> Reader:
    import numpy as np

    from explorer.data.uploads import parse_array

    def reader(data: bytes) -> None:
        points = parse_array(data)
        assert points.shape[1] in (1, 2)
        assert points.size <= len(data)
        assert np.isfinite(points).all()

    return reader


def _arrays() -> tuple[bytes, ...]:
    import numpy as np

    found = []
    for values in (
        *(np.arange(8.0).reshape(4, 2), np.arange(3), np.asfortranarray(np.eye(2)), np.eye(2) > 0),
        *(np.float16([[1], [2]]), np.array([1, None]), np.zeros((2, 2, 2)), np.array(["a", "b"])),
    ):
        file = io.BytesIO()
        np.save(file, values)
        found.append(file.getvalue())
    return tuple(found)


def _ink(folder: Path) -> Reader:
    from explorer.data.own_codec import decode
    from explorer.data.preparing import of_picture
    from explorer.data.uploads import MAX_PIXELS, parse_picture

    def reader(data: bytes) -> None:
        ink = parse_picture(data, light=len(data) % 2 == 0)
        assert 2 <= ink.size <= MAX_PIXELS
        assert 0 <= ink.min() <= ink.max() <= 1
        for dim in (1, 2):
            assert decode(of_picture(ink, dim, inline=len(data) % 3 == 0).text).dim == dim

    return reader


def _drawings() -> tuple[bytes, ...]:
    from PIL import Image

    found = []
    for mode in ("RGB", "P", "I;16", "RGBA", "1", "L", "LA"):
        file = io.BytesIO()
        Image.new(mode, (9, 7)).save(file, "PNG")
        found.append(file.getvalue())
    return tuple(found)


def _sheet(folder: Path) -> Reader:
    """What the sheet in the browser says was drawn on it."""
    from explorer.data.own_codec import decode
    from explorer.ui.own_data.canvas import made

    def reader(data: bytes) -> None:
        decode(made(1 + len(data) % 2, text(data)))

    return reader


def _sheets() -> tuple[bytes, ...]:
    return (b"0.1,0.2\n1,2\n-1,0.5", b"0\n0\n1\n0.5\n" * 15, b"0\n0\n", b"1,1\n1,1")


_PARSERS = ("explorer.data.uploads", "explorer.data.preparing")
TARGETS = (
    Target("own", _own, _own_seeds, of_text, 15, ("explorer.data.own_codec", "explorer.data.own")),
    Target("table", _table, _tables, of_text, 15, _PARSERS),
    Target("sheet", _sheet, _sheets, of_text, 8, ("explorer.data.preparing",)),
    Target("array", _array, _arrays, of_npy, 15, _PARSERS),
    Target("ink", _ink, _drawings, of_png, 10, _PARSERS),
)
