"""Estimates of a density from n points, and what each is worth, once for equal requests.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import plotly.graph_objects as go
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.estimators import (
    Estimate,
    cross_validated,
    histogram,
    kernel_density,
    scott,
    silverman,
)
from explorer.data.spec import DistributionSpec
from explorer.diffusion.likelihood import log_density
from explorer.figures.density import Curve, Drawn, curves_chart, sizes_chart
from explorer.figures.density_panes import panes_chart
from explorer.metrics import Reading
from explorer.training import density_networks as shipped
from explorer.training.model import Model
from explorer.training.pretrain import training_set
from explorer.ui.cache import cached
from explorer.ui.scenes import truth

OWN = ("own-1d", "own-2d")
SETS = {
    **{name: DISTRIBUTIONS[name].label for name in shipped.DATA},
    **{name: f"{DISTRIBUTIONS[name].label}, {name[-2:].upper()}" for name in OWN},
}
RULES: dict[str, tuple[str, Callable[[Tensor], float]]] = {
    "cv": ("Cross-validated", cross_validated),
    "scott": ("Scott's rule", lambda points: scott(*points.shape)),
    "silverman": ("Silverman's rule", lambda points: silverman(*points.shape)),
}


@dataclass(frozen=True)
class Choice:
    """What is estimated, from how many points, and how the classical estimates are set.

    data: one of `SETS`; networks come with the app for those that are not `OWN`.
    bins: along each axis, 0 for automatic.  rule: of `RULES`, or "own" with this `factor`.
    """

    data: DistributionSpec
    size: int
    bins: int
    rule: str
    factor: float


@dataclass(frozen=True, eq=False)
class Ground:
    """The truth: mesh (S^D, D) and its axis (S,), log p on it and of the held-out draws."""

    axis: np.ndarray
    mesh: Tensor
    held_out: Tensor
    log_mesh: Tensor
    log_held_out: Tensor


@dataclass(frozen=True, eq=False)
class Row:
    """An estimate: its log-density on the mesh and at the held-out draws, and its samples."""

    key: str
    label: str
    mesh: Tensor
    held_out: Tensor
    distance: Reading


@cached
def ground(data: DistributionSpec) -> Ground:
    distribution = data.build()
    axes, mesh = shipped.mesh(distribution)
    test = shipped.held_out(distribution)
    return Ground(
        axes[0].numpy(), mesh, test, distribution.log_prob(mesh), distribution.log_prob(test)
    )


@cached
def points_of(data: DistributionSpec, size: int) -> Tensor:
    """The (n, D) points that every estimate is made of; the networks were trained on them."""
    found = training_set(shipped.training_of(data, size, "short"))
    if found is None:
        raise ValueError(f"{data.name} has no training set; give a size above 0")
    return found


def _row(key: str, label: str, data: DistributionSpec, made: Estimate) -> Row:
    known = ground(data)
    samples = made.sample(shipped.DRAWN, Generator().manual_seed(1))
    reading = truth(data, shipped.DRAWN).sliced_wasserstein(samples)
    return Row(key, label, made.log_prob(known.mesh), made.log_prob(known.held_out), reading)


@cached
def histogram_row(data: DistributionSpec, size: int, bins: int) -> Row:
    made = histogram(points_of(data, size), bins)
    return _row("histogram", f"Histogram, {' × '.join(map(str, made.bins))}", data, made)


@cached
def kernel_row(data: DistributionSpec, size: int, rule: str, factor: float) -> Row:
    points = points_of(data, size)
    width = factor if rule == "own" else RULES[rule][1](points)
    return _row("kernel", f"Kernels, {width:.3g} σ", data, kernel_density(points, width))


@cached
def network_row(data: DistributionSpec, size: int, kind: str) -> Row:
    """Of a network that comes with the app: what its flow stands for was computed with it."""
    known = shipped.load_known(data.name, size, kind)
    reading = truth(data, shipped.DRAWN).sliced_wasserstein(known.samples)
    steps = f"{shipped.steps_of(kind):,} steps"
    label = f"Diffusion, ours, {steps}" if kind == shipped.OURS else f"Diffusion, {steps}"
    return Row(kind, label, known.mesh, known.held_out, reading)


def kinds_for(data: DistributionSpec) -> tuple[str, ...]:
    """The networks that come with the app for these data."""
    return shipped.KINDS if data.name in shipped.DATA else ()


def rows_of(choice: Choice) -> tuple[Row, ...]:
    return (
        histogram_row(choice.data, choice.size, choice.bins),
        kernel_row(choice.data, choice.size, choice.rule, choice.factor),
        *(network_row(choice.data, choice.size, kind) for kind in kinds_for(choice.data)),
    )


@cached
def picture(choice: Choice, height: int, scale: float) -> go.Figure:
    """All estimates beside the truth."""
    known, rows = ground(choice.data), rows_of(choice)
    drawn = [
        Drawn("truth", "Truth", known.log_mesh.numpy()),
        *(Drawn(row.key, row.label, row.mesh.numpy()) for row in rows),
    ]
    points = points_of(choice.data, choice.size).numpy()
    if points.shape[1] == 1:
        return curves_chart(known.axis, drawn, points[:, 0], height=height, scale=scale)
    return panes_chart(known.axis, drawn, points, height=height, scale=scale)


def in_nats(values: Tensor) -> tuple[float, float]:
    """Mean and standard error."""
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def rows(choice: Choice) -> list[dict[str, str]]:
    """The estimates' figures, as a table's rows."""
    known = ground(choice.data)
    best = in_nats(known.log_held_out)
    told = [_told("Truth", _nats(*best), "0", 1.0)]
    for row in rows_of(choice):
        mean, error = in_nats(row.held_out)
        lost, apart = in_nats(known.log_held_out - row.held_out)  # paired: most of the luck cancels
        told.append(_told(row.label, _nats(mean, error), _nats(lost, apart), row.distance.ratio))
    return told


def _told(label: str, held_out: str, lost: str, ratio: float) -> dict[str, str]:
    return {
        "Estimate": label,
        "Held-out log-likelihood": held_out,
        "Below the truth": lost,
        "Wasserstein ÷ floor": f"{ratio:.1f}",
    }


def _nats(mean: float, error: float) -> str:
    return f"{mean:.3f} ± {error:.3f}".replace("-", "−")


@cached
def by_size(choice: Choice, height: int, scale: float) -> go.Figure:
    """Held-out log-likelihood of every estimate at each number of points."""
    known = ground(choice.data)
    best = float(known.log_held_out.mean())
    curves = [Curve("truth", "Truth", (best,) * 3, (0.0,) * 3)]
    makers: list[tuple[str, str, Callable[[int], Row]]] = [
        ("histogram", "Histogram", lambda n: histogram_row(choice.data, n, choice.bins)),
        ("kernel", "Kernels", lambda n: kernel_row(choice.data, n, choice.rule, choice.factor)),
    ]
    for kind in kinds_for(choice.data):
        make_row = partial(network_row, choice.data, kind=kind)
        makers.append((kind, f"Diffusion, {kind}", make_row))
    for key, label, make in makers:
        lost = [in_nats(known.log_held_out - make(n).held_out) for n in shipped.SIZES]
        means, errors = zip(*((best - mean, error) for mean, error in lost), strict=True)
        curves.append(Curve(key, label, means, errors))
    return sizes_chart(shipped.SIZES, curves, height=height, scale=scale)


@cached
def asked(_model: Model, code: str, step: int, data: DistributionSpec) -> tuple[float, float]:
    """How far below the truth a network trained here is, on 300 held-out draws, by its flow.

    Known by its training's code and step.
    """
    known = ground(data)
    distribution = data.build()
    second = distribution.covariance.diagonal() + distribution.mean.square()
    found = log_density(
        _model.process,
        _model.score,
        known.held_out[:300],
        spread=float(second.mean().sqrt()),
        steps=24,
    )
    return in_nats(known.log_held_out[:300] - found)
