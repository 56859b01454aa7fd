"""Layers along an axis: histograms, curves and cursors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.figures.layers.layer import Floats, Layer


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
    """A line that moves: `x` (P,), `y` (F, P); `horizontal` runs up the vertical axis instead.

    On a logarithmic axis the values are logarithms to base ten, as Plotly has its ranges. With
    `reads` the pointer reads it, at the `x` that is called so, in the units of the axis.
    """

    x: Floats
    y: Floats
    colour: int | None = None
    name: str = ""
    dash: Literal["", "dash", "dot"] = ""
    width: float = 2.0
    horizontal: bool = False
    reads: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        x = self._set("x", np.asarray(self.x, dtype=np.float32))
        self._need(
            x.ndim == 1 and len(x) > 1 and bool(np.isfinite(x).all()), "x must be finite and (P,)"
        )
        self._need(
            not self.reads or (not self.horizontal and bool((np.diff(x) > 0).all())),
            "to be read, x must increase and the curve not be horizontal",
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
