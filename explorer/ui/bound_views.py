"""Views of the page "The mathematics": the variational bound, and what the simple loss leaves."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.code.recipes import mathematics as code
from explorer.diffusion.bound import bits_per_dimension, eps_weights
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.figures import bound as charts
from explorer.registry import Param
from explorer.ui import controls, frame
from explorer.ui import mathematics_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.learned_scenes import networks
from explorer.ui.pictures import show
from explorer.ui.setup import NETWORK_HELP
from explorer.ui.weights import trained

CHAIN = Param(
    "chain",
    "Steps of the chain",
    100,
    10,
    1000,
    10,
    "Along the grid of the network's own process.",
    choices=(10, 20, 50, 100, 200, 500, 1000),
)


def bound(narrow: DeltaGenerator, wide: DeltaGenerator, scale: float) -> None:
    """The bound of a network and of the exact score, term by term."""
    with narrow:
        name = controls.option(
            networks(),
            key="model",
            label="Trained network",
            default="moons",
            help=NETWORK_HELP,
        )
        steps = int(controls.number(CHAIN, key="chain"))
        variance = controls.segments(
            {"forward": "βₜ", "posterior": "β̃ₜ"},
            key="variance",
            label="Variance of the reverse step",
            default="forward",
            help="β̃ is right if the data are one point, β if they are a standard normal.",
        )
        seed = controls.seed()
    known = scenes.bounds(name, steps, variance, seed)
    terms, ladder = scenes.bound_charts(name, steps, variance, seed, frame.height(330), scale)
    with wide:
        left, right = st.columns([0.55, 0.45], gap="medium")
        with left:
            show(terms, "terms")
        with right:
            show(ladder, "ladder")
        places = st.columns(4)
        named = zip(("L_T", "Σ Lₜ₋₁", "L₀"), known.learned.parts, known.exact.parts, strict=True)
        for place, (label, ours, true) in zip(places, named, strict=False):
            value = f"{ours:.3f}" if abs(ours) >= 5e-3 else f"{ours:.1e}"
            place.metric(f"{label}, network", value, help=f"Exact score: {true:.3f} nats.")
        total = float(known.learned.total.mean())
        places[3].metric("Bits per dimension", f"{bits_per_dimension(total, known.dim):.3f}")
        st.latex(
            r"-\log p_\theta(x_0)\le\underbrace{\mathrm{KL}\big(q(x_T|x_0)\,\|\,p(x_T)\big)}_{L_T}"
            r"+\sum_{t>1}\underbrace{\mathrm{KL}\big(q(x_{t-1}|x_t,x_0)\,\|\,"
            r"p_\theta(x_{t-1}|x_t)\big)}_{L_{t-1}}\underbrace{-\log p_\theta(x_0|x_1)}_{L_0}"
        )
        gap = ""
        if known.gap:
            gap = (
                f"Even with the exact score the bound lies {known.gap[0]:.3f} ± {known.gap[1]:.3f} "
                "nats above the entropy, for a Gaussian step back is an approximation: the longer "
                "the chain, the better. "
            )
        st.markdown(
            f"{gap}The data are continuous, so $L_0$ is a Gaussian *density* and figures may be "
            r"negative; Ho et al. bin their pixels instead. $p(x_T)$ is $\mathcal N(0,\sigma_T^2I)"
            r"$, where the samplers start. *Note:* the derivation is often written with "
            r"$\mathbb E\log\frac{q}{p}$ as a lower bound of $\log p$; it is $\mathbb E"
            r"\log\frac pq$."
        )
        show_code(code.bound(trained(name), steps, variance, scenes.points_for(steps), seed))


def loss(chain: LinearDDPM, wide: DeltaGenerator, scale: float) -> None:
    """The bound's weight in front of the squared error of the noise, against 1."""
    grid = chain.grid(chain.steps)
    weights = eps_weights(chain, grid).flip(0)
    half = int((weights.cumsum(0) < 0.5 * weights.sum()).sum()) + 1
    with wide:
        left, right = st.columns(2, gap="medium")
        with left:
            show(charts.weights_chart(chain, height=frame.height(340), scale=scale), "weights")
        with right:
            show(charts.shares_chart(chain, height=frame.height(340), scale=scale), "shares")
        st.latex(
            r"L_{t-1}=\mathbb E\;\underbrace{\frac{\beta_t^2}{2\sigma_t^2\,\alpha_t\,"
            r"(1-\bar\alpha_t)}}_{\text{weight}}\lVert\varepsilon-\hat\varepsilon_\theta(x_t,t)"
            r"\rVert^2+\text{const},\qquad L_{\text{simple}}=\mathbb E_{t,x_0,\varepsilon}\;"
            r"\lVert\varepsilon-\hat\varepsilon_\theta(x_t,t)\rVert^2"
        )
        st.markdown(
            f"Half of the bound's weight lies on the first **{half} of {chain.steps}** steps, "
            "where there is next to no noise and nothing to be seen; the simple loss puts 1 in "
            "the place of the weight. It gives up a little likelihood and spends the network on "
            r"the steps that shape the sample. *Note:* the factor $1/\alpha_t$ comes from "
            r"$\mu_\theta$, and the denominator is $2\sigma_t^2$, with the variance of the reverse "
            r"step, not $2\beta_t^2$; both slips are common. Here $\sigma_t$ is Ho's letter for "
            "that step's width, not the noise level of the other pages."
        )
        show_code(code.loss(chain))
