"""From specs to panes, computed once for equal requests of all sessions.

Every function here is a pure function of names, numbers and a seed. What it returns is shared
between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator

from explorer.data import mixture_stack
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import forward
from explorer.figures import fields, runs, windows
from explorer.figures.layers import Arrows, Clock, Density, Pane, Particles
from explorer.figures.view import CLOCK_STEPS, View
from explorer.metrics import Truth
from explorer.ui.cache import cached

TUTORIAL_PATHS = 200

# Sessions share the cores: one thread each beats two that wait for each other by ten times.
torch.set_num_threads(1)


@dataclass(frozen=True)
class Scene:
    """Panes on one clock."""

    panes: tuple[Pane, ...]
    clock: Clock


def clock(view: View) -> Clock:
    return Clock("t", tuple(view.grid.tolist()), steps=CLOCK_STEPS)


@cached(grows=True)
def shared_view(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool
) -> View:
    return View(distribution.build(), process.build(), reverse, rescaled)


@cached
def plane_density(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool, log: bool
) -> Density:
    """p_t on the plane, which no change of seed, steps or sampler touches."""
    return fields.density(shared_view(distribution, process, reverse, rescaled), log=log)


@cached
def _survey(distribution: DistributionSpec, process: ProcessSpec, rescaled: bool) -> fields.Survey:
    return fields.survey(shared_view(distribution, process, True, rescaled))


@cached
def exact_1d(
    distribution: DistributionSpec, process: ProcessSpec, reverse: bool, rescaled: bool
) -> runs.Exact1D:
    """p_t on the line, likewise."""
    return runs.exact_1d(shared_view(distribution, process, reverse, rescaled))


@cached
def truth(distribution: DistributionSpec, particles: int) -> Truth:
    return Truth.of(distribution.build(), particles)


@cached
def forward_scene(
    distribution: DistributionSpec,
    process: ProcessSpec,
    particles: int,
    seed: int,
    rescaled: bool,
    scale: float = 1.0,
) -> Scene:
    """Data becoming noise: 1D paths and histogram, or a 2D cloud beside its exact density."""
    view = shared_view(distribution, process, False, rescaled)
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(particles, rng)
    run = forward(view.process, x0, view.grid, rng)
    colours = runs.mode_colours(view, x0)
    if view.distribution.dim == 1:
        pane = runs.pane_1d(
            view,
            run,
            colours,
            exact_1d(distribution, process, False, rescaled),
            link="x",
            title="Paths over the exact density, and their histogram",
            paths=TUTORIAL_PATHS,
            scale=scale,
        )
        return Scene((pane,), clock(view))
    plane = windows.plane(view, link="x", scale=scale)
    cloud = runs.pane_2d(
        view, run, colours, None, plane=plane, title="Particles", trail=6, scale=scale
    )
    bands = plane_density(distribution, process, False, rescaled, True)
    exact = Pane(plane, (bands,), title="Logarithm of the exact density")
    return Scene((cloud, exact), clock(view))


@cached
def score_scene(
    distribution: DistributionSpec,
    process: ProcessSpec,
    at: str,
    by_mode: bool,
    seed: int,
    rescaled: bool,
    scale: float = 1.0,
) -> Scene:
    """∇ log p_t on a grid or at samples over log p_t, and the modes' shares in it."""
    view = shared_view(distribution, process, True, rescaled)
    bands = plane_density(distribution, process, True, rescaled, True)
    seen = _survey(distribution, process, rescaled)
    field = fields.score_arrows(view) if at == "grid" else None
    layers = (bands, field) if field else (bands, *_at_samples(view, seed))
    plane = windows.plane(view, link="x", scale=scale)
    whole = Pane(
        plane,
        (*layers, fields.readout(seen)),
        title="Score over the logarithm of the density",
    )
    if not by_mode:
        return Scene((whole,), clock(view))
    parts = Pane(
        plane,
        (fields.participation(seen), *fields.mode_arrows(view)),
        title="Each mode's score × its participation",
    )
    return Scene((whole, parts), clock(view))


def _at_samples(view: View, seed: int, count: int = 150) -> tuple[Particles, Arrows]:
    """Draws that follow x_t = α x_0 + σ ε with fixed ε, and the score at each draw."""
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(count, rng)
    noise = torch.randn(x0.shape, generator=rng)
    ts, times = view.frames(fields.FRAMES)
    alphas, sigmas = view.process.alpha(ts), view.process.sigma(ts)
    xs = (alphas[:, None, None] * x0 + sigmas[:, None, None] * noise).float()
    scores = mixture_stack.scores(view.noised_at(ts), xs)
    feet = view.place(ts, xs)
    vectors = fields.shortened(scores.numpy(), 0.11 * view.half_width)
    points = Particles(times, feet, colours=runs.mode_colours(view, x0), size=5)
    return points, Arrows(times, feet, vectors)


def wide_noise(distribution: DistributionSpec, process: ProcessSpec) -> bool:
    """Whether the noise dwarfs the data so far that positions are better drawn rescaled."""
    view = shared_view(distribution, process, False, False)
    t = torch.tensor(view.process.t_max, dtype=torch.float64)
    return float(view.process.sigma(t)) > 4 * max(view.spread, 1e-9)
