"""A layer's values at a moment between two of its frames, as the player works them out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from explorer.figures.layers import Clock, Floats


class Moment(NamedTuple):
    """The clock stands the fraction `u` of the way from frame `a` to frame `b`."""

    a: int
    b: int
    u: float

    @property
    def nearest(self) -> int:
        """The frame for what cannot be blended."""
        return self.a if self.u < 0.5 else self.b


def locate(times: Floats, position: float) -> Moment:
    """Where `position` in [0, 1] falls among the increasing `times` (F,), held at both ends."""
    last = len(times) - 1
    if last == 0 or position <= times[0]:
        return Moment(0, 0, 0.0)
    if position >= times[last]:
        return Moment(last, last, 0.0)
    b = int(np.searchsorted(times, position, side="right"))
    return Moment(b - 1, b, float((position - times[b - 1]) / (times[b] - times[b - 1])))


def blend(frames: npt.NDArray[Any], moment: Moment) -> npt.NDArray[Any]:
    """The values (F, …) → (…) at a moment, linear between its two frames."""
    before = frames[moment.a]
    if moment.u == 0:
        return before
    return before + (frames[moment.b] - before) * np.float32(moment.u)


def clock_value(clock: Clock, position: float) -> float:
    """What the clock shows at `position`, linear between its values."""
    return float(np.interp(position, np.linspace(0, 1, len(clock.values)), clock.values))


def clock_text(clock: Clock, position: float) -> str:
    """The read-out beside the scrubber: "t = 0.43", with a true minus and no minus zero."""
    text = f"{clock_value(clock, position):.{clock.digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return f"{clock.label} = {text}".replace("-", "−")


def positions(count: int) -> Floats:
    """`count` clock coordinates from the start to the end; a single one stands at the end."""
    if count < 1:
        raise ValueError(f"{count} frames are none; give at least 1")
    return np.linspace(0, 1, count) if count > 1 else np.ones(1)
