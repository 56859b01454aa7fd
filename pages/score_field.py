"""The score, exact at every noise level: arrows, contours, and each mode's share in them."""

import streamlit as st

from explorer.code.recipes import score_field as code
from explorer.data.uniform_boxes import UniformBoxes
from explorer.ui import controls, frame, scenes
from explorer.ui.code import show_code
from explorer.ui.player import player
from explorer.ui.setup import choose_distribution, choose_process

frame.page(
    "Score field",
    intro=r"The score $\nabla_x\log p_t(x)$ points to where data are likelier. "
    "Scrub through time, and hold the pointer over the field to read it.",
)
controls.presets(
    {
        "Two Gaussians": {},
        "The same, λ = 10": {"proc": "ve", "ve.lam": 10.0},
        "Ring of eight": {"dist2": "ring", "proc": "ddpm"},
        "Two moons": {"dist2": "moons", "proc": "ddpm"},
        "Checkerboard": {"dist2": "checkerboard", "proc": "straight"},
        "Memorised points": {"dist2": "points", "proc": "cosine"},
    }
)

narrow, wide = frame.stage()
with narrow:
    distribution = choose_distribution(2, default="tutorial")
    process = choose_process(default="ddpm")
    at = controls.segments(
        {"grid": "On a grid", "samples": "At samples"},
        key="at",
        label="Arrows",
        default="grid",
        help="At samples: draws of p_t with their score, moving as the noise changes.",
    )
    by_mode = controls.switch(
        key="modes",
        label="Split by mode",
        default=True,
        help="Each mode's own score times its participation weight; together they are the score.",
    )
    seed = controls.seed() if at == "samples" else 0

scene = scenes.score_scene(
    distribution,
    process,
    at,
    by_mode and len(distribution.build().mode_weights) > 1,
    seed,
    scenes.wide_noise(distribution, process),
    1.4 if frame.projector() else 1.0,
)
with wide:
    player(
        scene.panes,
        key="score",
        clock=scene.clock,
        height=frame.height(480),
        position=1.0,
        autoplay=False,
    )
    law = distribution.build()
    boxes = isinstance(law, UniformBoxes)
    own = r"(\alpha_t^2C_k+\sigma_t^2I)^{-1}(\alpha_t\mu_k-x)"
    if boxes:
        own = r"\nabla_x\log p_{k,t}(x)"
    st.latex(
        r"\nabla_x\log p_t(x)=\sum_k \underbrace{w_k(x,t)}_{\text{participation}}"
        rf"\underbrace{{{own}}}_{{\text{{mode }}k\text{{'s score}}}}"
    )
    kind = "exact" if law.exact else "that of the mixture named at left"
    if boxes:
        kind += ": a field is flat, so that it has a score only near its sides"
    st.markdown(
        r"With much noise all modes take part everywhere and the arrows agree on one centre. With "
        "little, each point listens to the nearest mode alone, and the borders between the colours "
        f"are where its arrows turn. The score shown is {kind}. Arrow lengths grow with the root "
        "of the score's length and are set anew at each $t$; the pointer reads the true values."
    )
    show_code(code.recipe(distribution, process, at, seed))
