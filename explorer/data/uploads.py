"""What people upload or paste, as points or as a picture: tables of numbers, NPY arrays, PNG files.

Each is a pure function of the bytes, checked before it is read, and says in one ValueError what is
wrong, by row and column counted from 1, and the way out. Nothing is unpickled or evaluated.
"""

from __future__ import annotations

import io
import re
import struct

import numpy as np

MIB = 1 << 20
MAX_BYTES = MIB
MAX_PICTURE_BYTES = 4 * MIB
MAX_PIXELS = 4_000_000
"""A picture is shrunk to 48 cells a side in the end; decoded it takes some 60 MB at most."""
MAX_ROWS = 20_000
"""More rows would change no picture here, and 4,096 of them are kept."""
LARGEST = 1e12
"""A larger number leaves no digits for differences, or overflows when it is squared."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
"""Each digit can be taken in one way only, so that a cell of a million takes no longer than one."""
_WORDS = {";": "semicolons", "\t": "tabs", ",": "commas", " ": "spaces"}
_NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?)([fiu])([1248])', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9]{1,9}),(?: ?([0-9]{1,9}),?)?\), ?\}[ \n]*"
)


def parse_table(given: bytes | str) -> np.ndarray:
    """Points (n, 1) or (n, 2) in float64 from rows of one or two numbers.

    Columns are parted by semicolons, tabs, commas or spaces, whichever of these comes first in
    this order anywhere; a number may have a decimal comma unless commas part the columns. Empty
    rows, rows that begin with # and one row of names at the top are passed over.
    """
    rows = [(k, row.strip(" \r")) for k, row in enumerate(_text(given).split("\n"), start=1)]
    rows = [(k, row) for k, row in rows if row.strip() and not row.startswith("#")]
    joined = "\n".join(row for _, row in rows)
    mark = next((mark for mark in ";\t," if mark in joined), " ")
    table = [(k, _cells(row, mark)) for k, row in rows]
    if table and not any(_NUMBER.fullmatch(_plain(cell, mark)) for cell in table[0][1]):
        if table[0][1][-1].strip().lower() == "weight":
            raise ValueError("the last column is one of weights, which are not read; give points")
        table = table[1:]  # names
    if len(table) > MAX_ROWS:
        raise ValueError(f"{len(table):,} rows of numbers; give {MAX_ROWS:,} at most")
    if not table:
        raise ValueError("there is no row of numbers; give one point a row, such as 0.5, 1.2")
    columns = len(table[0][1])
    if columns > 2:
        raise ValueError(
            f"row {table[0][0]} has {columns} columns, parted by {_WORDS[mark]}; give one (a line) "
            "or two (a plane)"
        )
    numbers = []
    for k, cells in table:
        if len(cells) != columns:
            raise ValueError(
                f"row {k} has {_counted(len(cells))}, row {table[0][0]} has {columns}; give every "
                f"row as many, parted by {_WORDS[mark]}"
            )
        numbers.append([_number(cell, mark, k, c) for c, cell in enumerate(cells, start=1)])
    return _usable(np.array(numbers), [k for k, _ in table])


def parse_array(given: bytes) -> np.ndarray:
    """Points (n, 1) or (n, 2) in float64 from an NPY file of shape (n,), (n, 1) or (n, 2).

    Source of the format: NumPy's NEP 1. Numbers alone are read: no objects, which are pickles.
    """
    if len(given) > MAX_BYTES:
        raise ValueError(f"the file has {len(given):,} bytes; give {MAX_BYTES:,} at most")
    if given[:6] != b"\x93NUMPY" or len(given) < 12 or given[6] not in (1, 2, 3):
        raise ValueError("this is no NPY file; write one with numpy.save(file, points)")
    wide = given[6] > 1
    start = 12 if wide else 10
    length = int.from_bytes(given[8:start], "little")
    header = given[start : start + length]
    found = _NPY_HEADER.fullmatch(header) if length <= 1000 else None
    if found is None:
        shown = header[:60].decode("latin-1")
        raise ValueError(
            f"the array {''.join(c if c.isprintable() else '�' for c in shown)!r} is not usable; "
            "give one of float or int numbers, of shape (n,), (n, 1) or (n, 2)"
        )
    order, kind, size, fortran, first, second = (
        part.decode() if part else "" for part in found.groups()
    )
    if kind == "f" and size == "1":
        raise ValueError("the array is of f1, which is no type of numbers; give float or int")
    shape = (int(first), int(second)) if second else (int(first), 1)
    if shape[1] not in (1, 2):
        raise ValueError(f"the array has {shape[1]} columns; give 1 (a line) or 2 (a plane)")
    if not 1 <= shape[0] <= MAX_ROWS:
        raise ValueError(f"the array has {shape[0]:,} rows; give 2 to {MAX_ROWS:,}")
    body = given[start + length :]
    if len(body) != shape[0] * shape[1] * int(size):
        raise ValueError(
            f"the array has {len(body):,} bytes of numbers instead of "
            f"{shape[0] * shape[1] * int(size):,}; save it again"
        )
    flat = np.frombuffer(body, dtype=np.dtype(f"{order or '='}{kind}{size}")).astype(np.float64)
    points = flat.reshape(shape, order="F" if fortran == "True" else "C")
    return _usable(np.ascontiguousarray(points), range(1, shape[0] + 1))


def parse_picture(given: bytes, *, light: bool = False) -> np.ndarray:
    """Ink (rows, columns) from 0 to 1, the first row at the top, from a PNG file.

    Ink is darkness, or with `light` brightness, times opacity. Size and pixels are checked before
    anything is decoded.
    """
    if len(given) > MAX_PICTURE_BYTES:
        raise ValueError(
            f"the picture has {len(given):,} bytes; give {MAX_PICTURE_BYTES:,} at most"
        )
    if given[:8] != b"\x89PNG\r\n\x1a\n" or given[12:16] != b"IHDR" or len(given) < 33:
        raise ValueError("this is no PNG file; save the picture as PNG")
    width, height = struct.unpack(">II", given[16:24])
    if not 2 <= width * height <= MAX_PIXELS:
        raise ValueError(
            f"the picture has {width:,} × {height:,} pixels; give 2 to {MAX_PIXELS:,} in all"
        )
    from PIL import Image  # pages without a picture open without it

    try:
        with Image.open(io.BytesIO(given), formats=["PNG"]) as image:
            if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip
                grey = (np.asarray(image) // 257).clip(0, 255)
                alpha = np.full_like(grey, 255)
            else:
                whole = image.convert("RGBA")
                grey, alpha = np.asarray(whole.convert("L")), np.asarray(whole.getchannel("A"))
    except Exception as error:  # a damaged file ends in any of a dozen kinds of error
        raise ValueError("the picture is damaged; save it as PNG once more") from error
    dense = grey if light else 255 - grey
    ink = dense.astype(np.float32) * alpha.astype(np.float32) / 255**2
    if not float(ink.max()) > 0.02:
        raise ValueError(
            "the picture has no ink: it is all black; count dark as ink"
            if light
            else "the picture has no ink: it is all white or transparent; count light as ink"
        )
    return ink


def _text(given: bytes | str) -> str:
    """The characters, whichever of the usual ways they are written in; row ends as one kind."""
    size = len(given) if isinstance(given, bytes) else len(given.encode(errors="replace"))
    if size > MAX_BYTES:
        raise ValueError(f"the table has {size:,} bytes; give {MAX_BYTES:,} at most")
    if isinstance(given, str):
        text = given.removeprefix("\ufeff")
    elif given[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = given.decode("utf-16", errors="replace")  # as Excel's "Unicode text"
    else:
        text = given.decode("utf-8-sig", errors="replace")
    if "\0" in text:
        raise ValueError("this is no table of text; give CSV, NPY or PNG by their own names")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")


def _cells(row: str, mark: str) -> list[str]:
    if mark == " ":
        return row.split()
    cells = [cell.strip() for cell in row.split(mark)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells  # rows may end in the mark


def _plain(cell: str, mark: str) -> str:
    """A cell without its quotes, with a decimal point and an ASCII minus."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        cell = cell[1:-1].strip()
    if mark in ";\t" and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    return cell.replace("\u2212", "-")


def _number(cell: str, mark: str, row: int, column: int) -> float:
    text = _plain(cell, mark)
    if not _NUMBER.fullmatch(text):
        shown = "".join(c if c.isprintable() else "�" for c in cell[:30])
        where = f"row {row}, column {column}"
        if not cell:
            raise ValueError(f"{where} is empty; give a number, or delete the row")
        raise ValueError(f"{where}: {shown!r} is not a number; write it as 1.5 or 1e-3")
    return float(text)


def _usable(points: np.ndarray, rows: list[int] | range) -> np.ndarray:
    """`points` if all are finite and not too large, and two of them differ."""
    wrong = ~(np.isfinite(points) & (np.abs(points) <= LARGEST))
    if wrong.any():
        k, column = (int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"row {rows[k]}, column {column + 1}: {points[k, column]:g} is not usable; give "
            f"numbers up to {LARGEST:g}, or delete the row"
        )
    if len(points) < 2 or not (points != points[0]).any():
        raise ValueError("all points are the same; give at least two different ones")
    return points


def _counted(columns: int) -> str:
    return "1 column" if columns == 1 else f"{columns} columns"
