"""The one loop: walk a grid of times with a sampler's step and keep what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Generator, Tensor

from explorer.data.distributions import ExactDistribution
from explorer.data.noising import noised_at
from explorer.diffusion.parametrization import Score
from explorer.diffusion.process import Process
from explorer.diffusion.steps import Step, StepResult


@dataclass(frozen=True)
class Trajectory:
    """Particles over time: ts (S+1,), xs (S+1, B, *D), x0_hats (S, B, *D) or None.

    `evaluations` counts calls of the score on the whole batch, `taken` the steps where not the
    state after each is kept.
    """

    ts: Tensor
    xs: Tensor
    x0_hats: Tensor | None = None
    evaluations: int = 0
    taken: int | None = None

    @property
    def steps(self) -> int:
        return len(self.ts) - 1


KEPT = 2048


class CountedScore:
    """A score that counts its calls."""

    def __init__(self, score: Score) -> None:
        self._score, self.calls = score, 0

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.calls += 1
        return self._score(x, t)


def exact_score(
    distribution: ExactDistribution, process: Process, ts: Tensor | None = None
) -> Score:
    """(x, t) → ∇ log p_t(x) of the diffused distribution, for t of shape ().

    It keeps each p_t, since samplers that race from one start ask at the same times.
    ts: (S,) times that will be asked for, if known: all together they are ready sooner.
    """
    kept: dict[float, ExactDistribution] = {}
    if ts is not None:
        levels = [level for level, _ in process.remember(ts)]
        kept.update(zip(ts.tolist(), noised_at(distribution, levels), strict=True))

    def score(x: Tensor, t: Tensor) -> Tensor:
        time = float(t)
        noised = kept.get(time)
        if noised is None:
            noised = distribution.noised(*process.level(t))
            if len(kept) >= KEPT:
                kept.clear()
            kept[time] = noised
        return noised.score(x)

    return score


def walk(
    process: Process, score: Score, step: Step, x: Tensor, ts: Tensor, rng: Generator
) -> Iterator[tuple[Tensor, StepResult]]:
    """The times reached and the results of `step` along the decreasing grid ts, one by one."""
    past: tuple[Tensor, StepResult] | None = None
    process.remember(ts)
    for t, s in pairwise(ts):
        result = step(process, score, x, t, s, rng, past)
        past, x = (t, result), result.x
        yield s, result


def simulate(
    process: Process,
    score: Score,
    step: Step,
    x: Tensor,
    ts: Tensor,
    rng: Generator,
    *,
    most: int | None = None,
) -> Trajectory:
    """The whole trajectory from x at ts[0] to ts[-1]; an adaptive step adds its own times.

    most: if given, at most so many states are kept, evenly over the steps, and no estimates.
    """
    counted = CountedScore(score)
    results = walk(process, counted, step, x, ts, rng)
    if most is None:
        return _trajectory(x, ts, list(results), counted.calls)
    kept = set(evenly(len(ts) - 1, most))
    few = [(s, StepResult(r.x, _inner(r))) for k, (s, r) in enumerate(results, 1) if k in kept]
    times, states = _states(x, ts, few)
    taken = len(ts) - 1 if len(times) == len(few) + 1 else len(times) - 1
    index = evenly(len(times) - 1, most)
    return Trajectory(times[index], states[index], None, counted.calls, taken)


def evenly(steps: int, most: int) -> list[int]:
    """At most `most` whole numbers, evenly over 0 to `steps` and both of them among them."""
    spaces = min(max(most, 2), steps + 1) - 1
    return [round(k * steps / spaces) for k in range(spaces + 1)] if spaces else [0]


def _inner(result: StepResult) -> dict[str, Any]:
    return {"inner": result.info["inner"]} if "inner" in result.info else {}


def _states(
    x: Tensor, ts: Tensor, walked: Sequence[tuple[Tensor, StepResult]]
) -> tuple[Tensor, Tensor]:
    """The times (S+1,) and states (S+1, B, *D) of x and of the results, with their inner ones."""
    times, states = [ts[:1]], [x[None]]
    for s, result in walked:
        inner = result.info.get("inner")
        times.append(inner[0] if inner else s[None])
        states.append(inner[1] if inner else result.x[None])
    return torch.cat(times), torch.cat(states)


def _trajectory(
    x: Tensor, ts: Tensor, walked: Sequence[tuple[Tensor, StepResult]], calls: int
) -> Trajectory:
    times, states = _states(x, ts, walked)
    adaptive = len(times) > len(walked) + 1
    estimates = None if adaptive else torch.stack([r.info["x0_hat"] for _, r in walked])
    return Trajectory(times, states, estimates, calls)


class _Foreseen(CountedScore):
    """A score that was computed already where it is asked first in each step."""

    def __init__(self, score: Score) -> None:
        super().__init__(score)
        self.known: tuple[Tensor, float, Tensor] | None = None
        """x, t and the score there."""

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        if self.known is None or x is not self.known[0] or float(t) != self.known[1]:
            return super().__call__(x, t)
        self.calls += 1
        return self.known[2]


def simulate_together(
    process: Process,
    score: Score,
    steps: Sequence[Step],
    x: Tensor,
    ts: Tensor,
    rngs: Sequence[Generator],
) -> list[Trajectory]:
    """What `simulate` gives of each of `steps`, from one x (B, *D) over one grid, in lock-step.

    What all of them ask first at each time is evaluated at once: for a small network a call on all
    their particles costs little more than one on those of a single sampler.
    """
    foreseen = [_Foreseen(score) for _ in steps]
    lanes = zip(foreseen, steps, rngs, strict=True)
    walks = [walk(process, known, step, x, ts, rng) for known, step, rng in lanes]
    walked: list[list[tuple[Tensor, StepResult]]] = [[] for _ in steps]
    states = [x] * len(steps)
    for t in ts[:-1].unbind():
        same = all(state is states[0] for state in states)
        asked = states[:1] if same else states
        found = score(torch.cat(asked), t).split(len(x))
        for k, one in enumerate(foreseen):
            one.known = (states[k], float(t), found[0 if same else k])
            walked[k].append(next(walks[k]))
            states[k] = walked[k][-1][1].x
    return [_trajectory(x, ts, w, one.calls) for w, one in zip(walked, foreseen, strict=True)]


def sample(
    process: Process, score: Score, step: Step, x: Tensor, ts: Tensor, rng: Generator
) -> Tensor:
    """Only where the trajectory ends, (B, *D): no states are kept."""
    for _, result in walk(process, score, step, x, ts, rng):
        x = result.x
    return x


def forward(process: Process, x0: Tensor, ts: Tensor, rng: Generator) -> Trajectory:
    """Paths of the forward SDE from x0 (B, *D) along increasing times ts, ts[0] = 0.

    Drawn from the exact transitions x_t = α_{t|s} x_s + N(0, σ_t² − α_{t|s}² σ_s²), so that the
    distribution at every t is right whatever the grid.
    """
    alphas, variances = process.alpha(ts), process.sigma(ts) ** 2
    keeps = alphas[1:] / alphas[:-1]
    spreads = (variances[1:] - keeps**2 * variances[:-1]).clamp_min(0).sqrt()
    xs = [x0]
    for keep, spread in zip(keeps, spreads, strict=True):
        noise = torch.randn(x0.shape, generator=rng, dtype=x0.dtype, device=x0.device)
        xs.append(keep * xs[-1] + spread * noise)
    return Trajectory(ts, torch.stack(xs))
