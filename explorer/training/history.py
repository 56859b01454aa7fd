"""The loss of every step so far, and the running loss by time."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from explorer.diffusion.process import Process
from explorer.training.batches import BINS
from explorer.training.config import TrainConfig
from explorer.training.times import TIMES

MEMORY = 300.0
"""Half-life, in steps, of the loss by time."""
WINDOW, RISE = 20, 10.0
"""A training has diverged when the mean of its last losses is so many times what it was given."""


class Diverged(ArithmeticError):
    """The loss left all bounds; the message says what to try."""


class History:
    """losses: (steps,) float32, filled up to `step`.  edges: (BINS + 1,) times.

    sums, counts: (BINS,) losses and examples between the edges, the old ones fading.
    """

    def __init__(self, config: TrainConfig, process: Process) -> None:
        u = torch.linspace(0, 1, BINS + 1, dtype=torch.float64)
        self.edges = TIMES[config.times].at(process, u, config.t_min, config.chain)
        self.losses = torch.zeros(config.steps)
        self.sums, self.counts = torch.zeros(2, BINS, dtype=torch.float64)
        self.step = 0

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
        past = tensors["losses"]
        self.step = len(past)
        self.losses = torch.cat([past, torch.zeros(max(0, len(self.losses) - len(past)))])
        self.sums, self.counts = tensors["sums"].clone(), tensors["counts"].clone()

    def tensors(self) -> dict[str, Tensor]:
        """Copies, which later steps leave alone; of the losses only a view, whose part stays."""
        past = self.losses[: self.step]
        return {"losses": past, "sums": self.sums.clone(), "counts": self.counts.clone()}

    def add(self, losses: Tensor, bins: Tensor, idle: float) -> None:
        """Note the losses (K, B) of the next K steps, and in which bins they fall (K, B).

        `idle` is the loss of a network that answers 0. Raises Diverged where a loss is not finite,
        or where the last ones are far above both the first and the idle one.
        """
        losses, bins = losses.cpu(), bins.cpu()
        after = self.step + len(losses)
        self.losses[self.step : after] = losses.mean(dim=1)
        self.step = after
        age = torch.arange(len(losses) - 1, -1, -1, dtype=torch.float64)
        fresh = (0.5 ** (age / MEMORY))[:, None].expand(losses.shape)
        for kept, new in ((self.sums, losses * fresh), (self.counts, fresh)):
            kept.mul_(0.5 ** (len(losses) / MEMORY)).index_add_(0, bins.flatten(), new.flatten())

        late = self.losses[max(after - WINDOW, 0) : after].mean()
        bound = RISE * max(idle, float(self.losses[0]))
        if not losses.isfinite().all() or (after > 2 * WINDOW and late > bound):
            raise Diverged(
                f"the loss left all bounds at step {after}: it was {float(self.losses[0]):.3g} at "
                f"first and is {float(self.losses[after - 1]):.3g} now; try a smaller learning "
                "rate, a larger batch, or another target or weighting"
            )

    @property
    def by_time(self) -> Tensor:
        """(BINS,) the running loss between the edges, NaN where there was no example yet."""
        return (self.sums / self.counts).float()
