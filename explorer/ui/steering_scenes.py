"""Gradients through a sampler: descent to a target, and the map from noise to data, as scenes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from explorer.data.spec import DistributionSpec
from explorer.diffusion import differentiable
from explorer.diffusion.parametrization import Score
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score
from explorer.figures import steering
from explorer.figures.layers import Clock, Density
from explorer.figures.view import View
from explorer.registry import Values
from explorer.training.pretrain import PRETRAINED
from explorer.ui.cache import cached
from explorer.ui.learned_scenes import model
from explorer.ui.scenes import Scene, clock, plane_density, shared_view, wide_noise

EXACT = "exact"
LANDSCAPE, STRETCHED = 61, 45
"""Points along each side of the noise plane: for the loss, and for the Jacobian."""


@dataclass(frozen=True)
class Way:
    """A map from noise to data: a distribution and a process, a score, a sampler and its noise."""

    distribution: DistributionSpec
    process: ProcessSpec
    network: str
    sampler: str
    values: Values
    steps: int
    seed: int

    @property
    def view(self) -> View:
        wide = wide_noise(self.distribution, self.process)
        return shared_view(self.distribution, self.process, True, wide)

    @property
    def score(self) -> Score:
        """Made anew: an exact score keeps what it was asked in the mode it was asked in."""
        view = self.view
        if self.network == EXACT:
            return exact_score(view.distribution, view.process)
        return model(self.network).score

    @property
    def behind(self) -> Density:
        wide = wide_noise(self.distribution, self.process)
        return plane_density(self.distribution, self.process, True, wide, False)

    def parts(self, x: Tensor) -> tuple:
        """The arguments that the functions of `differentiable` begin with, or share."""
        process, entry = self.view.process, SAMPLERS[self.sampler]
        step = entry.build(dict(self.values))
        return process, self.score, step, x, entry.grid(process, self.steps)


def networks() -> dict[str, str]:
    """Trained networks of two coordinates, name → label."""
    return {
        name: entry.label
        for name, entry in PRETRAINED.items()
        if entry.spec.distribution.build().dim == 2
    }


@dataclass(frozen=True)
class Steered:
    """A descent as a scene, and what came of it: how far the ends lie from the target, at worst."""

    scene: Scene
    first: float
    last: float
    evaluations: int


@cached
def _ends(way: Way) -> Tensor:
    """(S², 2) where each x_T of the noise plane ends."""
    x = steering.mesh_points(way.view, LANDSCAPE)
    process, score, step, x, ts = way.parts(x)
    with torch.inference_mode():
        return differentiable.endpoint(process, score, step, x, ts, way.seed)


@cached
def steered(
    way: Way,
    target: tuple[float, float],
    starts: int,
    iterations: int,
    rate: float,
    scale: float = 1.0,
) -> Steered:
    """x_T of `starts` seeds on their way to where the sampler ends in `target`."""
    view = way.view
    x = view.process.prior((starts, 2), Generator().manual_seed(way.seed))
    process, score, step, x, ts = way.parts(x)
    goal = torch.tensor(target)
    found = differentiable.descend(
        process, score, step, x, goal, ts, iterations=iterations, rate=rate, seed=way.seed
    )
    losses = 0.5 * (_ends(way) - goal).square().sum(dim=1)
    plane = losses.reshape(LANDSCAPE, LANDSCAPE).numpy()
    panes = (
        steering.data_pane(view, found, target, way.behind, scale=scale),
        steering.noise_pane(view, found, plane, scale=scale),
        steering.loss_pane(found, scale=scale),
    )
    dial = Clock("iteration", (0.0, float(iterations)), steps=iterations, digits=0)
    distances = (2 * found.losses).sqrt().amax(dim=1)
    return Steered(
        Scene(panes, dial),
        float(distances[0]),
        float(distances[-1]),
        (iterations + 1) * (len(ts) - 1) * SAMPLERS[way.sampler].cost,
    )


@dataclass(frozen=True)
class Mapped:
    """The map as a scene; quantiles (5 %, 50 %, 95 %) of |det J| at its end, over the prior."""

    scene: Scene
    spread: tuple[float, float, float]


@cached
def mapped(way: Way, scale: float = 1.0) -> Mapped:
    """Lines of the noise carried along, and how much the map stretches each place by then."""
    view = way.view
    process, score, step, x, ts = way.parts(steering.grid_points(view))
    lines = differentiable.path(process, score, step, x, ts, way.seed)
    mesh = steering.mesh_points(view, STRETCHED).double()  # differences need the digits
    unit = view.process.level(view.grid[0]).sigma
    found = differentiable.stretching(
        process, way.score, step, mesh, ts, way.seed, reach=2e-3 * unit
    )
    draws = view.process.prior((300, 2), Generator().manual_seed(1))
    _, slopes = differentiable.jacobian(process, way.score, step, draws, ts, way.seed)
    sizes = torch.linalg.slogdet(slopes).logabsdet.double().exp()
    quantiles = torch.quantile(sizes, torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64))
    low, middle, high = quantiles.tolist()
    panes = (
        steering.warp_pane(view, lines.ts, lines.xs, scale=scale),
        steering.stretch_pane(view, found, STRETCHED, scale=scale),
    )
    return Mapped(Scene(panes, clock(view)), (low, middle, high))
