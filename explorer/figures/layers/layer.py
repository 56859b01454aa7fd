"""What all layers share: their times, their axes, and how their numbers are checked."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Range = tuple[float, float]

PALETTE_SIZE = 8  # Okabe and Ito's, as in explorer/figures/palette.py


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
