"""Tuning a step size towards an acceptance rate, by dual averaging."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

GAMMA, DELAY, KAPPA = 0.05, 10, 0.75
"""γ, t₀ and κ as Hoffman and Gelman set them."""


@dataclass(frozen=True)
class DualAveraging:
    """The state of dual averaging; each update gives the next.

    aim: the acceptance to reach.  centre: log of the step size that it is drawn to.  log_step: of
    the next trial.  log_average: of the average that a chain keeps afterwards.  gap: the weighted
    mean of aim − acceptance so far.  Source: Hoffman and Gelman 2014, section 3.2, algorithm 5.
    """

    aim: float
    centre: float
    log_step: float
    log_average: float = 0.0
    gap: float = 0.0
    count: int = 0

    @classmethod
    def of(cls, step: float, aim: float) -> DualAveraging:
        """From a first step size; ValueError unless it is positive and `aim` lies within (0, 1)."""
        if not 0 < step < math.inf or not 0 < aim < 1:
            raise ValueError(
                f"step={step}, aim={aim}: give a positive step size and an acceptance between 0 "
                "and 1"
            )
        return cls(aim, math.log(10 * step), math.log(step))

    def updated(self, acceptance: float) -> DualAveraging:
        """After a trial of `step` whose mean acceptance probability was this."""
        m = self.count + 1
        weight = 1 / (m + DELAY)
        gap = (1 - weight) * self.gap + weight * (self.aim - acceptance)
        log_step = self.centre - math.sqrt(m) / GAMMA * gap
        share = m**-KAPPA
        average = share * log_step + (1 - share) * self.log_average
        return replace(self, log_step=log_step, log_average=average, gap=gap, count=m)

    @property
    def step(self) -> float:
        """The step size to try next."""
        return math.exp(self.log_step)

    @property
    def average(self) -> float:
        """The step size to keep; the first one before any trial."""
        return math.exp(self.log_average) if self.count else self.step
