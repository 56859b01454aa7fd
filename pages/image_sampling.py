"""Pictures from noise: what a network's x_t and its guess of the picture look like on the way."""

import streamlit as st

from explorer.code.recipes import image_sampling as code
from explorer.training import image_defaults as defaults
from explorer.ui import (
    controls,
    frame,
    image_controls,
    image_live,
    image_models,
    image_neighbours,
    stories,
)
from explorer.ui.code import show_code
from explorer.ui.image_scenes import Look

GUIDED = r"s_w(x,c)=s_-(x)+w\,\bigl(s(x\mid c)-s_-(x)\bigr),\qquad "
ESTIMATE = r"\hat x_0=\frac{{x_t+\sigma_t^2\,{}}}{{\alpha_t}}"

frame.page(
    "Image sampling",
    intro="Ten columns of noise become pictures. Above what the sampler holds, below what the "
    "network believes it to be at that moment.",
)
found = image_models.usable()
presets: dict[str, dict[str, object]] = {"Digits": {}}
if image_models.FIRST in found:
    presets |= {
        "No guidance": {"w": 1.0},
        "Guidance 5": {"w": 5.0},
        "No class": {"grid.class": defaults.NONE},
        "Forty sevens": {"grid.class": "7", "rows": 4},
        "Ten steps": {"grid.x0.steps": 10},
    }
presets |= image_models.presets(found)
controls.presets(presets)

narrow, wide = frame.stage()
with narrow:
    checkpoint = image_models.choose(found)
    if checkpoint is not None:
        request = image_controls.choose(checkpoint, "grid")
        near = controls.switch(
            key="near",
            label="Nearest training neighbours",
            help="Below the samples, from your copy of the data: are they copies?",
        )

with wide:
    if checkpoint is not None:
        scale = 1.4 if frame.projector() else 1.0
        rows = len(request.labels) // 10
        look = Look(
            both=True,
            columns=10,
            across=2 if frame.projector() and stories.running() else 1,  # below a story's words
            named=defaults.labels(defaults.EACH, len(request.labels)) == request.labels,
            scale=scale,
        )
        height = 30 + (88 if rows < 3 else 62) * rows
        image_live.live(checkpoint, request, look, height, reads=True)
        if near:
            image_neighbours.show(checkpoint, request, scale)
        guided = checkpoint.spec.entry.guidable
        st.latex((GUIDED if guided else "") + ESTIMATE.format("s_w(x_t,c)" if guided else "s(x_t)"))
        st.markdown(
            "Early on $\\hat x_0$ is a blur: the mean of all pictures that could lie under so much "
            "noise. With every step fewer of them remain, and it sharpens. The sampler's own $x_t$ "
            "shows the picture last; it is drawn here as $x_t/(\\alpha_t+2\\sigma_t)$, or most of "
            "it would lie beyond black and white."
        )
        if guided:
            st.markdown(
                "Guidance $w>1$ buys clear classes with variety: compare the rows. It leads away "
                "from $s_-$, a network that is told no class: the same one early in its training, "
                "where there is one, so that w also leads away from mistakes."
                + image_controls.limits(checkpoint)
            )
        show_code(code.recipe(checkpoint, request))
