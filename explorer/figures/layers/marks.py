"""Layers of many small marks: particles, and arrows with their feet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explorer.figures.layers.layer import PALETTE_SIZE, Floats, Layer

SHAPES = ("circle", "square", "triangle", "cross", "diamond")


@dataclass(frozen=True, eq=False)
class Particles(Layer):
    """Points that move: `xy` (F, N, 2) in data units; a point that is not finite is not drawn.

    `colours` and `shapes` (N,) index the palette and `SHAPES`; None paints all alike. Points of
    several colours differ in shape, too, where `shapes` says nothing else, for whoever cannot tell
    the colours apart. Colours (F, N) change from frame to frame: a point wears those of the frame
    that is nearest. `trail` is a number of frames to trace behind each point, or "full" for its
    whole path up to now. `size` is the diameter in CSS pixels.
    """

    xy: Floats
    colours: npt.NDArray[np.integer[Any]] | None = None
    trail: int | Literal["full"] = 0
    size: float = 3.5
    opacity: float = 0.75
    shapes: npt.NDArray[np.integer[Any]] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        xy = self._frames("xy", (None, 2), finite=False)
        points = xy.shape[1]
        self._indices("colours", ((points,), xy.shape[:2]), PALETTE_SIZE)
        if self.shapes is None:
            self._set("shapes", _by_colour(self.colours))
        self._indices("shapes", ((points,),), len(SHAPES))
        self._need(
            self.trail == "full" or (isinstance(self.trail, int) and self.trail >= 0),
            f"trail {self.trail!r} must be a number of frames or 'full'",
        )

    def _indices(self, name: str, shapes: Sequence[tuple[int, ...]], below: int) -> None:
        if getattr(self, name) is None:
            return
        given = np.asarray(getattr(self, name))
        frames, points = self.xy.shape[:2]
        self._need(
            given.shape in shapes,
            f"{name} has shape {given.shape}, but there are {points} points in {frames} frames",
        )
        self._need(
            bool(((given >= 0) & (given < below)).all()),
            f"{name} must lie in 0..{below - 1}; take the remainder by {below}",
        )
        self._set(name, given.astype(np.uint8))


def _by_colour(colours: npt.NDArray[np.integer[Any]] | None) -> npt.NDArray[Any] | None:
    """A shape for each colour, the same in all layers; none for a single one."""
    if colours is None or colours.ndim != 1 or len(colours) == 0 or (colours == colours[0]).all():
        return None
    return colours % len(SHAPES)


@dataclass(frozen=True, eq=False)
class Arrows(Layer):
    """Arrows with `vectors` (F, M, 2), as long as drawn, in data units.

    Their feet `xy` stand still, (M, 2), or move, (F, M, 2).
    """

    xy: Floats
    vectors: Floats
    colour: int | None = None
    width: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        xy = self._set("xy", np.asarray(self.xy, dtype=np.float32))
        moving = xy.ndim == 3 and len(xy) == len(self.times)
        self._need(
            (moving or xy.ndim == 2) and xy.shape[-1] == 2,
            f"xy {xy.shape} must be (M, 2), or ({len(self.times)}, M, 2) to move",
        )
        self._need(bool(np.isfinite(xy).all()), "xy has values that are not finite")
        self._frames("vectors", (xy.shape[-2], 2))
        self._colour()
