"""What a network has learned by one step, as panes: its samples, its field, the exact field."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.diffusion.trajectory import exact_score
from explorer.figures import fields, learned, runs, windows
from explorer.figures.layers import Density, Pane
from explorer.figures.learned import Rivals
from explorer.metrics import Reading
from explorer.training.model import Model
from explorer.training.spec import ModelSpec
from explorer.ui.cache import cached
from explorer.ui.learning import PARTICLES, samples
from explorer.ui.scenes import Scene, clock, exact_1d, plane_density, shared_view, truth, wide_noise


@dataclass(frozen=True)
class Look:
    """A scene, and how far the samples in it are from the truth."""

    scene: Scene
    distance: Reading


def look(model: Model, scale: float) -> Look:
    """Samples from the noise that this training always starts from, and both fields."""
    spec = model.spec
    rescaled = wide_noise(spec.distribution, spec.process)
    view = shared_view(spec.distribution, spec.process, True, rescaled)
    rivals = Rivals(view, model.score)
    run = samples(model)
    end = run.xs[-1]
    reading = truth(spec.distribution, PARTICLES).sliced_wasserstein(end)
    colours = runs.mode_colours(view, end)
    title = "Samples, always from the same noise"
    panes: tuple[Pane, ...]
    if view.distribution.dim == 1:
        exact = exact_1d(spec.distribution, spec.process, True, rescaled)
        moving = runs.pane_1d(view, run, colours, exact, link="x", title=title, scale=scale)
        panes = (moving, learned.curves_pane(rivals, scale=scale))
    else:
        plane = windows.plane(view, link="x", scale=scale)
        behind: Density = plane_density(spec.distribution, spec.process, True, rescaled, False)
        moving = runs.pane_2d(view, run, colours, behind, plane=plane, title=title, scale=scale)
        bands = plane_density(spec.distribution, spec.process, True, rescaled, True)
        panes = (moving, *learned.field_panes(rivals, bands, link="x", scale=scale, side=17))
    return Look(Scene(panes, clock(view)), reading)


@cached
def look_back(_model: Model, code: str, step: int, scale: float) -> Look:
    """`look` at a snapshot, known by its training's code and its step."""
    return look(_model, scale)


@cached
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
    rivals = Rivals(view, exact_score(view.distribution, view.process))
    draws = learned.noised_draws(rivals, seed=spec.seed, size=3.5 * scale)
    return Scene(
        (
            Pane(plane, (bands, draws), title="What the network sees: noised data"),
            Pane(plane, (bands, fields.score_arrows(view)), title="What it has to learn"),
        ),
        clock(view),
    )
