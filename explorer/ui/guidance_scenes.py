"""Guidance on data in classes, exact or learned: runs side by side, fields, densities, scales."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.data.labelled import LABELLED, of_class
from explorer.diffusion.guidance import Schedule, guided, interval
from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import Trajectory, exact_score
from explorer.figures import guidance, guidance_charts, runs
from explorer.figures.guidance import Classes
from explorer.figures.layers import Pane
from explorer.figures.view import View
from explorer.metrics import Reading, Truth, mode_coverage, sliced_wasserstein
from explorer.training.labelled import BUNDLED, LabelledModel, load
from explorer.ui.cache import cached
from explorer.ui.pictures import Picture
from explorer.ui.scenes import Scene, clock

STEPS = {"heun": 40, "ddpm": 120}
"""How many steps each of the offered samplers takes."""
PARTICLES = 800
NETWORK_PROCESS = ProcessSpec(BUNDLED["branches"].process)


@dataclass(frozen=True)
class Guide:
    """What is guided and how.

    data: of `LABELLED`.  label: the class asked for.  scale: w.  blur: the standard deviation by
    which the weaker exact model is blurred, in units of the data.  within: σ/α between which
    guidance acts, or None for everywhere.  network: whether the scores are learned.
    """

    data: str
    process: ProcessSpec
    label: int
    scale: float
    blur: float
    within: tuple[float, float] | None
    network: bool
    sampler: str
    seed: int


@dataclass(frozen=True, eq=False)
class Trio:
    """The scores that guidance is made of."""

    unconditional: Score
    conditional: Score
    weak: Score


@cached(grows=True)
def classes_of(data: str, process: ProcessSpec, label: int) -> Classes:
    mixture = LABELLED[data].build()
    plain = View(of_class(mixture, label), process.build(), True)
    t = torch.tensor(plain.process.t_max, dtype=torch.float64)
    wide = float(plain.process.sigma(t)) > 4 * plain.spread
    return Classes(mixture, label, View(plain.distribution, plain.process, True, wide))


@cached
def networks() -> tuple[LabelledModel, LabelledModel]:
    return load("branches")


def trio(guide: Guide) -> Trio:
    """Made anew, for exact scores keep what they were asked before in the mode they were asked."""
    if guide.network:
        final, early = networks()
        return Trio(final.score(), final.score(guide.label), early.score(guide.label))
    classes = classes_of(guide.data, guide.process, guide.label)
    process, conditional = classes.view.process, classes.conditional
    return Trio(
        exact_score(classes.mixture, process),
        exact_score(conditional, process),
        exact_score(conditional.noised(1.0, guide.blur), process),
    )


def scale_of(guide: Guide) -> float | Schedule:
    if guide.within is None:
        return guide.scale
    return interval(guide.process.build(), guide.scale, *guide.within)


def run_of(guide: Guide, score: Score, count: int = PARTICLES, copies: int = 1) -> Trajectory:
    """`count` particles from the noise of the seed; `copies` sets of them from the same noise."""
    process, dim = guide.process.build(), LABELLED[guide.data].dim
    start = process.prior((count, dim), Generator().manual_seed(guide.seed)).repeat(copies, 1)
    entry = SAMPLERS[guide.sampler]
    steps = STEPS[guide.sampler]
    return race(entry, entry.build(), process, score, start, steps, guide.seed + 1)


@cached
def _truth(data: str, label: int, count: int) -> Truth:
    return Truth.of(of_class(LABELLED[data].build(), label), count)


@dataclass(frozen=True)
class Row:
    """How one method's samples compare with the class.

    shift: ‖mean − true mean‖ in units of the data.  spread: of the total standard deviation, over
    the truth's.  found, modes: of its components.  strays: the share where the class hardly is.
    """

    label: str
    distance: Reading
    shift: float
    spread: float
    found: int
    modes: int
    strays: float


def row_of(guide: Guide, label: str, x: Tensor) -> Row:
    classes = classes_of(guide.data, guide.process, guide.label)
    target = classes.conditional
    coverage = mode_coverage(x, target)
    return Row(
        label,
        _truth(guide.data, guide.label, len(x)).sliced_wasserstein(x),
        float((x.mean(dim=0) - target.mean).norm()),
        float((x.var(dim=0).sum() / target.covariance.diagonal().sum()).sqrt()),
        coverage.found,
        len(coverage.truth),
        float(classes.stray(x).float().mean()),
    )


@dataclass(frozen=True)
class Lanes:
    scene: Scene
    rows: tuple[Row, ...]


@cached
def lanes(guide: Guide, scale: float = 1.0) -> Lanes:
    """The class's own score, classifier-free guidance and autoguidance from one start."""
    return lanes_of(guide, trio(guide), PARTICLES, scale)


