"""What a network has learned by one step, as panes: its samples, its field, the exact field."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from torch import Generator, Tensor

from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import Trajectory
from explorer.figures import fields, learned, runs, windows
from explorer.figures.layers import Density, Pane
from explorer.figures.learned import Rivals
from explorer.figures.view import View
from explorer.metrics import Reading
from explorer.training.model import Model
from explorer.training.spec import ModelSpec
from explorer.ui.learning import PARTICLES, SAMPLER, STEPS
from explorer.ui.scenes import Scene, clock, exact_1d, plane_density, shared_view, truth, wide_noise


@dataclass(frozen=True)
class Look:
    """A scene, and how far the samples in it are from the truth."""

    scene: Scene
    distance: Reading


def _noise(view: View, seed: int) -> Tensor:
    return view.process.prior(
        (PARTICLES, view.distribution.dim), Generator().manual_seed(10_000 + seed)
    )


def _run(model: Model, view: View, seed: int) -> Trajectory:
    entry = SAMPLERS[SAMPLER]
    start = _noise(view, seed)
    return race(entry, entry.build(), model.process, model.score, start, STEPS, seed)


def look(model: Model, scale: float) -> Look:
    """Samples from the noise that this training always starts from, and both fields."""
    spec = model.spec
    rescaled = wide_noise(spec.distribution, spec.process)
    view = shared_view(spec.distribution, spec.process, True, rescaled)
    rivals = Rivals(view, model.score)
    run = _run(model, view, spec.seed)
    end = run.xs[-1]
    reading = truth(spec.distribution, PARTICLES).sliced_wasserstein(end)
    colours = runs.mode_colours(view, end)
    title = "Samples, always from the same noise"
    panes: tuple[Pane, ...]
    if view.distribution.dim == 1:
        exact = exact_1d(spec.distribution, spec.process, True, rescaled)
        samples = runs.pane_1d(view, run, colours, exact, link="x", title=title, scale=scale)
        panes = (samples, learned.curves_pane(rivals, scale=scale))
    else:
        plane = windows.plane(view, link="x", scale=scale)
        behind: Density = plane_density(spec.distribution, spec.process, True, rescaled, False)
        samples = runs.pane_2d(view, run, colours, behind, plane=plane, title=title, scale=scale)
        bands = plane_density(spec.distribution, spec.process, True, rescaled, True)
        panes = (samples, *learned.field_panes(rivals, bands, link="x", scale=scale, side=17))
    return Look(Scene(panes, clock(view)), reading)


@st.cache_resource(max_entries=64, show_spinner=False)
def look_back(_model: Model, run: str, step: int, scale: float) -> Look:
    """`look` at a snapshot, known by its training and its step."""
    return look(_model, scale)


@st.cache_resource(max_entries=8, show_spinner=False)
def before(spec: ModelSpec, scale: float) -> Scene:
    """What there is to learn: draws of p_t, and the exact field or curve."""
    rescaled = wide_noise(spec.distribution, spec.process)
    view = shared_view(spec.distribution, spec.process, True, rescaled)
    if view.distribution.dim == 1:
        exact = exact_1d(spec.distribution, spec.process, True, rescaled)
        figure = windows.strip(view, link="x", scale=scale)
        return Scene(
            (Pane(figure, (exact.density, exact.curve), title="To learn: pₜ"),), clock(view)
        )
    bands = plane_density(spec.distribution, spec.process, True, rescaled, True)
    plane = windows.plane(view, link="x", scale=scale)
    draws = learned.noised_draws(Rivals(view, lambda x, t: x), seed=spec.seed, size=3.5 * scale)
    return Scene(
        (
            Pane(plane, (bands, draws), title="What the network sees: noised data"),
            Pane(plane, (bands, fields.score_arrows(view)), title="What it has to learn"),
        ),
        clock(view),
    )
