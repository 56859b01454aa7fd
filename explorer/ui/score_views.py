"""The view "Score" of the page "The mathematics": mean noise on the line, targets in the plane."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.code.recipes import mathematics as code
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.targets import DRAWN
from explorer.ui import controls
from explorer.ui import mathematics_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.pictures import show
from explorer.ui.setup import DATA_HELP, choose_dim, choose_process


def score(narrow: DeltaGenerator, wide: DeltaGenerator, scale: float) -> None:
    """Why a network that guesses noise learns the score, in one coordinate or in two."""
    with narrow:
        dim = choose_dim(default=1)
        if dim == 1:
            names = {n: e.label for n, e in DISTRIBUTIONS.items() if e.dim == 1 and e.exact}
            for edited in ("custom-1d", "own-1d"):  # the page has no room for their editors
                names.pop(edited)
        else:
            names = {n: DISTRIBUTIONS[n].label for n in scenes.MIXTURES}
        name = controls.option(
            names,
            key=f"data{dim}",
            label="Distribution",
            default="mixture-1d" if dim == 1 else "ring",
            help=DATA_HELP,
        )
        process = choose_process(default="ddpm")
        seed = controls.seed()
    with wide:
        {1: _on_the_line, 2: _in_the_plane}[dim](DistributionSpec(name), process, seed, scale)


def _on_the_line(data: DistributionSpec, process: ProcessSpec, seed: int, scale: float) -> None:
    """The mean of the noise at each x_t, and −σ∇log p_t."""
    scene, apart = scenes.noise_scene(data, process, seed, scale)
    show(scene, "score", height=400)
    left, right = st.columns([0.7, 0.3], gap="medium")
    left.latex(
        r"\mathbb E[\varepsilon\mid x_t]=-\sigma_t\,\nabla_{x}\log p_t(x_t)"
        r"\ \Longleftrightarrow\ \nabla\log p_t=-\,\mathbb E[\varepsilon\mid x_t]/\sigma_t"
    )
    right.metric(
        "Largest difference of the curves",
        f"{apart:.1e}",
        help="On the grid, at all times, where pₜ is within e⁻¹² of its peak. One curve is an "
        "integral over the noise by Bayes' rule, the other the density's derivative.",
    )
    st.markdown(
        "Many draws pass through the same $x_t$ with different noise. A network that guesses "
        "the noise with the least squared error says their mean, and that mean *is* the score: "
        "no density was ever shown to it. What it cannot know is the dots' spread about the "
        "curve, which is why its loss never falls to 0."
    )
    show_code(code.score(data, process))


def _in_the_plane(data: DistributionSpec, process: ProcessSpec, seed: int, scale: float) -> None:
    """Single targets −ε/σ at a few places, their mean, and ∇log p_t."""
    scene, taught = scenes.targets_scene(data, process, seed, scale)
    show(scene, "targets", height=430)
    left, right, far = st.columns([0.6, 0.2, 0.2], gap="medium")
    left.latex(
        r"\begin{aligned}\min_s\,\mathbb E\,\Big\|s(x_t)+\frac{\varepsilon}{\sigma_t}\Big\|^2"
        r"\ \Rightarrow\ s(x)&=\mathbb E\Big[-\frac{\varepsilon}{\sigma_t}\,\Big|\,x_t=x\Big]\\"
        r"&=\frac{\alpha_t\,\mathbb E[x_0\mid x_t=x]-x}{\sigma_t^2}=\nabla\log p_t(x)\end{aligned}"
    )
    right.metric(
        "Exact mean, off by",
        f"{taught.apart:.1e}",
        help="Largest difference of E[−ε/σ | xₜ], by Bayes' rule, from the density's derivative, "
        "times σ: over all places and times.",
    )
    far.metric(
        f"Mean of {DRAWN}, off by",
        f"{taught.chance:.3f}",
        help="The same of the mean of so many draws, on average: chance, which falls as 1/√n.",
    )
    st.markdown(
        "Denoising score matching never shows the score. At one place $x_t$ the targets point to "
        "wherever the data may have come from, and the least squared error is that of their "
        "mean. With much noise all agree: back to the middle. With little noise they point "
        "anywhere: what is left of the mean is small beside them, and a network needs many draws "
        "to see it."
    )
    show_code(code.targets(data, process, seed))
