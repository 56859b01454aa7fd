"""What a player paints: layers of frames over a Plotly figure's axes, and the clock they share.

Every layer carries its own `times` (F,), increasing clock coordinates in [0, 1]; between two of its
frames the player interpolates linearly, before the first and after the last it holds them. Layers
are laid over linear axes, `x` and `y` unless named otherwise (as Plotly names them, "x2").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

Floats = npt.NDArray[np.floating[Any]]
Range = tuple[float, float]

PALETTE_SIZE = 8  # Okabe and Ito's, as in explorer/figures/palette.py
SHAPES = ("circle", "square", "triangle", "cross", "diamond")


@dataclass(frozen=True, eq=False)
class Layer:
    """What all layers share: frames at clock coordinates, over one pair of axes."""

    times: Floats
    _: KW_ONLY
    xaxis: str = "x"
    yaxis: str = "y"

    def __post_init__(self) -> None:
        times = self._set("times", np.asarray(self.times, dtype=float))
        self._need(
            times.ndim == 1 and times.size > 0, f"times {times.shape} must be (F,) with F ≥ 1"
        )
        inside = np.isfinite(times).all() and times[0] >= -1e-9 and times[-1] <= 1 + 1e-9
        self._need(bool(inside), "times must lie in [0, 1]; divide them by the run's duration")
        self._need(bool((np.diff(times) > 0).all()), "times must increase; reverse or sort them")

    def _need(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise ValueError(f"{type(self).__name__}: {otherwise}")

    def _set(self, name: str, value: Any) -> Any:
        object.__setattr__(self, name, value)
        return value

    def _frames(self, name: str, shape: tuple[int | None, ...], finite: bool = True) -> Floats:
        """Field `name` as float32 (F, *shape); a None in `shape` takes any length."""
        array = self._set(name, np.asarray(getattr(self, name), dtype=np.float32))
        wanted = (len(self.times), *shape)
        fits = array.ndim == len(wanted) and all(
            w is None or w == n for w, n in zip(wanted, array.shape, strict=True)
        )
        words = ", ".join("any" if w is None else str(w) for w in wanted)
        self._need(
            fits, f"{name} has shape {array.shape}, but {len(self.times)} times ask ({words})"
        )
        self._need(array.size > 0, f"{name} is empty; leave the layer out instead")
        if finite:
            self._need(
                bool(np.isfinite(array).all()),
                f"{name} has values that are not finite; replace them, or leave those frames out",
            )
        return array

    def _unit(self, name: str) -> None:
        array = getattr(self, name)
        self._need(
            bool(array.min() >= -1e-6 and array.max() <= 1 + 1e-6),
            f"{name} must lie in [0, 1]; divide by the largest value "
            f"(they span {array.min():.3g} to {array.max():.3g})",
        )

    def _colour(self) -> None:
        colour = getattr(self, "colour", None)
        self._need(
            colour is None or 0 <= colour < PALETTE_SIZE,
            f"colour {colour} is not in the palette; give 0 to {PALETTE_SIZE - 1}, or None",
        )

    def _span(self, name: str) -> None:
        low, high = getattr(self, name)
        self._need(
            math.isfinite(low) and math.isfinite(high) and low < high,
            f"{name} must be (low, high) with low < high; got {(low, high)}",
        )


@dataclass(frozen=True, eq=False)
class Particles(Layer):
    """Points that move: `xy` (F, N, 2) in data units; a point that is not finite is not drawn.

    `colours` and `shapes` (N,) index the palette and `SHAPES`; None paints all alike. Colours
    (F, N) change from frame to frame: a point wears those of the frame that is nearest. `trail` is
    a number of frames to trace behind each point, or "full" for its whole path up to now. `size`
    is the diameter in CSS pixels.
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
    """A mix of the first K palette colours in each pixel: `weights` (F, K, H, W) in [0, 1]."""

    weights: Floats
    x: Range
    y: Range
    opacity: float = 0.35

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


@dataclass(frozen=True, eq=False)
class Bars(Layer):
    """A histogram that moves: `edges` (n+1,), `heights` (F, n); `horizontal` grows along x."""

    edges: Floats
    heights: Floats
    colour: int | None = None
    name: str = ""
    opacity: float = 0.5
    horizontal: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        edges = self._set("edges", np.asarray(self.edges, dtype=np.float32))
        self._need(
            edges.ndim == 1 and len(edges) > 1 and bool((np.diff(edges) > 0).all()),
            "edges must be (n+1,) and increase",
        )
        self._frames("heights", (len(edges) - 1,))
        self._colour()


@dataclass(frozen=True, eq=False)
class Curve(Layer):
    """A line that moves: `x` (P,), `y` (F, P); `horizontal` runs up the vertical axis instead."""

    x: Floats
    y: Floats
    colour: int | None = None
    name: str = ""
    dash: bool = False
    width: float = 2.0
    horizontal: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        x = self._set("x", np.asarray(self.x, dtype=np.float32))
        self._need(
            x.ndim == 1 and len(x) > 1 and bool(np.isfinite(x).all()), "x must be finite and (P,)"
        )
        self._frames("y", (len(x),))
        self._colour()


@dataclass(frozen=True, eq=False)
class Cursor(Layer):
    """A vertical line at `x` (F,), in data units; with `horizontal` a horizontal one at y = `x`."""

    x: Floats
    colour: int | None = None
    horizontal: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._frames("x", ())
        self._colour()


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


@dataclass(frozen=True, eq=False)
class Pane:
    """One picture: `figure` brings axes, labels and still traces; `layers` move over its axes.

    Panes whose figures carry `layout.meta={"link": "name"}` share their zoom.
    """

    figure: go.Figure
    layers: tuple[Layer, ...] = ()
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Clock:
    """What the read-out beside the scrubber says: `label` = value, and the size of a step.

    `values` (C,) are shown at evenly spaced clock coordinates, with `digits` decimals, linearly
    interpolated between. `steps` single steps lead from the start to the end.
    """

    label: str
    values: tuple[float, ...]
    steps: int = 100
    digits: int = 2

    def __post_init__(self) -> None:
        values = tuple(float(value) for value in np.asarray(self.values, dtype=float).ravel())
        object.__setattr__(self, "values", values)
        if not values or not np.isfinite(values).all():
            raise ValueError("Clock: values must be finite and at least one; give the times shown")
        if self.steps < 1:
            raise ValueError(f"Clock: steps {self.steps} must be at least 1")
