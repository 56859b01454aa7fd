"""Layers over a grid: densities, mixed colours, pictures, and what the pointer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explorer.figures.layers.layer import PALETTE_SIZE, Floats, Layer, Range


@dataclass(frozen=True, eq=False)
class Density(Layer):
    """A density that changes: `values` (F, H, W) in [0, 1], rows from the lowest y upwards.

    The first and last columns lie at `x`'s ends, the rows at `y`'s. It is painted in one hue, clear
    at 0, under the figure's own traces; `bands` paints it in steps, `contours` are the levels of
    iso-lines.
    """

    values: Floats
    x: Range
    y: Range
    contours: tuple[float, ...] = ()
    bands: bool = False
    opacity: float = 0.65
    colour: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        values = self._frames("values", (None, None))
        self._need(min(values.shape[1:]) >= 2, "values need at least two rows and two columns")
        self._unit("values")
        self._span("x")
        self._span("y")
        self._colour()


@dataclass(frozen=True, eq=False)
class Tint(Layer):
    """A mix of the first K palette colours in each pixel: `weights` (F, K, H, W) in [0, 1].

    sharp: whether its pixels stay squares, rather than run into each other.
    """

    weights: Floats
    x: Range
    y: Range
    opacity: float = 0.35
    sharp: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = self._frames("weights", (None, None, None))
        self._need(
            weights.shape[1] <= PALETTE_SIZE,
            f"weights has {weights.shape[1]} classes, the palette {PALETTE_SIZE} colours",
        )
        self._need(min(weights.shape[2:]) >= 2, "weights need at least two rows and two columns")
        self._unit("weights")
        self._span("x")
        self._span("y")


@dataclass(frozen=True, eq=False)
class Images(Layer):
    """Pictures side by side: `pixels` (F, N, H, W, 3) in uint8, `columns` to a row.

    The grid's upper left corner is `corner`, and each picture covers a unit square of data units,
    less `gap` on all sides. Pixels stay squares, and of two frames the nearer is shown, for a blend
    of two noises would be less noisy than either.
    """

    pixels: npt.NDArray[np.uint8]
    columns: int
    corner: tuple[float, float]
    gap: float = 0.03

    def __post_init__(self) -> None:
        super().__post_init__()
        pixels = self._set("pixels", np.asarray(self.pixels))
        self._need(pixels.dtype == np.uint8, f"pixels are {pixels.dtype}; give bytes, uint8")
        self._need(
            pixels.ndim == 5 and pixels.shape[-1] == 3 and len(pixels) == len(self.times),
            f"pixels {pixels.shape} must be ({len(self.times)}, N, H, W, 3)",
        )
        self._need(pixels.size > 0, "pixels is empty; leave the layer out instead")
        self._need(self.columns >= 1, f"columns {self.columns} must be at least 1")
        self._need(0 <= self.gap < 0.5, f"gap {self.gap} must lie in [0, 0.5)")


@dataclass(frozen=True, eq=False)
class Readout(Layer):
    """Values under the pointer: `channels` name → (F, H, W) over `x` and `y` (rows from below).

    `vector` names two channels that are shown as one vector, `vector_label` = (a, b), and drawn as
    an arrow at the pointer.
    """

    x: Range
    y: Range
    channels: Mapping[str, Floats]
    vector: tuple[str, str] | None = None
    vector_label: str = "s"
    digits: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self._span("x")
        self._span("y")
        self._need(len(self.channels) > 0, "channels is empty; leave the layer out instead")
        arrays = {name: np.asarray(c, dtype=np.float32) for name, c in self.channels.items()}
        shape = next(iter(arrays.values())).shape
        self._need(
            len(shape) == 3 and shape[0] == len(self.times) and min(shape[1:]) >= 2,
            f"channels have shape {shape}, but must be ({len(self.times)}, H, W) with H, W ≥ 2",
        )
        for name, array in arrays.items():
            self._need(
                array.shape == shape, f"channel {name!r} has shape {array.shape}, not {shape}"
            )
            self._need(bool(np.isfinite(array).all()), f"channel {name!r} is not finite everywhere")
        self._set("channels", arrays)
        for name in self.vector or ():
            self._need(
                name in arrays,
                f"vector names {name!r}, which is no channel; choose from {', '.join(arrays)}",
            )
