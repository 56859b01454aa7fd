"""What a small network learned, beside what it should have learned: fields, errors, densities."""

import streamlit as st

from explorer.code.recipes import exact_against_learned as code
from explorer.ui import controls, frame, memory_scenes
from explorer.ui import learned_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.pictures import show
from explorer.ui.setup import NETWORK_HELP
from explorer.ui.weights import trained

frame.page(
    "Exact against learned",
    intro="A network never sees the score. It guesses the noise in noisy data, and the score is "
    "what its guess comes to. Here the true score is known, so every error shows.",
)
controls.presets(
    {
        "Learned and exact field": {},
        "Where it errs": {"view": "error"},
        "Two densities": {"view": "density"},
        "1D": {"model": "mixture-1d", "view": "density"},
        "Does it memorise?": {"model": "few-moons", "view": "memory"},
    }
)
VIEWS = {"field": "Field", "error": "Error", "density": "Density", "memory": "Memory"}

narrow, wide = frame.stage()
with narrow:
    name = controls.option(
        scenes.networks(),
        key="model",
        label="Trained network",
        default="moons",
        help=NETWORK_HELP,
    )
    view = controls.segments(
        VIEWS,
        key="view",
        label="Show",
        default="field",
        help="Both scores, their difference, the densities they stand for, or copies of the data.",
    )
    with_exact = view in ("density", "memory") and controls.switch(
        key="exact",
        label="Sample with the exact score",
        help="The same sampler and the same noise, with the exact score in the network's place: "
        "what is still wrong then is not the network's fault.",
    )
    seed = controls.seed() if view != "field" else 0
scale = 1.4 if frame.projector() else 1.0


def field() -> None:
    show(scenes.field_scene(name, scale), "field", height=480, position=0.93)
    st.latex(r"s_\theta(x,t)\;\approx\;\nabla_x\log p_t(x)=-\mathbb E[\varepsilon\mid x]/\sigma_t")
    st.markdown(
        r"At each $t$ both fields are drawn to one scale: what looks alike is alike in length too. "
        "Where data are likely they agree. Between and beyond, where the network saw hardly any "
        "examples, they part, most of all with little noise."
    )
    if name == "tutorial":
        st.markdown(
            "The tutorial calls its process VPSDE; it keeps the signal, $\\alpha_t=1$, and so it "
            "is *variance exploding*. It compares this network at $t$ with the score of data "
            "*without* noise, which it was never to learn. Here both are those of $p_t$."
        )


def error() -> None:
    found = scenes.errors(name, seed, frame.height(450), scale)
    left, right = st.columns(2, gap="medium")
    with left:
        show(found.where, "where", position=0.9)
    with right:
        show(found.when, "when")
    st.markdown(
        f"In the mean over $t$ and the data, the error is **{found.relative:.1%}** of the score, "
        f"and the fields' cosine is {found.cosine:.4f}. Measured on the noise, "
        r"$\sigma_t^2\,\mathbb E\|s_\theta-s^*\|^2$ is just what a loss on $\varepsilon$ has "
        f"left to fall: it stands at {found.least + found.excess:.4f}, and no network comes "
        f"below {found.least:.4f}, for $\\varepsilon$ is not known from $x_t$ alone. A loss far "
        "from 0 is no sign of a poor fit."
    )


def density() -> None:
    found = scenes.density(name, with_exact, seed, frame.height(470), scale)
    show(found.picture, "density", height=470)
    lost = f"{max(found.lost[0], 0):.2g} ± {found.lost[1]:.1g} nats" if found.lost else "–"
    one, two, three = st.columns(3)
    one.metric(
        "Lost by learning, KL(p ‖ p̂)", lost, help="By 400 true draws; a finite set has none."
    )
    two.metric("Samples to the truth", f"{found.distance.ratio:.2f} × floor")
    three.metric("Noise floor", f"{found.distance.floor:.3f}", help="Two true samples apart.")
    st.latex(r"\log p_0(x_0)=\log p_T(x_T)+\int_0^T\nabla\!\cdot v(x_t,t)\,dt")
    st.markdown(
        "A score stands for a density: follow a point up the probability-flow ODE "
        r"$v=f x-\tfrac12g^2s_\theta$ and add up how much the flow squeezes space around it. No "
        "samples are needed, and no kernel estimate."
    )


def memory() -> None:
    found = memory_scenes.memory(name, with_exact, seed, frame.height(450), scale)
    if found is None:
        st.info("This network got new draws in every step. Choose one trained on a finite set.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        show(found.picture, "memory")
    with right:
        show(found.histogram, "nearest")
    medians = ", ".join(
        f"{label} {value if value > 1e-4 else 0:.2g}" for label, value in found.medians.items()
    )
    st.markdown(
        f"Of all networks, the one with the least loss on {found.points:,} points is the score of "
        "these points alone, and its samples are copies of them. A small network cannot bend that "
        f"sharply; what it smooths away is what it invents. Median distances: {medians}."
    )


with wide:
    {"field": field, "error": error, "density": density, "memory": memory}[view]()
    show_code(code.recipe(view, trained(name), with_exact, seed))
