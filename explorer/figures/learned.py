"""A learned score beside the exact one, as panes to play: fields and errors.

What is learned is vermillion and what is exact is blue, in every picture of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from explorer.data import mixture_stack
from explorer.diffusion.comparison import error_map
from explorer.diffusion.parametrization import Score
from explorer.diffusion.trajectory import exact_score
from explorer.figures import windows
from explorer.figures.base import axes_figure
from explorer.figures.fields import FRAMES, shortened
from explorer.figures.layers import Arrows, Curve, Density, Pane, Particles, Readout
from explorer.figures.view import View

EXACT, LEARNED = 0, 1
FULL = 0.5
"""The error, in standard deviations of the noise, that is painted in full colour."""
READ = 32
"""Points along each side of the mesh that the pointer reads."""
SEEN, UNSEEN = 6.0, 9.0
"""How many nats below its peak p_t is still worth a look, and where nothing of it is left."""
REACH = 4.5
"""How far the axis of noise goes, in its standard deviations."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """A learned score and the exact one, on one view."""

    view: View
    learned: Score

    @property
    def exact(self) -> Score:
        """Made anew, for it keeps what it was asked before in the mode it was asked in."""
        return exact_score(self.view.distribution, self.view.process)

    def frames(self, count: int = FRAMES) -> tuple[Tensor, np.ndarray]:
        """`count` times of the clock and its coordinates; without noise there is no score to learn,
        so the last frame is that of the least noise on the clock's grid."""
        ts, times = self.view.frames(count)
        return ts.clamp_min(float(self.view.grid[self.view.grid > 0].min())), times


