"""Seeds and where they end: maps of the plane of x_T, and many runs from one of its points.

What these functions return is shared between sessions and must not be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.diffusion.process import Process
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.seeds import chance, disagreement, seed_mesh
from explorer.diffusion.trajectory import Trajectory, sample
from explorer.figures import latents as figures
from explorer.figures import seeds as figures_of_seeds
from explorer.figures.layers import Pane, Particles
from explorer.networks.vae import CLASSES
from explorer.registry import Values
from explorer.training.latents import LATENTS
from explorer.ui.cache import cached
from explorer.ui.latent_scenes import latent, score_of, view_of
from explorer.ui.scenes import Scene, clock

SIDE, REACH = 100, 3.0
"""Seeds along each side of the map, and how far it goes, in standard deviations of x_T."""
MANY = 200
"""Runs from the one seed."""
ONE = 4
"""The palette's colour of the run without noise."""


@dataclass(frozen=True)
class Way:
    """A sampler by name, with its numbers."""

    sampler: str
    values: Values = ()

    @property
    def label(self) -> str:
        return SAMPLERS[self.sampler].label


@dataclass(frozen=True)
class SeedMap:
    """ends: (H, W) uint8, the class each seed ends in.  apart: the share of neighbours that end
    apart.  chance: the same if the ends were shuffled."""

    ends: np.ndarray
    apart: float
    chance: float


def _run(name: str, exact: bool, way: Way, start: Tensor, steps: int, seed: int) -> Trajectory:
    known, entry = latent(name), SAMPLERS[way.sampler]
    step, process = entry.build(dict(way.values)), known.model.process
    start = start * _width(process)
    return race(entry, step, process, score_of(known, exact), start, steps, seed)


@torch.inference_mode()
def _ends(name: str, exact: bool, way: Way, start: Tensor, steps: int, seed: int) -> Tensor:
    """Where `_run` ends, (B, 2): of a whole plane of seeds all states are no less to keep than
    to compute."""
    known, entry = latent(name), SAMPLERS[way.sampler]
    step, process = entry.build(dict(way.values)), known.model.process
    ts, rng = entry.grid(process, steps), Generator().manual_seed(seed)
    return sample(process, score_of(known, exact), step, start * _width(process), ts, rng)


def _width(process: Process) -> float:
    """Seeds are in units of the prior's width, which is a hair below 1."""
    return float(process.sigma(torch.tensor(process.t_max, dtype=torch.float64)))


def _bundled(name: str, *_: object) -> bool:
    """Whether what is looked at comes with the program, and is not a run of some shelf."""
    return name in LATENTS


@cached(away=_bundled)
def seed_map(name: str, exact: bool, way: Way, steps: int, seed: int) -> SeedMap:
    """The class in which each seed of a dense mesh ends, every seed with noise of its own."""
    where = _ends(name, exact, way, seed_mesh(SIDE, REACH), steps, seed)
    ends = figures.classes(latent(name).vae, where, clear=0.0).reshape(SIDE, SIDE)
    labels = torch.from_numpy(ends)
    return SeedMap(ends, disagreement(labels), chance(labels))


@dataclass(frozen=True)
class Maps:
    """Both maps as panes, and what each shows."""

    panes: tuple[Pane, Pane]
    calm: SeedMap
    rough: SeedMap


@cached
def maps(
    name: str,
    exact: bool,
    still: Way,
    noisy: Way,
    chosen: tuple[float, float],
    steps: int,
    seed: int,
    scale: float = 1.0,
) -> Maps:
    """The seeds' ends without noise and with it, beside each other, a star at the chosen one."""
    calm, rough = (seed_map(name, exact, way, steps, seed) for way in (still, noisy))

    def pane(found: SeedMap, way: Way, kind: str) -> Pane:
        return figures_of_seeds.seed_map(
            found.ends,
            REACH,
            chosen,
            colour=ONE,
            title=f"{kind}: {way.label}",
            note=f"{found.apart:.1%} of neighbouring seeds end apart "
            f"(shuffled: {found.chance:.0%})",
            scale=scale,
        )

    panes = (pane(calm, still, "Without noise"), pane(rough, noisy, "With noise"))
    return Maps(panes, calm, rough)


@dataclass(frozen=True)
class Endings:
    """All runs from one seed as a scene, and by way the shares (4,) of classes they end in."""

    scene: Scene
    shares: dict[str, np.ndarray]


@cached(away=_bundled)
def endings(
    name: str,
    exact: bool,
    still: Way,
    noisy: Way,
    chosen: tuple[float, float],
    steps: int,
    seed: int,
    scale: float = 1.0,
) -> Endings:
    """`MANY` runs with noise from the chosen seed, and over them the one without."""
    known = latent(name)
    view, vae = view_of(known.model), known.vae
    start = torch.tensor([chosen]).float()
    many = _run(name, exact, noisy, start.expand(MANY, 2), steps, seed)
    one = _run(name, exact, still, start, steps, seed)
    half = view.half_width
    behind = figures.regions(vae, half)
    crowd = figures.run_particles(view, many, vae, by_end=False, scale=1.2 * scale, trail=5)
    ts, xs = figures.thinned(one)
    path = Particles(
        view.clock(ts),
        view.place(ts, xs),
        colours=np.full(1, ONE),
        shapes=np.full(1, 4),
        trail="full",
        size=13 * scale,
        opacity=1.0,
        name="without noise",
    )
    pane = Pane(
        figures.plane(vae, half, link="z", scale=scale),
        (behind, crowd, path),
        title=f"{MANY} runs from one seed",
    )
    shares = {
        f"{MANY} with noise": _shares(figures.classes(vae, many.xs[-1], clear=0.0)),
        "without noise": _shares(figures.classes(vae, one.xs[-1], clear=0.0)),
    }
    return Endings(Scene((pane,), clock(view)), shares)


def _shares(ends: np.ndarray) -> np.ndarray:
    return np.bincount(ends, minlength=CLASSES) / len(ends)
