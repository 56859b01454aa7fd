"""The mathematics as pictures and figures, once for equal requests of all sessions.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.spec import DistributionSpec
from explorer.diffusion.bound import Bound, Posterior, posterior, variational_bound
from explorer.diffusion.chain import largest_gap, step_by_step
from explorer.diffusion.likelihood import log_density
from explorer.diffusion.process import Level
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.figures import bound as charts
from explorer.figures.bound import Rung
from explorer.figures.layers import Clock
from explorer.figures.mathematics import closed_form_pane, noise_pane
from explorer.figures.palette import BLUE, GREEN, PURPLE, VERMILLION
from explorer.figures.targets import Taught, targets_pane
from explorer.figures.view import View
from explorer.ui import learned_scenes
from explorer.ui.cache import cached
from explorer.ui.scenes import Scene, clock, shared_view, wide_noise

WALKERS = 20_000
BETA_START = 1e-4


def chain(steps: int, beta_end: float) -> LinearDDPM:
    """The note's chain, of another length perhaps, or with another end."""
    return LinearDDPM(steps, BETA_START, beta_end)


@dataclass(frozen=True)
class ClosedForm:
    """The scene; the largest gap between distribution functions; mean and spread at the end."""

    scene: Scene
    gap: float
    mean: tuple[float, float]
    std: tuple[float, float]


@cached
def closed_form(steps: int, beta_end: float, x0: float, seed: int, scale: float) -> ClosedForm:
    """Both ways to x_t from one x_0; mean and std at t = T, of the walkers and in closed form."""
    process = chain(steps, beta_end)
    run = step_by_step(process, torch.full((WALKERS, 1), x0), Generator().manual_seed(seed))
    level = process.level(torch.tensor(1.0, dtype=torch.float64))
    end = run.xs[-1].double()
    ticks = tuple(i * steps / 100 for i in range(101))
    return ClosedForm(
        Scene((closed_form_pane(process, x0, run, scale=scale),), Clock("step t", ticks, digits=0)),
        largest_gap(run, process, x0),
        (float(end.mean()), level.alpha * x0),
        (float(end.std()), level.sigma),
    )


@dataclass(frozen=True)
class Step:
    """The posterior of one step of the chain, and the levels at both its ends."""

    posterior: Posterior
    now: Level
    then: Level


def step_of(process: LinearDDPM, t: int) -> Step:
    """From t to t − 1, both counted in steps."""
    now, then = (process.level(torch.tensor(i / process.steps).double()) for i in (t, t - 1))
    return Step(posterior(now, then), now, then)


@dataclass(frozen=True)
class Bounds:
    """The bound by the exact score and by a network.

    entropy: −E log p(x_0) on the same points, None for a finite set.  flow: −E log p̂ along the
    network's probability flow.  Both with standard errors.  gap: of exact bound over entropy,
    paired, so that its error is smaller than theirs.
    """

    exact: Bound
    learned: Bound
    dim: int
    entropy: tuple[float, float] | None
    flow: tuple[float, float] | None
    gap: tuple[float, float] | None


def _mean(values: Tensor) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def points_for(steps: int) -> int:
    """How many points a bound is averaged over: fewer for longer chains."""
    return max(500, min(2000, 200_000 // steps))


@cached
def bounds(name: str, steps: int, variance: str, seed: int) -> Bounds:
    """Both bounds on the same points with the same noise."""
    model = learned_scenes.model(name)
    data, process = model.spec.distribution.build(), model.process
    x0 = data.sample(points_for(steps), Generator().manual_seed(seed))
    grid = process.grid(steps)
    with torch.inference_mode():
        exact, learned = (
            variational_bound(
                process, score, x0, grid, Generator().manual_seed(seed + 1), variance=variance
            )
            for score in (exact_score(data, process), model.score)
        )
    if not learned_scenes.has_width(data):
        return Bounds(exact, learned, data.dim, None, None, None)
    surprise = -data.log_prob(x0.double())
    spread = float((data.covariance.diagonal() + data.mean.square()).mean().sqrt())
    flow = -log_density(process, model.score, x0[:300], spread=spread, steps=24)
    # the same 300 points are no harder or easier for the flow than they are for the truth
    mean, error = _mean(flow - surprise[:300])
    entropy = _mean(surprise)
    return Bounds(
        exact,
        learned,
        data.dim,
        entropy,
        (entropy[0] + mean, error),
        _mean(exact.total - surprise),
    )


def ladder(known: Bounds) -> list[Rung]:
    """What is compared, from the lowest that theory allows upwards."""
    rungs = []
    if known.entropy and known.flow:
        rungs.append(Rung("Entropy of the data", known.entropy[0], 0.0, GREEN))
        rungs.append(Rung("Network, along its flow", *known.flow, PURPLE))
    base = known.entropy[0] if known.entropy and known.gap else None
    exact, learned = known.exact.total, known.learned.total
    if base is None or known.gap is None:
        rungs.append(Rung("Bound, exact score", *_mean(exact), BLUE))
        rungs.append(Rung("Bound, network", *_mean(learned), VERMILLION))
        return rungs
    rungs.append(Rung("Bound, exact score", base + known.gap[0], known.gap[1], BLUE))
    excess, error = _mean(learned - exact)
    above = base + known.gap[0] + excess
    rungs.append(Rung("Bound, network", above, (error**2 + known.gap[1] ** 2) ** 0.5, VERMILLION))
    return rungs


@cached
def bound_charts(
    name: str, steps: int, variance: str, seed: int, height: int, scale: float
) -> tuple[go.Figure, go.Figure]:
    """The terms by time, and the ladder of totals."""
    known = bounds(name, steps, variance, seed)
    return (
        charts.terms_chart(known.exact, known.learned, height=height, scale=scale),
        charts.ladder_chart(ladder(known), height=height, scale=scale),
    )


@cached
def noise_scene(
    distribution: DistributionSpec, process: ProcessSpec, seed: int, scale: float
) -> tuple[Scene, float]:
    """(x_t, ε) among the two curves, and how far the curves are apart."""
    rescaled = wide_noise(distribution, process)
    view: View = shared_view(distribution, process, False, rescaled)
    pane, apart = noise_pane(view, seed=seed, scale=scale)
    return Scene((pane,), clock(view)), apart


@cached
def targets_scene(
    distribution: DistributionSpec, process: ProcessSpec, seed: int, scale: float
) -> tuple[Scene, Taught]:
    """Single targets, their mean and the score at places of the plane."""
    view = shared_view(distribution, process, False, wide_noise(distribution, process))
    taught = targets_pane(mixture_of(distribution), view, seed=seed, scale=scale)
    return Scene((taught.pane,), clock(view)), taught


def mixture_of(distribution: DistributionSpec) -> GaussianMixture:
    """The distribution, if it is a Gaussian mixture; ValueError for any other."""
    built = distribution.build()
    if not isinstance(built, GaussianMixture):
        raise ValueError(f"{distribution.name} is no Gaussian mixture; choose one of {MIXTURES}")
    return built


MIXTURES = ("ring", "tutorial", "blobs", "points")
"""Distributions in the plane of which all that is said of targets is known exactly."""
