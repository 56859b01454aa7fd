"""Guidance: asking for a class, asking louder, and what that does to the samples."""

import streamlit as st

from explorer.data.labelled import LABELLED
from explorer.registry import Param
from explorer.ui import controls, frame, guidance_code, guidance_live
from explorer.ui import guidance_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.guidance_sweep import sweep
from explorer.ui.pictures import show
from explorer.ui.setup import choose_process

frame.page(
    "Guidance",
    intro="Ask for one class, and follow its score further than it goes: samples become more "
    "typical of the class, and fewer. What they are pushed away from makes the difference.",
)
controls.presets(
    {
        "Two trees, learned": {},
        "Two trees, exact": {"scores": "exact"},
        "Over the scale": {"view": "scales"},
        "The push": {"scores": "exact", "classes": "overlap", "view": "field"},
        "Not p(x) p(c|x)ʷ": {"scores": "exact", "classes": "neighbours-1d", "view": "density"},
        "Within an interval": {"interval": "1", "w": 4.0},
    }
)
VIEWS = {
    "samples": "Samples",
    "field": "Field",
    "density": "Density",
    "scales": "Scales",
    "learn": "Train",
}
LOW = Param(
    "low", "From σ/α", 0.15, 0.0, 0.6, 0.01, choices=(0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
)
HIGH = Param("high", "To σ/α", 1.0, 0.7, 50.0, 0.1, choices=(0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 50.0))

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(VIEWS, key="view", label="Show", default="samples")
    learned = (
        view == "learn"
        or controls.segments(
            {"learned": "Learned", "exact": "Exact"},
            key="scores",
            label="Scores",
            default="learned",
            help="One small network, trained with a fifth of the labels hidden, on two trees; its "
            "early state is the weaker model. Or the exact scores of any of the distributions.",
        )
        == "learned"
    )
    if learned:
        data, process = "branches", scenes.NETWORK_PROCESS
    else:
        labels = {name: entry.label for name, entry in LABELLED.items()}
        data = controls.option(labels, key="classes", label="Classes", default="branches")
        process = choose_process(default="cosine")
    label = controls.segments({"0": "Left", "1": "Right"}, key="c", label="Class", default="0")
    scale = Param("w", "Scale w", 2.0, 0.0, 8.0, 0.25, "0: the class is forgotten. 1: obeyed.")
    w = float(controls.number(scale, key="w"))
    blur = 0.25
    if not learned:
        weak = Param("blur", "Blur of the weaker model", 0.25, 0.05, 1.0, 0.05, "For autoguidance.")
        blur = float(controls.number(weak, key="blur"))
    within = None
    if controls.switch(
        key="interval",
        label="Guide within an interval",
        help="Only between two noise levels, elsewhere w = 1 (Kynkäänniemi et al. 2024).",
    ):
        within = (
            float(controls.number(LOW, key="low")),
            float(controls.number(HIGH, key="high")),
        )
    samplers = {"heun": "Flow (ODE)", "ddpm": "SDE"}
    sampler = controls.segments(samplers, key="by", label="Sampler", default="heun")
    spec = guidance_live.choose_training() if view == "learn" else None
    seed = controls.seed()
    controls.reset()

guide = scenes.Guide(data, process, int(label), w, blur, within, learned, sampler, seed)
type_scale = 1.4 if frame.projector() else 1.0


def samples() -> None:
    found = scenes.lanes(guide, type_scale)
    show(found.scene, "lanes", height=370)
    st.latex(
        r"s=s_{\text{weak}}+w\,(s_c-s_{\text{weak}}),\qquad s_{\text{weak}}="
        r"\begin{cases}\nabla\log p_t(x)&\text{classifier-free}\\"
        r"\text{a worse model's }\nabla\log p_t(x\mid c)&\text{autoguidance}\end{cases}"
    )
    st.dataframe(
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
        ],
        hide_index=True,
        width="stretch",
    )
    st.markdown(
        "All three start from the same noise. Pale dots are true draws of the class, grey ones of "
        "the other; vermillion samples are strays, where fewer than one in 200 true draws lies. "
        "Classifier-free guidance runs from the other class: the mean shifts and the modes "
        "near it are lost. Autoguidance runs from the weaker model's errors, which lie on all "
        "sides: strays come back and the mean stays."
    )


def field() -> None:
    show(scenes.field(guide, type_scale), "field", height=470, position=0.75)
    st.latex(r"s_c-s_u=\nabla\log p_t(x\mid c)-\nabla\log p_t(x)=\nabla_x\log p(c\mid x_t)")
    st.markdown(
        "By Bayes' rule the difference of the two scores is the gradient of a classifier that "
        "knows noisy data. With much noise it points away from the other class everywhere, long "
        "before the class is decided: that is where guidance costs variety. Where the class is "
        "certain it vanishes, but for what a network gets wrong."
    )


def density() -> None:
    found = scenes.densities(guide, frame.height(430), type_scale)
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


def scales() -> None:
    charts = sweep(guide, frame.height(360), type_scale)
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


with wide:
    if spec is not None:
        guidance_live.live(guide, spec, type_scale)
    else:
        {"samples": samples, "field": field, "density": density, "scales": scales}[view]()
        show_code(guidance_code.recipe(guide))
