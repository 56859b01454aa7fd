"""Views of the page "The mathematics": the closed form and the posterior."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.code.recipes import mathematics as code
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.figures.mathematics import posterior_chart
from explorer.registry import Param
from explorer.ui import controls, frame
from explorer.ui import mathematics_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.pictures import show

X0 = Param("x0", "Data point x₀", 2.0, -3.0, 3.0, 0.1, "Where the chain starts.")
XT = Param("xt", "Noised point xₜ", 0.5, -3.0, 3.0, 0.1, "Where the chain is at step t.")
# a share of the chain, so that a chain of another length keeps it
AT = Param("at", "Step t, in % of T", 30, 0, 100, 1, "Counted from step 1.")


def closed(chain: LinearDDPM, narrow: DeltaGenerator, wide: DeltaGenerator, scale: float) -> None:
    """One x_0, walked step by step and in one step."""
    with narrow:
        x0 = controls.number(X0, key="x0")
        seed = controls.seed()
    found = scenes.closed_form(chain.steps, chain.beta_end, float(x0), seed, scale)
    with wide:
        show(found.scene, "closed", height=390)
        st.latex(
            r"x_t=\sqrt{1-\beta_t}\,x_{t-1}+\sqrt{\beta_t}\,\varepsilon_t\ \Rightarrow\ "
            r"q(x_t\mid x_0)=\mathcal N\big(\sqrt{\bar\alpha_t}\,x_0,\,(1-\bar\alpha_t)I\big)"
        )
        one, two, three = st.columns(3)
        walked = "20,000 walkers, against the closed form in brackets."
        one.metric("Mean at T", f"{found.mean[0]:.3f} ({found.mean[1]:.3f})", help=walked)
        two.metric("Spread at T", f"{found.std[0]:.3f} ({found.std[1]:.3f})", help=walked)
        three.metric(
            "Largest gap",
            f"{found.gap:.2%}",
            help="Between the two distribution functions, at any step. Chance alone makes 1.5% "
            "and more in one or two of a hundred such walks.",
        )
        st.markdown(
            "A Gaussian of a Gaussian is a Gaussian: variances add, so $T$ small steps are one "
            r"large step with $\bar\alpha_t=\prod_i(1-\beta_i)$. Training can jump to any $t$ at "
            "once. The histogram was walked step by step; nothing of the closed form is in it."
        )
        show_code(code.closed_form(chain, float(x0), seed))


def posterior(
    chain: LinearDDPM, narrow: DeltaGenerator, wide: DeltaGenerator, scale: float
) -> None:
    """What x_0 and x_t say of x_{t−1}."""
    with narrow:
        at = controls.number(AT, key="at")
        x0 = float(controls.number(X0, key="x0"))
        xt = float(controls.number(XT, key="xt"))
    t = 1 + round(int(at) / 100 * (chain.steps - 1))
    step = scenes.step_of(chain, t)
    found = step.posterior
    with wide:
        show(
            posterior_chart(
                found, step.then, x0, xt, reach=4.0, height=frame.height(380), scale=scale
            ),
            "posterior",
        )
        mean = found.on_xt * xt + found.on_x0 * x0
        one, two, three, four = st.columns(4)
        one.metric("Step t", f"{t} of {chain.steps}")
        two.metric("Mean μ̃", f"{mean:.4f}", help="Of xₜ₋₁, given both.")
        three.metric("Variance β̃ₜ", f"{found.variance:.3g}")
        four.metric("Variance βₜ", f"{found.forward:.3g}", help="Of the forward step.")
        st.latex(
            rf"\tilde\mu=\underbrace{{\tfrac{{\sqrt{{\bar\alpha_{{t-1}}}}\,\beta_t}}"
            rf"{{1-\bar\alpha_t}}}}_{{{found.on_x0:.3f}}}x_0+\underbrace{{\tfrac{{\sqrt{{\alpha_t}}"
            rf"(1-\bar\alpha_{{t-1}})}}{{1-\bar\alpha_t}}}}_{{{found.on_xt:.3f}}}x_t,\qquad "
            rf"\tilde\beta_t=\tfrac{{1-\bar\alpha_{{t-1}}}}{{1-\bar\alpha_t}}\beta_t"
            rf"={found.variance:.3g}"
        )
        st.markdown(
            r"Bayes' rule: what $x_0$ says of $x_{t-1}$ times what $x_t$ says of it. Precisions "
            r"add, $1/\tilde\beta_t=\alpha_t/\beta_t+1/(1-\bar\alpha_{t-1})$, and the mean is "
            r"weighted by them. At $t=1$ the point $x_0$ alone decides; with short steps late in "
            r"the chain, $x_t$ does, and $\tilde\beta_t\approx\beta_t$."
        )
        show_code(code.posterior(chain, t, x0, xt))
