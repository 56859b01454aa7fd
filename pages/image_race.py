"""Samplers from the same noise on pictures: with noise, without, and with the noise left out."""

import streamlit as st

from explorer.code.recipes import image_sampling as code
from explorer.ui import controls, frame, image_controls, image_live, image_models, stories
from explorer.ui.code import show_code
from explorer.ui.image_scenes import Look

VIEWS = {"race": "Four samplers", "draws": "One noise, ten draws", "between": "From seed to seed"}
WORDS = {
    "race": "All four start from the same ten noises. The ODE by Heun and DDIM follow one and the "
    "same curve, so they end in nearly the same pictures. The SDE adds fresh noise on the way and "
    "ends elsewhere. Leave that noise out of the ancestral step and the pictures come out "
    "smooth and much alike: the average handwriting, tidy, its variety gone.",
    "draws": "Ten runs from one $x_T$, told no class where the network allows it. With fresh noise "
    "$x_T$ decides little: every run draws something else. Without, $x_T$ *is* the picture.",
    "between": r"$x_T$ moves from one seed's noise to another's on the great circle, so that its "
    r"length stays that of noise. DDIM is a map from noise to picture, and its pictures change "
    "gradually; the fresh noise of the stochastic sampler, of its own in every column, undoes "
    "the path.",
}
EQUATIONS = {
    "race": r"dx=\left[fx-g^2\,s\right]dt+g\,d\bar W\quad\text{against}\quad "
    r"\dot x=fx-\tfrac12g^2\,s,\qquad\text{the same }p_t\text{ at every }t",
    "draws": r"x_0=\Phi(x_T)\ \text{(ODE)}\qquad\text{against}\qquad x_0\sim p(x_0\mid x_T)"
    r"\ \text{(SDE)}",
    "between": r"x_T(u)=\frac{\sin((1-u)\,\omega)\,a+\sin(u\,\omega)\,b}{\sin\omega},\qquad "
    r"\cos\omega=\frac{\langle a,b\rangle}{\lVert a\rVert\,\lVert b\rVert}",
}

frame.page(
    "Images: SDE and ODE",
    intro="From the same noise to pictures by an SDE, an ODE, DDIM, and by an SDE whose noise is "
    "left out.",
)
found = image_models.usable()
presets: dict[str, dict[str, object]] = {
    "Four samplers": {},
    "What the network believes": {"show": "x0_hat"},
    "One noise, ten draws": {"view": "draws"},
    "From seed to seed": {"view": "between"},
}
presets |= {
    label: {"net": name}
    for label, name in (
        ("U-Net without time", "mnist-unet"),
        ("CIFAR-10", image_models.photographs(found)),
    )
    if name in found
}
controls.presets(presets)

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Compare",
        default="race",
        help="Four samplers from one noise, ten runs from one noise, or the way between two.",
    )
    checkpoint = image_models.choose(found)
    if checkpoint is not None:
        show = controls.segments(
            {"x_t": "xₜ", "x0_hat": "x̂₀"},
            key="show",
            label="Show",
            default="x_t",
            help="What the sampler holds, or the picture that the network believes it to be.",
        )
        request = image_controls.choose(checkpoint, view)

with wide:
    if checkpoint is not None:
        path = view == "between"
        scale = 1.4 if frame.projector() else 1.0
        look = Look(False, 10 if path else 5, 1 if path else 2, show, scale=scale)
        low = 130 if frame.projector() and view == "race" else 168  # below a story's words
        image_live.live(
            checkpoint, request, look, height=130 if path else low if stories.running() else 200
        )
        st.latex(EQUATIONS[view])
        st.markdown(WORDS[view])
        if view == "race":
            st.caption(
                "Leaving the noise out is neither DDIM nor the probability flow, though often "
                "called so: those two are made to keep the spread of p at every t, this is not."
            )
        show_code(code.recipe(checkpoint, request, "image_race"))
