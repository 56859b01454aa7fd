"""The plane of a VAE's latents: the decoder's regions, particles in the colour they decode to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from explorer.diffusion.seeds import seed_mesh
from explorer.diffusion.trajectory import Trajectory, evenly
from explorer.figures.base import axes_layout
from explorer.figures.layers import Pane, Particles, Tint
from explorer.figures.view import View
from explorer.networks.vae import CLASSES, CLEAR, VAE, reparametrised

NO_WINNER = 7
"""The palette's grey, for what decodes to no class clearly."""
NAMES = tuple("".join("1" if i == k else "0" for i in range(CLASSES)) for k in range(CLASSES))
NAMED = 0.7
"""What a class's part must exceed where its name stands."""
FRAMES = 41
"""Frames of latents under noise, which move along straight lines."""
SHOWN = 101
"""Frames of a run that are shown, however many steps it took."""
BLOCK = 2048
"""Latents decoded at once: of more the decoder's hidden layer leaves the processor's cache, which
takes five times as long."""

MAPPED = 400
"""Cells along each side of a map of classes."""


@torch.inference_mode()
def classes(vae: VAE, z: Tensor, *, clear: float = CLEAR) -> np.ndarray:
    """(*B,) uint8 for z (*B, 2): the class z decodes to, `NO_WINNER` where no part is > `clear`."""
    winner, which = _decoded(vae, z).max(dim=-1)
    return torch.where(winner > clear, which, NO_WINNER).numpy().astype(np.uint8)


@dataclass(frozen=True)
class ClassMap:
    """found (S, S) uint8: the `classes` of cells over [−half, half]², rows from below."""

    found: np.ndarray
    half: float

    @classmethod
    def of(cls, vae: VAE, half: float, side: int = MAPPED) -> ClassMap:
        return cls(classes(vae, seed_mesh(side, half)).reshape(side, side), half)

    def at(self, z: Tensor) -> np.ndarray:
        """(*B,) uint8 of the cells in which z (*B, 2) lie, of the nearest where they lie outside.

        So a point within half a cell of a border, half a pixel or so, may have the other's colour.
        """
        last = len(self.found) - 1
        cell = z.float().mul(last / (2 * self.half)).add_(last / 2).round_().clamp_(0, last)
        flat = torch.add(cell[..., 0], cell[..., 1], alpha=last + 1).to(torch.int32)
        return self.found.reshape(-1)[flat.numpy()]


def _decoded(vae: VAE, z: Tensor) -> Tensor:
    """(*B, 4) what z (*B, 2) decode to, block by block."""
    flat = z.float().reshape(-1, 2)
    return torch.cat([vae.decode(part) for part in flat.split(BLOCK)]).unflatten(0, z.shape[:-1])


@torch.inference_mode()
def regions(vae: VAE, half: float, *, side: int = 120) -> Tint:
    """What every point of the window decodes to: a class's colour, pale where none wins."""
    axis = torch.linspace(-half, half, side)
    mesh = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    decoded = _decoded(vae, mesh)
    winner = decoded.amax(dim=-1, keepdim=True)
    won = ((winner - CLEAR) / 0.04 + 0.5).clamp(0, 1)  # an edge, but not a staircase
    weights = (decoded * (0.3 + 0.7 * won)).permute(2, 0, 1)[None].numpy()
    return Tint(np.zeros(1), weights, (-half, half), (-half, half), opacity=0.3)


@torch.inference_mode()
def plane(vae: VAE, half: float, *, link: str, scale: float = 1.0) -> go.Figure:
    """Equal axes, with each class's vector written into its region near the edge."""
    layout = axes_layout(
        (-half, half),
        (-half, half),
        x_title="z₁",
        y_title="z₂",
        equal=True,
        scale=scale,
    )
    labels = [
        {
            "x": x,
            "y": y,
            "text": f"<b>{NAMES[k]}</b>",
            "showarrow": False,
            "font": {"size": 13 * scale, "color": "#808890"},
        }
        for k, (x, y) in label_places(vae, 0.84 * half).items()
    ]
    layout |= {
        "meta": {"link": link},
        "annotations": labels,
        "uirevision": f"{half:g}",  # a zoom is kept until the window itself changes
    }
    return go.Figure(layout=layout)


@torch.inference_mode()
def label_places(vae: VAE, radius: float) -> dict[int, tuple[float, float]]:
    """Where a class's name stands: on a circle, in the middle of the arc that decodes to it.

    A class that reaches no part of the circle is named at its latents' mean, and one whose place
    does not decode to it, as before any training, nowhere.
    """
    angle = 2 * torch.pi * torch.arange(360) / 360
    circle = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    won = vae.decode(circle).argmax(dim=1)
    means, _ = vae.encode(torch.eye(CLASSES))
    places = {}
    for k in range(CLASSES):
        inside = circle[won == k].mean(dim=0)  # NaN where it has no arc
        length = float(inside.norm())
        place = inside * radius / length if length > 1e-3 * radius else means[k]
        if float(vae.decode(place)[k]) > NAMED:
            places[k] = (float(place[0]), float(place[1]))
    return places


def thinned(run: Trajectory) -> tuple[Tensor, Tensor]:
    """At most `SHOWN` of a run's times and states, its first and its last among them."""
    index = evenly(run.steps, SHOWN)
    return run.ts[index], run.xs[index]


def run_particles(
    view: View,
    run: Trajectory,
    vae: VAE,
    *,
    by_end: bool,
    scale: float = 1.0,
    trail: int = 0,
    known: ClassMap | None = None,
) -> Particles:
    """A run's particles in the colour of what they decode to now, or at their end.

    known: where to look up what they decode to on their way, which is soon done of many.
    """
    ts, xs = thinned(run)
    if by_end or known is None:
        colours = classes(vae, xs[-1] if by_end else xs)
    else:
        colours = np.concatenate([known.at(xs[:-1]), classes(vae, xs[-1:])])
    return Particles(
        view.clock(ts), view.place(ts, xs), colours=colours, trail=trail, size=3.6 * scale
    )


@torch.inference_mode()
def latents_pane(
    vae: VAE, view: View, *, seed: int, scale: float = 1.0, count: int = 2000, side: int = 120
) -> Pane:
    """Encoded vectors in the colour of their class over the decoder's regions, and under noise.

    They follow z_t = α z + σ ε with their ε fixed.
    """
    rng = torch.Generator().manual_seed(seed)
    mean, log_variance = vae.encode(torch.eye(CLASSES))
    came_from = torch.randint(CLASSES, (count,), generator=rng)
    z = reparametrised(mean[came_from], log_variance[came_from], rng)
    noise = torch.randn(z.shape, generator=rng)
    ts, times = view.frames(FRAMES)
    alphas, sigmas = view.process.alpha(ts)[:, None, None], view.process.sigma(ts)[:, None, None]
    half = view.half_width
    points = Particles(
        times,
        view.place(ts, alphas * z + sigmas * noise),
        colours=came_from.numpy(),
        size=3.6 * scale,
        opacity=0.8,
    )
    return Pane(
        plane(vae, half, link="z", scale=scale),
        (regions(vae, half, side=side), points),
        title="Latents by class, and what noise makes of them",
    )
