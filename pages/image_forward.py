"""Noise in pictures and what networks take for it, and why they need not be told how much it is."""

import streamlit as st

from explorer.code.recipes import image_forward as code
from explorer.training import image_shelf
from explorer.ui import controls, frame, image_forward_scenes, image_models, image_pick
from explorer.ui.code import show_code
from explorer.ui.player import player

frame.page(
    "Image forward",
    intro="Noise goes into pictures, and a network guesses which part of what it sees is noise. "
    "The U-Net of the practical is never told how much there is.",
)
found = image_models.usable()
BESIDE = {"error": "Error by t", "reading": "Reading σ"}
presets: dict[str, dict[str, object]] = {"Digits": {}, "How much noise?": {"beside": "reading"}}
presets |= image_models.presets(found)
controls.presets(presets)

narrow, wide = frame.stage()
with narrow:
    checkpoint = image_models.choose(found)
    if checkpoint is not None:
        pictures = image_pick.choose(checkpoint)
        beside = controls.segments(
            BESIDE,
            key="beside",
            label="Beside the grid",
            default="error",
            help="The error of ε̂ at each noise level, or the noise that can be read off a picture.",
        )
        seed = controls.seed()


def picture() -> None:
    if checkpoint is None:
        return
    if pictures is None:
        st.info("There is nothing yet to put noise into: take others of the *Pictures*.")
        return
    model = image_models.opened(checkpoint)
    if model is None:
        return
    scale = 1.4 if frame.projector() else 1.0
    stamp = f"{checkpoint.folder} {image_shelf.stamp(checkpoint)}"
    grid = image_forward_scenes.forward_scene(
        model, stamp, pictures.pixels, pictures.labels, seed, scale
    )
    curves, wrong = image_forward_scenes.error_curves(found, checkpoint.spec.dataset)
    chart = image_forward_scenes.error_scene(curves, scale)
    if beside == "reading":
        chart = image_forward_scenes.reading_scene(pictures.pixels, seed, scale)
    player(
        [grid.panes[0], chart], key="forward", clock=grid.clock, height=frame.height(420), columns=2
    )
    for problem in wrong:
        st.text(f"Without its error by t: {problem}.")
    st.latex(
        r"x_t=\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon,\qquad "
        r"\mathcal L=\lVert\hat\varepsilon(x_t)-\varepsilon\rVert^2,\qquad "
        r"\hat x_0=\frac{x_t-\sigma_t\hat\varepsilon}{\alpha_t}"
    )
    st.markdown(
        "**Why a network works that is not told $t$.** A picture is smooth and noise is not, so "
        "the size of the finest differences between neighbours gives $\\sigma_t$ away: the dots of "
        "*Reading σ* come from one picture each, with no network at all. With 3,072 numbers in a "
        "picture there is little left to doubt, and $\\hat\\varepsilon(x_t)$ is nearly "
        "$\\hat\\varepsilon(x_t,t)$. A point of the plane has two numbers: there the time has to "
        "be told. What is hard is *little* noise, where ε hides in the picture: every curve rises "
        "towards $t=0$. Two convolutions see 5×5 pixels and cannot tell strokes from noise."
    )
    show_code(code.recipe(checkpoint, pictures.pixels, pictures.labels, seed))


with wide:
    picture()
