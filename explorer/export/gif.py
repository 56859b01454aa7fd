"""An animated GIF written frame by frame: one palette, and of each frame only what has changed."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from explorer.export.colours import Bytes, Palette

AS_BEFORE = 255  # the index of a pixel that stays as it is
SHORTEST = 2  # hundredths of a second: browsers slow down what asks for less


class GifWriter:
    """Writes a GIF of `width` × `height` that loops for ever into `file`."""

    def __init__(self, file: BinaryIO, width: int, height: int, palette: Palette) -> None:
        self._file = file
        self._palette = palette
        self._before: Bytes | None = None
        colours = np.zeros((256, 3), np.uint8)
        colours[: len(palette.colours)] = palette.colours
        file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0))
        file.write(colours.tobytes())
        file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # without end

    def add(self, pixels: Bytes, delay: int) -> None:
        """Add a frame (H, W, 4) that is shown for `delay` hundredths of a second."""
        shown = self._palette.indices(pixels)
        part, left, top = shown, 0, 0
        if self._before is not None:
            changed = shown != self._before
            rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
            if rows.size:
                top, left = int(rows[0]), int(columns[0])
                inside = (slice(top, rows[-1] + 1), slice(left, columns[-1] + 1))
                part = np.where(changed[inside], shown[inside], np.uint8(AS_BEFORE))
            else:
                part = np.full((1, 1), AS_BEFORE, np.uint8)
        self._before = shown
        high, wide = part.shape
        clear = 5 if part is not shown else 4  # leave in place; of a part, some is transparent
        self._file.write(struct.pack("<BBBBHBB", 0x21, 0xF9, 4, clear, delay, AS_BEFORE, 0))
        self._file.write(struct.pack("<BHHHHB", 0x2C, left, top, wide, high, 0))
        self._file.write(_packed(part))

    def close(self) -> None:
        """Write the end; the file itself stays open."""
        self._file.write(b"\x3b")


def _packed(indices: Bytes) -> bytes:
    """The indices (H, W) as a GIF's image data, cut out of a GIF that Pillow has written."""
    out = io.BytesIO()
    Image.fromarray(indices).save(out, "GIF", optimize=False, interlace=False)
    whole = out.getvalue()
    at = 13
    if whole[10] & 0x80:
        at += 3 << ((whole[10] & 7) + 1)
    while whole[at] == 0x21:  # an extension: its label, then blocks until an empty one
        at += 2
        while whole[at]:
            at += 1 + whole[at]
        at += 1
    flags = whole[at + 9]
    if whole[at] != 0x2C or flags & 0xC0:
        raise ValueError("Pillow wrote a GIF with a palette of its own or interlaced")
    return whole[at + 10 : -1]


def delays(count: int, seconds: float, linger: float) -> list[int]:
    """How long each of `count` frames is shown, in hundredths, `seconds` in all.

    The last one lingers so much longer, so that the end is seen before the film starts over.
    """
    if count == 1:
        return [max(SHORTEST, round(100 * (seconds + linger)))]
    edges = np.rint(np.linspace(0, 100 * seconds, count + 1)).astype(int)
    each = [max(SHORTEST, int(d)) for d in np.diff(edges)]
    each[-1] += round(100 * linger)
    return each
