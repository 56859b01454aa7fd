"""How many evaluations of the score does each sampler need? Measured while one watches."""

import streamlit as st

from explorer.code.recipes import steps_against_quality as code
from explorer.figures.quality import quality_legend, quality_rows, quality_spec
from explorer.ui import controls, frame, growing
from explorer.ui import learned_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.setup import NETWORK_HELP
from explorer.ui.weights import trained

frame.page(
    "Steps against quality",
    intro="Each evaluation of the score costs one pass through the network. Every sampler starts "
    "from the same noise; lower is better, and nothing can be told from the truth below the floor.",
)
controls.presets(
    {
        "Two moons": {},
        "With the exact score": {"exact": 1},
        "A network that saw 40 points": {"model": "few-moons"},
        "1D": {"model": "mixture-1d"},
        "Variance exploding": {"model": "tutorial"},
    }
)

narrow, wide = frame.stage()
with narrow:
    name = controls.option(
        scenes.networks(),
        key="model",
        label="Trained network",
        default="moons",
        help=NETWORK_HELP,
    )
    with_exact = controls.switch(
        key="exact",
        label="Sample with the exact score",
        help="In the network's place: what is wrong then is the sampler's fault, or the start's.",
    )
    seed = controls.seed()

growth = growing.growing_quality(name, with_exact, seed)


@st.fragment(run_every=None if growth.done else 0.2)
def measure() -> None:
    """Draw what is known, then go on for a moment: a fragment that works first turns pale."""
    scale = 1.4 if frame.projector() else 1.0
    size = {"height": frame.height(490), "scale": scale}
    st.vega_lite_chart(quality_rows(growth.found, **size), quality_spec(**size), key="quality")
    st.html(quality_legend(growth.found))
    spent = sum(quality.seconds for quality in growth.found)
    say = "All measured" if growth.done else "Measuring"
    st.caption(f"{say}: {len(growth.found)} runs of 3,000 particles in {spent:.1f} s.")
    if not growth.done:
        growth.advance(0.4)
        if growth.done:
            st.rerun()


with wide:
    measure()
    st.markdown(
        "Both axes are logarithmic. With few evaluations the error is the *sampler's*: solvers of "
        "the probability flow come down first, those that draw noise later, and the ancestral step "
        "with its noise left out never does. With many, all others come near the floor, if the "
        "network is good, where the exact score does no better; or meet at the *network's* own "
        "error, if it saw only 40 points. A third error is the *start's*: the prior is not quite "
        "$p_T$. The flow carries it along, however fine its steps; noise on the way forgets it, as "
        "with the variance-exploding network. The distance is sliced Wasserstein's, the mean over "
        "three parts of 1,000 particles; differences of a fifth of the floor are chance."
    )
    show_code(code.recipe(trained(name), with_exact, seed))
