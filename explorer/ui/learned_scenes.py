"""From the name of a trained model to pictures of what it learned, once for equal requests.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
import torch
from torch import Generator

from explorer.data.distributions import ExactDistribution
from explorer.diffusion.comparison import error_by_time
from explorer.diffusion.likelihood import LEAST_RATIO, log_density
from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import Trajectory
from explorer.figures import fields, learned, learned_charts, learned_samples
from explorer.figures.learned import Rivals
from explorer.figures.stamps import stamp
from explorer.metrics import Reading, Truth
from explorer.training.folders import StoreUnavailable
from explorer.training.model import Model
from explorer.training.pretrain import PRETRAINED, load, training_set
from explorer.training.spec import from_json
from explorer.ui import learning
from explorer.ui.cache import cached
from explorer.ui.pictures import Picture
from explorer.ui.scenes import Scene, clock, plane_density, shared_view, truth, wide_noise

RUN = "run-"
"""What comes before the id of a run that this session's shelf holds."""

PARTICLES = 1000
SAMPLER, STEPS = "dpm", 100
"""The flow itself, as exactly as can be seen: the density that a score stands for is the flow's."""
TIMES = 41


def networks() -> dict[str, str]:
    """What can be looked at, name → label: what comes with the product, and this shelf's runs."""
    names = {name: entry.label for name, entry in PRETRAINED.items()}
    try:
        mine = learning.store().list_runs(learning.shelf())
    except StoreUnavailable as problem:
        st.warning(str(problem))
        return names
    return names | {f"{RUN}{card.id}": f"Mine: {card.name}" for card in mine}


@cached
def model(name: str) -> Model:
    if not name.startswith(RUN):
        return load(name)
    run = learning.store().load(name.removeprefix(RUN))
    return Model.of(from_json(run.spec), run.weights)


@cached
def portrait(name: str) -> bytes:
    """A small picture of the network's samples, PNG."""
    known = model(name)
    return stamp(known.spec.distribution.build(), learning.samples(known).xs[-1])


def rivals_of(name: str) -> Rivals:
    known = model(name)
    distribution, process = known.spec.distribution, known.spec.process
    rescaled = wide_noise(distribution, process)
    return Rivals(shared_view(distribution, process, True, rescaled), known.score)


def truth_of(name: str) -> Truth:
    return truth(model(name).spec.distribution, PARTICLES)


def _behind(name: str) -> fields.Density:
    """The logarithm of p_t on the plane."""
    spec = model(name).spec
    rescaled = wide_noise(spec.distribution, spec.process)
    return plane_density(spec.distribution, spec.process, True, rescaled, True)


@cached
def field_scene(name: str, scale: float = 1.0) -> Scene:
    """The learned field beside the exact one; in 1D both as curves."""
    rivals = rivals_of(name)
    view = rivals.view
    if view.distribution.dim == 1:
        return Scene((learned.curves_pane(rivals, scale=scale),), clock(view))
    bands = _behind(name)
    return Scene(learned.field_panes(rivals, bands, link="x", scale=scale), clock(view))


@dataclass(frozen=True)
class Errors:
    """Where a score errs, a scene in 2D or a chart in 1D, and when; and three figures.

    relative and cosine: in the mean over t.  excess, least: of the loss E‖ε − ε̂‖² over uniform t.
    """

    where: Picture
    when: go.Figure
    relative: float
    cosine: float
    excess: float
    least: float


@cached
def errors(name: str, seed: int, height: int, scale: float = 1.0) -> Errors:
    rivals = rivals_of(name)
    view = rivals.view
    ts = rivals.frames(TIMES)[0].unique()
    found = error_by_time(
        view.process, rivals.learned, rivals.exact, view.distribution, ts, seed=seed
    )
    where: Picture
    if view.distribution.dim == 1:
        where = learned_charts.error_strip(rivals, height=height, scale=scale)
    else:
        where = Scene((learned.error_pane(rivals, seed=seed, link="x", scale=scale),), clock(view))
    return Errors(
        where,
        learned_charts.error_chart(view, found, height=height, scale=scale),
        *(found.mean(v) for v in (found.relative, found.cosine, found.excess, found.least)),
    )


def run_of(name: str, score: Score, seed: int) -> Trajectory:
    view = rivals_of(name).view
    rng = Generator().manual_seed(seed)
    start = view.process.prior((PARTICLES, view.distribution.dim), rng)
    entry = SAMPLERS[SAMPLER]
    return race(entry, entry.build(), view.process, score, start, STEPS, seed + 1)


@dataclass(frozen=True)
class Density:
    """The learned density beside the exact one, and how far its samples are from the truth.

    lost: KL(p ‖ p̂) in nats, and its standard error; None for a finite set, which has no density.
    """

    picture: Picture
    distance: Reading
    lost: tuple[float, float] | None


@cached
def _densities(name: str) -> learned_samples.Densities:
    rivals = rivals_of(name)
    return learned_samples.densities(rivals, side=240 if rivals.view.distribution.dim == 1 else 64)


@cached
def _lost(name: str, draws: int = 400) -> tuple[float, float] | None:
    """KL(p ‖ p̂) in nats by true draws, and its standard error."""
    rivals = rivals_of(name)
    view = rivals.view
    data = view.distribution
    if training_set(model(name).spec) is not None and not has_width(data):
        return None
    x = data.sample(draws, Generator().manual_seed(1))
    noise = LEAST_RATIO * view.spread
    x = x + noise * torch.randn(x.shape, generator=Generator().manual_seed(2))
    ours = log_density(view.process, rivals.learned, x, spread=view.spread)
    gap = data.noised(1.0, noise).log_prob(x) - ours
    return float(gap.mean()), float(gap.std() / draws**0.5)


def has_width(data: ExactDistribution) -> bool:
    draws = data.sample(200, Generator().manual_seed(0))
    return len(draws.unique(dim=0)) == len(draws)


@cached
def density(name: str, with_exact: bool, seed: int, height: int, scale: float = 1.0) -> Density:
    """p̂ at t = 0 beside p, with samples that follow the learned score or the exact one."""
    rivals = rivals_of(name)
    view = rivals.view
    run = run_of(name, rivals.exact if with_exact else rivals.learned, seed)
    end, known = run.xs[-1], _densities(name)
    whose = "the exact score" if with_exact else "the learned score"
    picture: Picture
    if view.distribution.dim == 1:
        picture = learned_charts.density_chart(
            known, end[:, 0].numpy(), f"samples by {whose}", height=height, scale=scale
        )
    else:
        panes = learned_samples.density_panes(
            rivals, known, run, note=f"Samples by {whose}", scale=scale
        )
        picture = Scene(panes, clock(view))
    return Density(picture, truth_of(name).sliced_wasserstein(end), _lost(name))
