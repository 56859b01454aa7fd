"""Views of the page "Guidance": the samples, the push, the density that is drawn, the scales."""

from __future__ import annotations

import streamlit as st

from explorer.ui import frame
from explorer.ui import guidance_scenes as scenes
from explorer.ui.guidance_scenes import Guide
from explorer.ui.guidance_sweep import sweep
from explorer.ui.pictures import show
from explorer.ui.tables import table


def samples(guide: Guide, scale: float) -> None:
    """Three ways to ask for the class from one noise, and how their ends compare."""
    found = scenes.lanes(guide, scale)
    show(found.scene, "lanes", height=370)
    st.latex(
        r"s=s_{\text{weak}}+w\,(s_c-s_{\text{weak}}),\qquad s_{\text{weak}}="
        r"\begin{cases}\nabla\log p_t(x)&\text{classifier-free}\\"
        r"\text{a worse model's }\nabla\log p_t(x\mid c)&\text{autoguidance}\end{cases}"
    )
    table(
        [
            {
                "Method": row.label,
                "Distance, × floor": f"{row.distance.ratio:.1f}",
                "Mean shifted by": f"{row.shift:.2f}",
                "Spread, of the truth's": f"{row.spread:.0%}",
                "Modes found": f"{row.found} of {row.modes}",
                "Strays": f"{row.strays:.1%}",
            }
            for row in found.rows
        ]
    )
    st.markdown(
        "All three start from the same noise. Pale dots are true draws of the class, grey ones of "
        "the other; vermillion samples are strays, where fewer than one in 200 true draws lies. "
        "Classifier-free guidance runs from the other class: the mean shifts and the modes "
        "near it are lost. Autoguidance runs from the weaker model's errors, which lie on all "
        "sides: strays come back and the mean stays."
    )


def field(guide: Guide, scale: float) -> None:
    """What guidance adds to the score, over the plane and time."""
    show(scenes.field(guide, scale), "field", height=470, position=0.75)
    st.latex(r"s_c-s_u=\nabla\log p_t(x\mid c)-\nabla\log p_t(x)=\nabla_x\log p(c\mid x_t)")
    st.markdown(
        "By Bayes' rule the difference of the two scores is the gradient of a classifier that "
        "knows noisy data. With much noise it points away from the other class everywhere, long "
        "before the class is decided: that is where guidance costs variety. Where the class is "
        "certain it vanishes, but for what a network gets wrong."
    )


def density(guide: Guide, scale: float) -> None:
    """What is drawn, and what guidance is often said to draw."""
    found = scenes.densities(guide, frame.height(430), scale)
    show(found.picture, "density", height=430)
    one, two, three = st.columns(3)
    one.metric("Spread of p(x) p(c|x)ʷ", f"{found.tilted_std:.3f}")
    two.metric("Spread of what is drawn", f"{found.drawn_std:.3f}")
    three.metric("Distance between them", f"{found.distance.ratio:.1f} × floor")
    st.latex(
        r"\nabla\log\!\left[p_t(x)\,p(c\mid x_t)^w\right]\ \text{guides at each }t,\quad"
        r"\text{but}\quad p_t(x)\,p(c\mid x_t)^w\;\ne\;"
        r"\int\! q(x_t\mid x_0)\;p(x_0)\,p(c\mid x_0)^w\,dx_0"
    )
    st.markdown(
        r"Guidance is often said to sample $p(x)\,p(c\mid x)^w$. It does not: tilting and adding "
        "noise do not commute, so the guided scores of two noise levels belong to no common "
        r"diffusion. For Gaussians of widths $s_u$ and $s_c$ about one centre the flow draws the "
        r"width $s_u^{1-w}s_c^{\,w}$ from enough noise, and the tilted density has "
        r"$[(1-w)/s_u^2+w/s_c^2]^{-1/2}$."
    )


def scales(guide: Guide, scale: float) -> None:
    """Distance, modes and strays over the scale w."""
    charts = sweep(guide, frame.height(360), scale)
    for column, (name, chart) in zip(
        st.columns(3), zip(("distance", "found", "strays"), charts, strict=True), strict=True
    ):
        with column:
            show(chart, name)
    st.markdown(
        r"At $w=1$ both are the class's own score, at $w=0$ the weak score alone. From there on "
        "classifier-free guidance only moves away from the class's distribution: it was never "
        "meant to sample it. Autoguidance has a best scale: past 1 it first makes up for what the "
        "model got wrong, and then thins the samples out too."
    )


VIEWS = {"samples": samples, "field": field, "density": density, "scales": scales}
