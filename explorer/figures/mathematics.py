"""Pictures beside the equations: the closed form, the posterior, and E[ε | x_t] among its noise."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Generator, Tensor

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion.bound import Posterior
from explorer.diffusion.chain import mean_noise
from explorer.diffusion.process import Level
from explorer.diffusion.trajectory import Trajectory
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.figures import runs
from explorer.figures.base import axes_figure
from explorer.figures.layers import Curve, Pane, Particles
from explorer.figures.palette import BLUE, GREEN, VERMILLION, translucent
from explorer.figures.view import View

EXACT, LEARNED, GREY = 0, 1, 7
NOISE = 3.6
"""How far the axis of the noise goes, in its standard deviations."""


def closed_form_pane(
    chain: LinearDDPM, x0: float, run: Trajectory, *, paths: int = 60, scale: float = 1.0
) -> Pane:
    """Walkers of the chain from one x_0 over q(x_t | x_0); beside them histogram and curve."""
    point = GaussianMixture.isotropic(torch.ones(1), torch.tensor([[x0]]), 0.0)
    view = View(point, chain, reverse=False)
    colours = np.full(run.xs.shape[1], GREY, dtype=np.uint8)
    return runs.pane_1d(
        view,
        run,
        colours,
        runs.exact_1d(view),
        link="x",
        title="Step by step (walkers, histogram) and in one step (colour, curve)",
        paths=paths,
        scale=scale,
    )


def posterior_chart(
    step: Posterior,
    then: Level,
    x0: float,
    xt: float,
    *,
    reach: float,
    height: int = 420,
    scale: float = 1.0,
) -> go.Figure:
    """The three Gaussians over x_{t−1}: from x_0, from x_t, and their product, normalised.

    step: from t to t − 1.  then: α and σ at t − 1.  reach: half the width of the axis.
    """
    likely = step.forward**0.5 / step.keep
    curves = (
        ("from x₀: q(xₜ₋₁ | x₀)", then.alpha * x0, then.sigma, BLUE, "dash"),
        ("from xₜ: q(xₜ | xₜ₋₁)", xt / step.keep, likely, GREEN, "dot"),
        (
            "both: q(xₜ₋₁ | xₜ, x₀)",
            step.on_xt * xt + step.on_x0 * x0,
            step.variance**0.5,
            VERMILLION,
            "solid",
        ),
    )
    # where one Gaussian is a needle, the others must still be seen
    peaks = [1 / (max(width, 1e-9) * (2 * np.pi) ** 0.5) for *_, width, _, _ in curves]
    top = 1.15 * min(max(peaks), 6 * sorted(peaks)[0])
    figure = axes_figure(
        (-reach, reach),
        (0, top),
        x_title="xₜ₋₁",
        y_title="density",
        height=height,
        scale=scale,
    )
    for name, mean, width, colour, dash in curves:
        x = np.union1d(
            np.linspace(-reach, reach, 401), mean + max(width, 1e-6) * np.linspace(-5, 5, 201)
        )
        y = np.exp(-0.5 * ((x - mean) / max(width, 1e-6)) ** 2) / (
            max(width, 1e-6) * (2 * np.pi) ** 0.5
        )
        figure.add_scatter(
            x=x,
            y=y,
            name=name,
            fill="tozeroy",
            fillcolor=translucent(colour, 0.16),
            line={"color": colour, "width": 2.8 * scale, "dash": dash},
            hovertemplate="%{x:.3f}: %{y:.3g}",
        )
    for value, label in ((x0, "x₀"), (xt, "xₜ")):
        figure.add_vline(value, line={"color": "#7A8794", "width": 1.2 * scale, "dash": "dot"})
        figure.add_annotation(
            x=value, y=1, yref="paper", yanchor="top", xanchor="left", text=label, showarrow=False
        )
    figure.update_layout(dragmode=False, hovermode="x", margin={"t": 34 * scale})
    return figure


def noise_frames(
    view: View, axis: np.ndarray, frames: int
) -> tuple[Tensor, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times (F,), clock (F,), and −σ∇log p_t, E[ε | x_t] and p_t/max p_t over `axis`: (F, P) each.

    axis: (P,) as drawn.  The last time is that of the least noise on the clock's grid.
    """
    ts, clock = view.frames(frames)
    ts = ts.clamp_min(float(view.grid[view.grid > 0].min()))
    rows: list[list[np.ndarray]] = [[], [], []]
    for t, unit in zip(ts, view.unit(ts).tolist(), strict=True):
        level, x = view.process.level(t), torch.from_numpy(axis) * unit
        noised = view.distribution.noised(*level)
        rows[0].append((-level.sigma * noised.score(x[:, None])[:, 0]).numpy())
        rows[1].append(mean_noise(view.distribution, level, x).numpy())
        logs = noised.log_prob(x[:, None])
        rows[2].append((logs - logs.max()).exp().numpy())
    return ts, clock, np.stack(rows[0]), np.stack(rows[1]), np.stack(rows[2])


def noise_pane(
    view: View, *, seed: int, points: int = 160, frames: int = 41, scale: float = 1.0
) -> tuple[Pane, float]:
    """Pairs (x_t, ε) as they move through time, their mean at each x, and −σ∇log p_t over it.

    And the largest distance between the two curves, where p_t is within e^−12 of its peak.
    """
    axis = np.linspace(-view.half_width, view.half_width, points)
    ts, clock, score, mean, hill = noise_frames(view, axis, frames)
    apart = float(np.abs(score - mean)[hill > np.exp(-12)].max())
    rng = Generator().manual_seed(seed)
    x0 = view.distribution.sample(700, rng)
    eps = torch.randn(x0.shape, generator=rng)
    xs = (view.process.alpha(ts)[:, None, None] * x0).float()
    xs = xs + view.process.sigma(ts)[:, None, None].float() * eps
    moving = np.stack([view.place(ts, xs)[..., 0], np.tile(eps[:, 0].numpy(), (frames, 1))], -1)
    unit = " / its spread" if view.rescaled else ""
    figure = axes_figure(
        (-view.half_width, view.half_width),
        (-NOISE, NOISE),
        x_title=f"xₜ{unit}",
        y_title="noise ε in xₜ",
        scale=scale,
    )
    clip = 3 * NOISE
    layers = (
        Curve(clock, axis, -NOISE + 0.3 * NOISE * hill, colour=GREY, name="pₜ", width=1.5 * scale),
        Particles(clock, moving, colours=np.full(700, 4), size=4 * scale, opacity=0.55),
        Curve(
            clock,
            axis,
            score.clip(-clip, clip),
            colour=EXACT,
            name="−σ∇log pₜ, from the density",
            width=5 * scale,
        ),
        Curve(
            clock,
            axis,
            mean.clip(-clip, clip),
            colour=LEARNED,
            name="E[ε | xₜ], the mean of the noise",
            width=2.2 * scale,
            dash="dash",
        ),
    )
    return Pane(figure, layers, title="Each dot is one draw: where it is, and its noise"), apart