@torch.inference_mode()
def _on_meshes(rivals: Rivals, side: int, ts: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Exact and learned score, by `EXACT`…, at ts (F,): for arrows (2, F, side², 2), and for the
    pointer (2, F, READ², 2). The view keeps the exact one, which training does not change."""
    view = rivals.view
    _, feet = view.mesh(side, view.half_width * (1 - 1 / side))
    _, read = view.mesh(READ)
    xs = torch.cat([feet, read]) * view.unit(ts)[:, None, None].float()

    def told(score: Score) -> np.ndarray:
        return torch.stack([score(x, t) for x, t in zip(xs, ts, strict=True)]).numpy()

    key = "exact score", side
    if key not in view.memory:
        view.memory[key] = told(exact_score(view.distribution, view.process, ts))
    both = np.stack([view.memory[key], told(rivals.learned)])
    return both[:, :, : side**2], both[:, :, side**2 :]


def field_panes(
    rivals: Rivals, background: Density, *, link: str, scale: float = 1.0, side: int = 19
) -> tuple[Pane, Pane]:
    """The learned and the exact field over `background`; at each t one length is one strength."""
    view = rivals.view
    ts, times = rivals.frames()
    axis, points = view.mesh(side, view.half_width * (1 - 1 / side))
    at_feet, read = _on_meshes(rivals, side, ts)
    both = np.concatenate(list(at_feet), axis=1)
    arrows = np.split(shortened(both, 0.95 * (axis[1] - axis[0])), 2, axis=1)
    values = read.reshape(2, len(ts), READ, READ, 2)
    window = (-view.half_width, view.half_width)
    figure = windows.plane(view, link=link, scale=scale)

    def pane(which: int, title: str, sign: str) -> Pane:
        channels = {"sx": values[which, ..., 0], "sy": values[which, ..., 1]}
        readout = Readout(times, window, window, channels, vector=("sx", "sy"), vector_label=sign)
        field = Arrows(times, points.numpy(), arrows[which], colour=which, width=1.2 * scale)
        return Pane(figure, (background, field, readout), title=title)

    return pane(LEARNED, "Learned", "s"), pane(EXACT, "Exact", "∇log p")


def error_pane(rivals: Rivals, *, seed: int, link: str, scale: float = 1.0, side: int = 48) -> Pane:
    """σ ‖s − s*‖ on the plane at each t, under draws of p_t: where the network was trained."""
    view = rivals.view
    ts, times = rivals.frames()
    _, points = view.mesh(side)
    xs = points * view.unit(ts)[:, None, None].float()
    errors = error_map(view.process, rivals.learned, rivals.exact, xs, ts)
    shown = (errors * likely(rivals, xs, ts)).reshape(len(ts), side, side).numpy()
    plane = errors.reshape(len(ts), side, side).numpy()
    window = (-view.half_width, view.half_width)
    heat = Density(
        times,
        (shown / FULL).clip(0, 1),
        window,
        window,
        contours=(0.1 / FULL, 0.2 / FULL),
        opacity=0.9,
        colour=LEARNED,
    )
    readout = Readout(times, window, window, {"σ‖s − s*‖": plane.clip(0, 99)})
    return Pane(
        windows.plane(view, link=link, scale=scale),
        (heat, noised_draws(rivals, seed=seed, size=3.0 * scale), readout),
        title="Error σ‖s − s*‖",
        note=f"Full colour from {FULL:g}, contours at 0.1 and 0.2 standard deviations of noise; "
        "it fades where next to nothing of pₜ lies",
    )


def likely(rivals: Rivals, xs: Tensor, ts: Tensor) -> Tensor:
    """(F, M) weights of points xs (F, M, D): 1 where p_t is worth a look, 0 where nothing of it is.

    A network was never asked there, and what it answers, however wrong, hurts no sample.
    """
    logs = mixture_stack.log_probs(rivals.view.noised_at(ts), xs)
    below = logs - logs.amax(dim=1, keepdim=True)
    return ((below + UNSEEN) / (UNSEEN - SEEN)).clamp(0, 1)


def noised_draws(rivals: Rivals, *, seed: int, size: float, count: int = 300) -> Particles:
    """Draws of p_t that follow x_t = α x_0 + σ ε with their ε fixed."""
    view = rivals.view
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(count, rng)
    noise = torch.randn(x0.shape, generator=rng)
    ts, times = rivals.frames()
    alphas, sigmas = view.process.alpha(ts)[:, None, None], view.process.sigma(ts)[:, None, None]
    xs = (alphas * x0 + sigmas * noise).float()
    grey = np.full(count, 7)
    return Particles(times, view.place(ts, xs), colours=grey, size=size, name="draws of pₜ")


@torch.inference_mode()
def curves_pane(rivals: Rivals, *, scale: float = 1.0, points: int = 300) -> Pane:
    """A 1D score as the noise that it reads out of x, ε̂ = −σ s: learned over exact, and p_t."""
    view = rivals.view
    ts, times = rivals.frames()
    axis = np.linspace(-view.half_width, view.half_width, points)
    x = torch.from_numpy(axis).float()[:, None]
    units, sigmas = view.unit(ts).float(), view.process.sigma(ts)
    rows: dict[int, list[np.ndarray]] = {EXACT: [], LEARNED: []}
    for which, score in ((EXACT, rivals.exact), (LEARNED, rivals.learned)):
        for t, unit, sigma in zip(ts, units, sigmas.tolist(), strict=True):
            eps = -sigma * score(x * unit, t)[:, 0]
            rows[which].append(eps.clamp(-3 * REACH, 3 * REACH).numpy())
    logs = mixture_stack.log_probs(view.noised_at(ts), units[:, None, None] * x)
    hill = (logs - logs.amax(dim=1, keepdim=True)).exp().numpy()
    unit_name = " / its spread" if view.rescaled else ""
    figure = axes_figure(
        (-view.half_width, view.half_width),
        (-REACH, REACH),
        x_title=f"x{unit_name}",
        y_title="ε̂ = −σ s(x, t)",
        scale=scale,
    )
    layers = (
        Curve(times, axis, -REACH + 0.4 * REACH * hill, colour=7, name="pₜ", width=1.5 * scale),
        Curve(times, axis, np.stack(rows[EXACT]), colour=EXACT, name="exact", width=4 * scale),
        Curve(
            times,
            axis,
            np.stack(rows[LEARNED]),
            colour=LEARNED,
            name="learned",
            width=2.2 * scale,
            dash="dash",
        ),
    )
    return Pane(figure, layers, title="The noise that each score reads out of x")
