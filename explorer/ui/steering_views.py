"""Views of the page "Steer the flow": the descent to a target, and the map that it goes down."""

from __future__ import annotations

import streamlit as st

from explorer.code.recipes.differentiable_sampler import Aim
from explorer.figures.steering import TARGET_REACH
from explorer.registry import Param
from explorer.ui import controls, frame, links
from explorer.ui import steering_scenes as scenes
from explorer.ui.player import player
from explorer.ui.steering_scenes import Way

TARGET = tuple(
    Param(f"y{i}", f"Target x{sub}", start, -TARGET_REACH, TARGET_REACH, 0.1, "Where to end.")
    for i, sub, start in ((1, "₁", 1.7), (2, "₂", 0.2))
)
STARTS = Param("starts", "Seeds", 6, 1, 8, 1, "Starts in the noise that are moved.")
RATE = Param("rate", "Step size", 0.3, 0.02, 0.6, 0.01, "Adam's, at the start.", "σ_T")
ITERATIONS = Param("iters", "Iterations", 30, 5, 80, 5, "Steps of the descent.")


def choose_aim() -> Aim:
    """The controls of a descent."""
    y1, y2 = (float(controls.number(param, key=param.name)) for param in TARGET)
    starts = int(controls.number(STARTS, key=STARTS.name))
    rate = float(controls.number(RATE, key=RATE.name))
    return Aim((y1, y2), starts, int(controls.number(ITERATIONS, key=ITERATIONS.name)), rate)


def _take(x: float, y: float) -> None:
    """Where the star was let go becomes the target. A callback."""
    links.adjust({"y1": x, "y2": y})


def steer(way: Way, aim: Aim, scale: float) -> None:
    """Seeds on their way to where the sampler ends in the target, which can be dragged."""
    found = scenes.steered(way, aim.target, aim.seeds, aim.iterations, aim.rate, scale)
    player(
        found.scene.panes,
        key="steer",
        clock=found.scene.clock,
        height=frame.height(360),
        seconds=5.0,
        on_drag=_take,
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.metric(
            "The farthest seed",
            f"{found.first:.2f} → {found.last:.2g}",
            help=f"‖x₀ − target‖ at first, and after {aim.iterations} iterations.",
        )
    right.latex(
        r"x_T\leftarrow x_T-\eta\,J^\top(x_0-y),\qquad J=\frac{\partial x_0}{\partial x_T}"
        r"=\prod_{\text{steps}}\frac{\partial x_s}{\partial x_t}"
    )
    st.markdown(
        "**Drag the star** (or press anywhere in its picture, or use the arrow keys): where it is "
        f"let go, the descent runs anew. Each gradient is exact: backpropagation through all "
        f"{way.steps} steps, {found.evaluations:,} evaluations of the score in all, with Adam's "
        "step. To a target where hardly any data lie only a thin seam of noise leads, if any: the "
        "sample then comes as near as the data go. With a stochastic sampler all seeds meet the "
        "same noise in every iteration: held fixed, it leaves a map as smooth as the flow's. The "
        "more noise there is, the less $x_T$ has to say; with all of it, as in DDPM, $J$ is almost "
        "zero and there is little to steer."
    )


def the_map(way: Way, scale: float) -> None:
    """The noise plane carried to the data, and how much it is stretched on the way."""
    found = scenes.mapped(way, scale)
    player(found.scene.panes, key="map", clock=found.scene.clock, height=frame.height(450))
    low, middle, high = found.spread
    one, two, three = st.columns(3)
    one.metric("|det J|, 5% of seeds below", f"{low:.2g}")
    two.metric("Median", f"{middle:.2g}")
    three.metric("5% above", f"{high:.2g}")
    st.latex(r"\log p_0(x_0)=\log p_T(x_T)-\log\left|\det\frac{\partial x_0}{\partial x_T}\right|")
    st.markdown(
        "The lines of the noise plane are pushed onto the data. Inside a mode they are squeezed, "
        r"and $|\det J|$ is small; along the seam between two basins of noise they are torn apart, "
        "and a small step in $x_T$ crosses from mode to mode. What area loses, density gains: that "
        "is the change of variables, which holds for the flow. With held noise each draw of it "
        "gives a map of its own, and only all of them together have the data's density: full "
        "noise shrinks every one of these maps to almost a point."
    )
