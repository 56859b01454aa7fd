"""A picture of axes and layers, and the clock that pictures share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

from explorer.figures.layers.layer import Layer


@dataclass(frozen=True, eq=False)
class Pane:
    """One picture: `figure` brings axes, labels and still traces; `layers` move over its axes.

    Panes whose figures carry `layout.meta={"link": "name"}` share their zoom.
    """

    figure: go.Figure
    layers: tuple[Layer, ...] = ()
    title: str = ""
    note: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """Its figure travels by what it says: from another process often one that is here."""
        return _arrived, (self.figure.to_json(), self.layers, self.title, self.note)


def _arrived(figure: str, layers: tuple[Layer, ...], title: str, note: str) -> Pane:
    return Pane(_figure_that_says(figure), layers, title, note)


@lru_cache(maxsize=64)
def _figure_that_says(figure: str) -> go.Figure:
    """One for all equal: it is not changed, and Plotly checks a new one for 10 ms."""
    return pio.from_json(figure)


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
