"""Markov chains and a diffusion sampler on one density, at equal counts of score evaluations."""

import streamlit as st

from explorer.code.recipes import diffusion_against_mcmc as code
from explorer.diffusion.samplers import SAMPLERS
from explorer.mcmc.kernels import KERNELS
from explorer.ui import controls, frame
from explorer.ui import mcmc_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.mcmc_controls import PRESETS, choose_budget, choose_lane, choose_sampler
from explorer.ui.mcmc_table import table
from explorer.ui.pictures import show
from explorer.ui.setup import choose_dim, choose_distribution, choose_process

frame.page(
    "Diffusion against MCMC",
    intro="All of them draw from a density by its score. A chain walks on the density itself, "
    "diffusion comes down to it from noise. Each has spent the same number of evaluations.",
)
controls.presets(PRESETS)

narrow, wide = frame.stage()
with narrow:
    dim = choose_dim(default=2)
    distribution = choose_distribution(
        dim,
        default="gaussians-1d" if dim == 1 else "ring",
        without=("points",),  # which have no density to walk on
    )
    start = controls.segments(
        {"mode": "One mode", "wide": "Wide"},
        key="start",
        label="Start",
        default="mode",
        help="Of the chains: true draws from one mode, or a normal cloud as wide as the data. The "
        "diffusion sampler starts from these draws with all their noise added, or from pure noise.",
    )
    lanes = tuple(
        lane
        for place, default in enumerate(("hmc", "mala"), start=1)
        if (lane := choose_lane(place, default))
    )
    rival = choose_sampler()
    process = choose_process(default="ddpm")
    budget, count = choose_budget()
    seed = controls.seed()

scale = 1.4 if frame.projector() else 1.0
found = scenes.contest(
    distribution, process, lanes, rival, start == "mode", budget, count, seed, scale
)
with wide:
    show(found.scene, "contest", height=360 if dim == 2 else 400)
    table(found.rows, len(found.weights))
    kind = controls.segments(
        {
            "time": "Modes over time",
            "shares": "Modes at the end",
            "memory": "Autocorrelation",
            "tuning": "Tuning",
        },
        key="chart",
        label="Chart",
        default="time",
        help="The modes that each method has found, how far its samples remember one another, or "
        "how its step size was tuned.",
    )
    if kind == "tuning" and not any(lane.aim for lane in lanes):
        st.info("No step size is tuned here. Switch it on for a chain, or take a preset.")
    else:
        show(scenes.chart(found, kind, frame.height(280), scale), kind)
    for name in dict.fromkeys(lane.kernel for lane in lanes):
        st.latex(rf"\textbf{{{KERNELS[name].label}}}\quad " + KERNELS[name].latex)
    st.latex(rf"\textbf{{{SAMPLERS[rival.sampler].label}}}\quad " + SAMPLERS[rival.sampler].latex)
    st.markdown(
        r"A chain moves by small steps on $\log p$, so that it must climb over what lies between "
        "two modes; the time until it does grows exponentially with the height of the barrier. "
        "Diffusion never climbs: with much noise there is one mode, and the modes part while the "
        "particles come down."
    )
    st.markdown(
        "A chain cannot tell from its own draws what it never saw. *Worth, it thinks* is what its "
        "autocorrelation promises; *in truth* is what its average is worth, held against the true "
        "mean. In one mode out of many the first looks fine while the second is about 1. What "
        "diffusion asks for in return is the score of every noised density, not of one: exact "
        "here, elsewhere learned. The first quarter of the evaluations warms the chains up: a step "
        "size is tuned in it, and its draws do not count."
    )
    show_code(
        code.recipe(
            distribution,
            process,
            [(lane.kernel, lane.values, lane.aim) for lane in lanes],
            (rival.sampler, rival.values),
            start == "mode",
            budget,
            count,
            seed,
        )
    )
