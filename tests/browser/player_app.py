"""A small app that shows players of known content, for the browser tests and the benchmark.

The query parameters choose what: `case` one of the functions below, and what that reads.
"""

import sys
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from explorer.ui.player import (
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Handle,
    Pane,
    Particles,
    Readout,
    Tint,
    player,
)

FRAMES = 100


def axes(low: float = -4, high: float = 4, link: str | None = None) -> go.Figure:
    figure = go.Figure()
    figure.update_xaxes(range=[low, high], title="x₁")
    figure.update_yaxes(range=[low, high], title="x₂")
    if link:
        figure.update_layout(meta={"link": link})
    return figure


def grid(count: int = 64, reach: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(-reach, reach, count)
    return np.meshgrid(line, line)


def two_blobs(times: np.ndarray, count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Density (F, H, W), largest value 1, and score (F, H, W, 2) of two blobs that melt away."""
    x, y = grid(count)
    means = np.array([[-1.6, -1.0], [1.5, 1.2]])
    density, score = [], []
    for t in times:
        mean, var = means * (1 - t), 0.25 + 0.75 * t
        parts = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * var)) / var for a, b in mean]
        total = sum(parts) + 1e-300
        pull = [
            sum(p * (m[k] - (x, y)[k]) / var for p, m in zip(parts, mean, strict=True)) / total
            for k in (0, 1)
        ]
        density.append(total)
        score.append(np.stack(pull, axis=-1))
    stack = np.array(density)
    return stack / stack.max(axis=(1, 2), keepdims=True), np.array(score)


def cloud(count: int, seed: int, frames: int = FRAMES) -> tuple[np.ndarray, np.ndarray]:
    """Particles (F, N, 2) that spread from two blobs, and which of them each began in."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 2, count)
    t = np.linspace(0, 1, frames)[:, None, None]
    start = np.array([[-1.6, -1.0], [1.5, 1.2]])[which] + 0.5 * rng.standard_normal((count, 2))
    walk = np.cumsum(rng.standard_normal((frames, count, 2)), axis=0) / np.sqrt(frames)
    return start * (1 - t) + 0.6 * walk + 0.3 * t * rng.standard_normal((count, 2)), which


def load(count: int, seed: int, trail: int = 0) -> None:
    """The benchmark's scene: particles, a density with contours, and a field of arrows."""
    times = np.linspace(0, 1, FRAMES)
    xy, which = cloud(count, seed)
    few = np.linspace(0, 1, 25)
    density, score = two_blobs(few)
    feet = np.stack([g[::4, ::4].ravel() for g in grid()], axis=1)
    arrows = np.tanh(score[:, ::4, ::4].reshape(len(few), -1, 2)) * 0.35
    layers = (
        Density(few, density, (-4, 4), (-4, 4), contours=(0.1, 0.3, 0.6)),
        Arrows(few, feet, arrows),
        Particles(times, xy, which, trail=trail),
    )
    player([Pane(axes(), layers, "Two blobs")], key="load", clock=CLOCK, loop=True)


CLOCK = Clock("t", (0.0, 1.0), steps=FRAMES - 1)


def corner() -> None:
    """One large particle that goes from (−3, −3) to (3, 2), alone."""
    xy = np.array([[[-3.0, -3.0]], [[3.0, 2.0]]])
    layer = Particles(np.array([0.0, 1.0]), xy, np.array([1]), size=18, opacity=1.0)
    player([Pane(axes(), (layer,))], key="corner", clock=Clock("t", (0.0, 1.0), 10), autoplay=False)


def turning() -> None:
    """A particle that moves, stands still, and turns from vermillion to green."""
    xy = np.array([[[-1.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]]])
    colours = np.array([[1], [1], [2]])
    times = np.array([0.0, 0.5, 1.0])
    layer = Particles(times, xy, colours, trail=2, size=18, opacity=1.0)
    player([Pane(axes(), (layer,))], key="turning", clock=Clock("t", (0.0, 1.0), 8), autoplay=False)


def fog() -> None:
    """A density alone, whose single blob goes from the left to the right."""
    x, y = grid()
    values = [np.exp(-((x - a) ** 2 + y**2)) for a in (-2.0, 2.0)]
    layer = Density(np.array([0.0, 1.0]), np.array(values), (-4, 4), (-4, 4))
    player([Pane(axes(), (layer,))], key="fog", clock=Clock("t", (0.0, 1.0), 10), autoplay=False)


def pair() -> None:
    """Two panes with a particle each, whose zoom is linked."""
    layer = Particles(
        np.array([0.0]), np.array([[[1.0, 1.0]]]), np.array([1]), size=14, opacity=1.0
    )
    panes = [Pane(axes(link="both"), (layer,), title) for title in ("Left", "Right")]
    player(panes, key="pair", clock=Clock("t", (0.0, 1.0), 10), autoplay=False)


def gallery() -> None:
    """All kinds of layers, in linked panes."""
    times = np.linspace(0, 1, FRAMES)
    few = np.linspace(0, 1, 25)
    density, score = two_blobs(few)
    xy, which = cloud(2000, 0)
    arrows = np.tanh(score[:, ::4, ::4].reshape(len(few), -1, 2)) * 0.35
    feet = np.stack([g[::4, ::4].ravel() for g in grid()], axis=1)
    readout = Readout(
        few, (-4, 4), (-4, 4), {"sx": score[..., 0], "sy": score[..., 1]}, vector=("sx", "sy")
    )
    left = Pane(
        axes(link="plane"),
        (
            Density(few, density, (-4, 4), (-4, 4), contours=(0.05, 0.2, 0.5, 0.8)),
            Particles(times, xy, which, trail=6),
            readout,
        ),
        "Exact score",
        "2,000 particles over the exact density.",
    )
    weights = np.stack([density / 2, density[:, ::-1, ::-1] / 2], axis=1)
    weights /= weights.sum(axis=1, keepdims=True) + 1e-9
    right = Pane(
        axes(link="plane"),
        (
            Tint(few, weights, (-4, 4), (-4, 4)),
            Arrows(few, feet, arrows),
            Particles(times, xy[:, :400], which[:400], shapes=which[:400], size=6),
        ),
        "Learned score",
    )
    paths, belongs = cloud(200, 3)
    flat = np.stack([np.broadcast_to(times[:, None], (FRAMES, 200)), paths[..., 0]], axis=-1)
    plane = go.Figure()
    plane.update_xaxes(range=[0, 1], title="t")
    plane.update_yaxes(range=[-4, 4], title="x")
    line = Pane(
        plane,
        (Particles(times, flat, belongs, trail="full", size=4), Cursor(times, times)),
        "Paths",
    )
    edges = np.linspace(-4, 4, 41)
    heights = np.array([np.histogram(f[:, 0], edges, density=True)[0] for f in xy])
    along = np.linspace(-4, 4, 200)
    smooth = np.array([np.interp(along, (edges[1:] + edges[:-1]) / 2, h) for h in heights])
    histogram = go.Figure()
    histogram.update_xaxes(range=[-4, 4], title="x")
    histogram.update_yaxes(range=[0, 0.6], title="density")
    counts = Pane(
        histogram,
        (
            Bars(times, edges, heights, 0, "particles"),
            Curve(times, along, smooth, 1, "exact", dash="dash"),
        ),
        "Marginal",
    )
    player([left, right, line, counts], key="gallery", clock=CLOCK, columns=2, height=330)


def grip() -> None:
    """A star to be moved, and in words where Python has it."""
    x, y = st.session_state.get("place", (0.0, 0.0))
    pane = Pane(axes(), (Handle(np.zeros(1), (x, y), 3.0, step=0.5, name="star"),))
    pane.figure.update_layout(dragmode=False)

    def moved(x: float, y: float) -> None:
        st.session_state["place"] = (x, y)

    clock = Clock("t", (0.0, 1.0), 10)
    player([pane], key="grip", clock=clock, autoplay=False, height=300, on_drag=moved)
    st.text(f"star at {x}, {y}")
    st.html('<div style="height: 1500px"></div>')


def two() -> None:
    """Two players on one page, the second already half-way."""
    ends = np.array([[[-3.0, 0.0]], [[3.0, 0.0]]])
    layer = Particles(np.array([0.0, 1.0]), ends, size=16, opacity=1.0)
    clock = Clock("t", (0.0, 1.0), 10)
    for key, position in (("one", 0.0), ("two", 0.5)):
        player(
            [Pane(axes(), (layer,))],
            key=key,
            clock=clock,
            height=260,
            autoplay=False,
            position=position,
        )


st.set_page_config(layout="wide")
case = st.query_params.get("case", "gallery")
if case == "load":
    chosen = st.number_input("seed", value=0)
    trail = int(st.query_params.get("trail", 0))
    load(int(st.query_params.get("particles", 2000)), int(chosen), trail)
elif not st.toggle("hide"):
    cases = {"corner": corner, "fog": fog, "pair": pair, "gallery": gallery, "two": two}
    {**cases, "turning": turning, "grip": grip}[case]()
