"""The frame in which a run is seen: one clock for every sampler, one window for every time.

The clock runs evenly over the process's own grid, not over t: EDM's grid spends most of its steps
where t is almost 0, and so does what there is to see. Where the noise dwarfs the data, positions
can be drawn in units of their own spread, x / √(α² + σ²/s²), so that the cloud keeps its size.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.process import Process

CLOCK_STEPS = 100


def rounded_up(length: float) -> float:
    """The next of 24 evenly spread lengths a decade, in three digits."""
    return float(f"{10 ** (math.ceil(24 * math.log10(length) - 1e-6) / 24):.3g}")


@dataclass(frozen=True, eq=False)
class View:
    """A distribution under a process, `reverse` (noise to data) or forward, perhaps `rescaled`.

    sigmas: how many standard deviations of the noise the window holds.
    """

    distribution: ExactDistribution
    process: Process
    reverse: bool
    rescaled: bool = False
    sigmas: float = 3.3

    @cached_property
    def grid(self) -> Tensor:
        """(CLOCK_STEPS + 1,) times shown at evenly spaced clock coordinates."""
        grid = self.process.grid(CLOCK_STEPS)
        return grid if self.reverse else grid.flip(0)

    def clock(self, ts: Tensor) -> np.ndarray:
        """Clock coordinates in [0, 1], strictly increasing, of times ts in the order of the run."""
        rising = (self.grid.flip(0) if self.reverse else self.grid).numpy()
        at = np.interp(ts.double().numpy(), rising, np.linspace(0, 1, len(rising)))
        at = 1 - at if self.reverse else at
        return np.maximum.accumulate(at + 1e-9 * np.arange(len(at))).clip(0, 1 + 1e-10)

    def frames(self, count: int) -> tuple[Tensor, np.ndarray]:
        """`count` times evenly spread over the clock, in the order of the run, and coordinates."""
        pick = np.linspace(0, CLOCK_STEPS, count).round().astype(int)
        return self.grid[torch.from_numpy(pick)], pick / CLOCK_STEPS

    @cached_property
    def spread(self) -> float:
        """The data's standard deviation about 0, averaged over coordinates."""
        second = self.distribution.covariance.diagonal() + self.distribution.mean.square()
        return float(second.mean().sqrt())

    def unit(self, ts: Tensor) -> Tensor:
        """The length that is drawn as 1 at each of ts, in units of the data; 1 unless rescaled."""
        if not self.rescaled:
            return torch.ones_like(ts)
        spread = max(self.spread, 1e-9)
        return (self.process.alpha(ts) ** 2 + self.process.sigma(ts) ** 2 / spread**2).sqrt()

    def place(self, ts: Tensor, xs: Tensor) -> np.ndarray:
        """Positions xs (F, B, D) at ts (F,) as drawn, (F, B, D) float32."""
        return (xs / self.unit(ts)[:, None, None]).float().numpy()

    @cached_property
    def half_width(self) -> float:
        """Half the side of the window, as drawn: it holds the data and the noise.

        Rounded up to one of 24 lengths a decade, so that the axes stand still under a slider.
        """
        reach = self._reach
        if self.rescaled:
            return rounded_up(max(reach, self.sigmas * self.spread))
        t = torch.tensor(self.process.t_max, dtype=torch.float64)
        noise, kept = float(self.process.sigma(t)), float(self.process.alpha(t))
        return rounded_up(max(reach, ((self.sigmas * noise) ** 2 + (kept * reach) ** 2) ** 0.5))

    @cached_property
    def _reach(self) -> float:
        draws = self.distribution.sample(2000, torch.Generator().manual_seed(0))
        return 1.05 * max(float(draws.abs().max()), 1e-3)

    def mesh(self, side: int, half: float | None = None) -> tuple[np.ndarray, Tensor]:
        """(side,) drawn coordinates along an axis, and the (side², 2) points, rows from below."""
        axis = np.linspace(-1, 1, side) * (half or self.half_width)
        x, y = np.meshgrid(axis, axis)
        return axis, torch.from_numpy(np.stack([x.ravel(), y.ravel()], axis=1)).float()

    def noised(self, t: Tensor) -> ExactDistribution:
        """p_t; for a finite set with at least the noise that can be seen, a 400th of the window."""
        return self.noised_at(t[None])[0]

    def noised_at(self, ts: Tensor) -> list[ExactDistribution]:
        """p_t at each of ts (F,), from memory where it was asked for before."""
        missing = [t for t in ts.tolist() if t not in self._noised]
        if missing:
            times = torch.tensor(missing, dtype=torch.float64)
            floors = 2 * self.half_width * self.unit(times) / 400 if self._is_points else None
            levels = self.process.remember(times)
            for i, (level, _) in enumerate(levels):
                sigma = level.sigma if floors is None else max(level.sigma, float(floors[i]))
                self._noised[missing[i]] = self.distribution.noised(level.alpha, sigma)
        return [self._noised[t] for t in ts.tolist()]

    @cached_property
    def _noised(self) -> dict[float, ExactDistribution]:
        return {}

    @cached_property
    def memory(self) -> dict[Hashable, np.ndarray]:
        """What else has been worked out of the view alone, by what it is: it goes with the view."""
        return {}

    @cached_property
    def _is_points(self) -> bool:
        variances = getattr(self.distribution, "variances", None)
        return variances is not None and float(variances.min()) < 1e-12
