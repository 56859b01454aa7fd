"""Schedules side by side, and a doctor who asks whether a process reaches its noise."""

import streamlit as st

from explorer.code.recipes import noise_schedules as code
from explorer.diffusion.doctor import repair
from explorer.diffusion.processes import PROCESSES
from explorer.ui import controls, frame, links, schedule_scenes
from explorer.ui.code import show_code
from explorer.ui.player import still
from explorer.ui.race_scenes import finite
from explorer.ui.setup import choose_dim, choose_distribution, choose_process, choose_rival

frame.page(
    "Noise schedules",
    intro="A schedule says how fast the signal fades and the noise grows. "
    "It must end in noise alone, for that is where every sampler starts.",
)
controls.presets(
    {
        "DDPM, cosine, straight": {},
        "Too short: T = 10, β to 0.01": {"ddpm.steps": 10, "ddpm.beta_end": 0.01},
        "λ = 10 for ±5": {"proc": "ve", "ve.lam": 10.0, "dim": "1", "vs1": "edm", "vs2": "none"},
        "From scratch: T = 200, β to 0.2": {"ddpm.steps": 200, "ddpm.beta_end": 0.2},
    }
)

narrow, wide = frame.stage()
with narrow:
    process = choose_process(default="ddpm")
    dim = choose_dim(default=2)
    distribution = choose_distribution(dim, default="gaussians-1d" if dim == 1 else "moons")
    rivals = [choose_rival(1, default="cosine"), choose_rival(2, default="straight")]

specs = (process, *(rival for rival in rivals if rival))
scale = 1.4 if frame.projector() else 1.0
diagnosis = schedule_scenes.diagnosis(process, distribution)

with wide:
    left, right = st.columns([0.56, 0.44], gap="medium")
    with left:
        pane = schedule_scenes.curves(specs, scale)
        still([pane], key="curves", height=frame.height(440))
    with right:
        name = PROCESSES[process.name].label
        if diagnosis.verdict == "healthy":
            st.success(f"**{name}** reaches its noise.", icon=":material/check_circle:")
        else:
            say = "barely reaches" if diagnosis.verdict == "weak" else "does not reach"
            show = st.warning if diagnosis.verdict == "weak" else st.error
            show(
                f"**{name}** {say} its noise: samplers start from noise, "
                "but the data end somewhere else.",
                icon=":material/healing:",
            )
            changes = repair(process.name, dict(process.values), distribution.build())
            if changes:
                labels = {param.name: param.label for param in PROCESSES[process.name].params}
                words = ", ".join(f"{labels[key]} = {value:g}" for key, value in changes.items())
                st.button(
                    f"Repair: {words}",
                    type="primary",
                    key="_repair",
                    on_click=links.adjust,
                    args=({f"{process.name}.{key}": v for key, v in changes.items()},),
                )
        one, two = st.columns(2)
        one.metric(
            "Signal left, ᾱ(1)", f"{diagnosis.alpha_bar:.2f}", help="α² at the end; 1 for VE."
        )
        two.metric(
            "Noise σ(1) ÷ width",
            finite(diagnosis.noise),
            help="Standard deviation of the noise over that of the data. It should be large, "
            "or the signal left small.",
        )
        one.metric(
            "Mean left ÷ width",
            finite(diagnosis.mean_left),
            help="How far the centre of x₁ lies from 0, in standard deviations of the data.",
        )
        two.metric(
            "Told apart from noise",
            f"≤ {diagnosis.told_apart:.1%}",
            help="Bound on the total variation distance between p₁ and the prior, √(KL/2); "
            "below 5% counts as healthy.",
        )
        pane = schedule_scenes.end(process, distribution, scale)
        still([pane], key="end", height=frame.height(210))
    st.latex(process.build().latex)
    st.markdown(
        "Signal and noise come from drift and diffusion: "
        r"$f=\dot\alpha/\alpha$ and $g^2=\frac{d\sigma^2}{dt}-2f\sigma^2$. Variance-preserving "
        r"processes shrink the signal to nothing at $\sigma\approx1$; variance-exploding ones keep "
        "it and drown it."
    )
    show_code(code.recipe(specs, distribution))