def lanes_of(guide: Guide, scores: Trio, count: int, scale: float) -> Lanes:
    """`lanes` of `count` particles by any scores."""
    w = scale_of(guide)
    classes = classes_of(guide.data, guide.process, guide.label)
    methods = (
        ("No guidance, w = 1", scores.conditional),
        (
            f"Classifier-free, w = {guide.scale:g}",
            guided(scores.unconditional, scores.conditional, w),
        ),
        (f"Autoguidance, w = {guide.scale:g}", guided(scores.weak, scores.conditional, w)),
    )
    exact = runs.exact_1d(classes.view) if classes.mixture.dim == 1 else None
    panes, rows = [], []
    for title, score in methods:
        run = run_of(guide, score, count)
        row = row_of(guide, title, run.xs[-1])
        note = f"strays {row.strays:.1%} (vermillion) · modes found {row.found} of {row.modes}"
        if exact is None:
            pane = guidance.cloud(classes, run, title=title, note=note, link="x", scale=scale)
        else:
            colours = runs.mode_colours(classes.view, run.xs[-1])
            pane = runs.pane_1d(
                classes.view, run, colours, exact, link="x", title=title, note=note, scale=scale
            )
        panes.append(pane)
        rows.append(row)
    return Lanes(Scene(tuple(panes), clock(classes.view)), tuple(rows))


@cached
def field(guide: Guide, scale: float = 1.0) -> Scene:
    """The guided field and its push, or in 1D the three scores as curves."""
    scores = trio(guide)
    classes = classes_of(guide.data, guide.process, guide.label)
    whole = guided(scores.unconditional, scores.conditional, scale_of(guide))
    panes: tuple[Pane, ...]
    if classes.mixture.dim == 1:
        curves = (
            ("unconditional", scores.unconditional, 7),
            ("conditional", scores.conditional, 0),
            (f"guided, w = {guide.scale:g}", whole, 1),
        )
        panes = (guidance.curves_pane(classes, curves, scale=scale),)
    else:
        panes = guidance.field_panes(
            classes, whole, scores.unconditional, scores.conditional, link="x", scale=scale
        )
    return Scene(panes, clock(classes.view))


@dataclass(frozen=True)
class Densities:
    """p(x) p(c | x)^w against what is drawn: a picture, the spreads of both, and their distance."""

    picture: Picture
    tilted_std: float
    drawn_std: float
    distance: Reading


@cached
def densities(guide: Guide, height: int, scale: float = 1.0) -> Densities:
    scores = trio(guide)
    classes = classes_of(guide.data, guide.process, guide.label)
    count = 4000 if classes.mixture.dim == 1 else 1000
    score = guided(scores.unconditional, scores.conditional, scale_of(guide))
    run = run_of(guide, score, count)
    side = 1200 if classes.mixture.dim == 1 else 240
    draws, log, axis = guidance.tilted_draws(classes, guide.scale, 2 * count, side=side)
    one, other = draws.split(count)
    measured = Reading(*(sliced_wasserstein(x, one) for x in (run.xs[-1], other)))
    picture: Picture
    if classes.mixture.dim == 1:
        picture = guidance_charts.density_chart(
            classes, run.xs[-1][:, 0].numpy(), log, axis, height=height, scale=scale
        )
    else:
        panes = guidance.density_panes(classes, run, one, log, link="x", scale=scale)
        picture = Scene(panes, clock(classes.view))
    tilted, drawn = (float(x.var(dim=0).sum().sqrt()) for x in (one, run.xs[-1]))
    return Densities(picture, tilted, drawn, measured)
