"""A point that is picked up and moved in a playing picture: a layer that answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from explorer.figures.layers import Layer


@dataclass(frozen=True, eq=False)
class Handle(Layer):
    """A star at `at` (x, y) that can be dragged, within ± `reach` on both axes. A pane takes one.

    In its pane a press anywhere brings it under the pointer, and while the pane has the focus the
    arrow keys move it by `step`. Where it is let go, in multiples of `step`, goes to the player's
    `on_drag`. `size` is its diameter in CSS pixels, `name` what the label beside it calls it.
    """

    at: tuple[float, float]
    reach: float
    step: float = 0.1
    name: str = "target"
    size: float = 22.0
    colour: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(len(self.at) == 2 and all(map(math.isfinite, self.at)), f"at is {self.at}")
        self._need(self.reach > 0, f"reach {self.reach} must be above 0")
        self._need(self.step > 0, f"step {self.step} must be above 0")
        self._colour()

    def placed(self, told: object) -> tuple[float, float] | None:
        """Where a browser says that it was let go, within reach and on a step.

        None for what is no place: whoever speaks to the server may send what they like.
        """
        if not isinstance(told, list | tuple) or len(told) != 2:
            return None
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in told):
            return None
        inside = (min(max(v, -self.reach), self.reach) for v in told)
        x, y = (round(round(v / self.step) * self.step, 6) for v in inside)
        return x, y
