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
EARLY, RISE = 20, 10.0
"""A training has diverged when the mean of so many losses is so many times that of the first."""


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
        self.sums, self.counts = torch.zeros(BINS), torch.zeros(BINS)
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

    def add(self, losses: Tensor, bins: Tensor) -> None:
        """Note the losses (K, B) of the next K steps, and in which bins they fall (K, B).

        Raises Diverged where one is not finite, or where they rise far above the first ones.
        """
        losses, bins = losses.cpu(), bins.cpu()
        after = self.step + len(losses)
        self.losses[self.step : after] = losses.mean(dim=1)
        self.step = after
        fade = 0.5 ** (len(losses) / MEMORY)
        for kept, new in ((self.sums, losses), (self.counts, torch.ones_like(losses))):
            kept.mul_(fade).index_add_(0, bins.flatten(), new.flatten())

        early, late = self.losses[:EARLY].mean(), self.losses[after - EARLY : after].mean()
        if not losses.isfinite().all() or (after > 2 * EARLY and late > RISE * early):
            raise Diverged(
                f"the loss left all bounds at step {after}: it was {float(early):.3g} at first and "
                f"is {float(self.losses[after - 1]):.3g} now; try a smaller learning rate, a "
                "larger batch, or another target or weighting"
            )

    @property
    def by_time(self) -> Tensor:
        """(BINS,) the running loss between the edges, NaN where there was no example yet."""
        return self.sums / self.counts
