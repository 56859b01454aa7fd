"""One palette of 255 colours for all frames of a film, and every pixel's nearest colour in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.spatial import cKDTree

Bytes = npt.NDArray[np.uint8]
COLOURS = 255  # one of a GIF's 256 is kept for "as before"
_SAMPLE = 60_000  # pixels of a frame that the palette is made from
_UNKNOWN = -1


class Palette:
    """`colours` (≤ 255, 3) and what `indices` needs to find the nearest fast."""

    def __init__(self, colours: Bytes) -> None:
        self.colours = colours
        self._tree = cKDTree(colours.astype(float))
        self._table = np.full(1 << 18, _UNKNOWN, np.int16)  # by the upper six bits of each channel

    def indices(self, pixels: Bytes) -> Bytes:
        """(H, W, 4) bytes → (H, W) indices of the nearest colours."""
        words = pixels.view("<u4")[..., 0]
        keys = ((words >> 2) & 0x3F) | ((words >> 4) & 0xFC0) | ((words >> 6) & 0x3F000)
        found = self._table.take(keys)
        if found.min() == _UNKNOWN:
            fresh = np.unique(keys[found == _UNKNOWN])
            middles = np.stack([(fresh >> shift) & 0x3F for shift in (0, 6, 12)], axis=1)
            # the ends of a channel mean themselves: white stays white
            wanted = middles * (255 / 63)
            self._table[fresh] = self._tree.query(wanted)[1]
            found = self._table.take(keys)
        return found.astype(np.uint8)


def palette(frames: Sequence[Bytes], first: Sequence[tuple[int, int, int]] = ()) -> Palette:
    """The palette for a film, from some of its frames (H, W, 4).

    first: colours that are in it whatever the frames hold, such as the page's.
    """
    kept = np.array(list(dict.fromkeys(first)), np.uint8).reshape(-1, 3)
    parts = []
    for frame in frames:
        pixels = frame.reshape(-1, 4)[:, :3]
        for colour in kept:  # their share is so large that little would be left for the rest
            pixels = pixels[(pixels != colour).any(axis=1)]
        parts.append(pixels[:: max(1, len(pixels) // _SAMPLE)])
    pixels = np.concatenate(parts) if parts else np.zeros((0, 3), np.uint8)
    if len(pixels):
        strip = Image.fromarray(np.ascontiguousarray(pixels[None]))
        reduced = strip.quantize(COLOURS - len(kept), Image.Quantize.MEDIANCUT)
        used = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[: COLOURS - len(kept)]
        kept = np.concatenate([kept, used])
    return Palette(np.unique(kept, axis=0))
