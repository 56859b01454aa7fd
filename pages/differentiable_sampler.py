"""Gradients through the sampler: steer a sample by its noise, and see the map that is descended."""

import streamlit as st

from explorer.code.recipes import differentiable_sampler as code
from explorer.diffusion.differentiable import SMOOTH
from explorer.diffusion.samplers import SAMPLERS
from explorer.figures.base import CHART_CONFIG
from explorer.registry import Param
from explorer.ui import controls, frame, links
from explorer.ui import learned_scenes as learned
from explorer.ui import steering_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.player import player
from explorer.ui.setup import choose_distribution, choose_process
from explorer.ui.weights import trained

frame.page(
    "Steer the flow",
    intro="A sampler is a function of its noise, made of differentiable steps. So a wish about the "
    "sample, such as *be here*, has a gradient in $x_T$.",
)
controls.presets(
    {
        "Steer to a target": {},
        "The map": {"view": "map"},
        "With noise, held fixed": {"smooth": "ddim", "smooth.ddim.eta": 0.4, "dist2": "tutorial"},
        "Full noise forgets": {"smooth": "ddpm", "view": "map"},
        "Learned score": {"by": "moons"},
        "Where no data lie": {"y1": 0.0, "y2": 0.0},
        "A ring": {"dist2": "ring", "view": "map"},
    }
)
VIEWS = {"steer": "Steer", "map": "The map"}

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(VIEWS, key="view", label="Show", default="steer")
    y1 = y2 = 0.0
    starts, iterations, rate = 6, 40, 0.3
    if view == "steer":
        y1, y2 = (
            float(controls.number(Param(key, f"Target x{sub}", start, -4.0, 4.0, 0.1), key=key))
            for key, sub, start in (("y1", "₁", 1.7), ("y2", "₂", 0.2))
        )
        starts = int(controls.number(Param("starts", "Seeds", 6, 1, 8, 1), key="starts"))
        rate = float(
            controls.number(Param("rate", "Step size", 0.3, 0.02, 0.6, 0.01, "", "σ_T"), key="rate")
        )
        iterations = int(controls.number(Param("iters", "Iterations", 40, 5, 80, 5), key="iters"))
    network = controls.option(
        {scenes.EXACT: "Exact", **scenes.networks()},
        key="by",
        label="Score",
        default=scenes.EXACT,
        help="A trained network brings the distribution and the process that it learned.",
    )
    if network == scenes.EXACT:
        distribution = choose_distribution(2, default="moons")
        process = choose_process(default="cosine")
    else:
        spec = learned.model(network).spec
        distribution, process = spec.distribution, spec.process
    sampler, numbers = controls.choose(
        SAMPLERS,
        key="smooth",
        label="Sampler",
        default="dpm",
        where=lambda name, _: name in SMOOTH,
        prefix="smooth.",
    )
    steps = int(controls.number(Param("unrolled", "Steps", 25, 5, 60, 5), key="unrolled"))
    seed = controls.seed()
    controls.reset()

way = scenes.Way(distribution, process, network, sampler, tuple(numbers.items()), steps, seed)
scale = 1.4 if frame.projector() else 1.0


def _take() -> None:
    """Where the chart was clicked becomes the target. A callback."""
    points = st.session_state["target-chart"].selection.points
    if points:
        at = (round(min(max(points[0][axis], -4.0), 4.0), 1) for axis in "xy")
        links.adjust(dict(zip(("y1", "y2"), at, strict=True)))


def steer() -> None:
    found = scenes.steered(way, (y1, y2), starts, iterations, rate, scale)
    player(
        found.scene.panes,
        key="steer",
        clock=found.scene.clock,
        height=frame.height(360),
        seconds=5.0,
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.markdown("**Click to move the target**")
        st.plotly_chart(
            scenes.target_chart(way, (y1, y2), frame.height(270), scale),
            config=CHART_CONFIG,
            key="target-chart",
            theme=None,
            on_select=_take,
            selection_mode="points",
        )
    with right:
        st.latex(
            r"x_T\leftarrow x_T-\eta\,J^\top(x_0-y),\qquad J=\frac{\partial x_0}{\partial x_T}"
            r"=\prod_{\text{steps}}\frac{\partial x_s}{\partial x_t}"
        )
        one, two = st.columns(2)
        one.metric("Farthest from the target, at first", f"{found.first:.2f}")
        two.metric(f"After {iterations} iterations", f"{found.last:.2g}")
        st.markdown(
            f"Each gradient is exact: backpropagation through all {steps} steps, "
            f"{found.evaluations:,} evaluations of the score in all, with Adam's step. To a target "
            "where hardly any data lie only a thin seam of noise leads, if any: the sample then "
            "comes as near as the data go. With a stochastic sampler all seeds meet the same noise "
            "in every iteration: held fixed, it leaves a map as smooth as the flow's. The more "
            "noise there is, the less $x_T$ has to say; with all of it, as in DDPM, $J$ is almost "
            "zero and there is little to steer."
        )


def the_map() -> None:
    found = scenes.mapped(way, scale)
    player(found.scene.panes, key="map", clock=found.scene.clock, height=frame.height(450))
    low, middle, high = found.spread
    one, two, three = st.columns(3)
    one.metric("|det J|, 5 % of seeds below", f"{low:.2g}")
    two.metric("Median", f"{middle:.2g}")
    three.metric("5 % above", f"{high:.2g}")
    st.latex(r"\log p_0(x_0)=\log p_T(x_T)-\log\left|\det\frac{\partial x_0}{\partial x_T}\right|")
    st.markdown(
        "The lines of the noise plane are pushed onto the data. Inside a mode they are squeezed, "
        r"and $|\det J|$ is small; along the seam between two basins of noise they are torn apart, "
        "and a small step in $x_T$ crosses from mode to mode. What area loses, density gains: that "
        "is the change of variables, which holds for the flow. With held noise each draw of it "
        "gives a map of its own, and only all of them together have the data's density: full "
        "noise shrinks every one of these maps to almost a point."
    )


with wide:
    {"steer": steer, "map": the_map}[view]()
    show_code(
        code.recipe(
            code.Map(
                distribution,
                process,
                sampler,
                way.values,
                steps,
                seed,
                None if network == scenes.EXACT else trained(network),
            ),
            code.Aim((y1, y2), starts, iterations, rate) if view == "steer" else None,
        )
    )
