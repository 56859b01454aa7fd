"""Data becomes noise: paths and histograms in 1D, clouds and densities in 2D."""

import streamlit as st

from explorer.code.recipes import forward_diffusion as code
from explorer.data.uniform_boxes import UniformBoxes
from explorer.registry import Param
from explorer.ui import controls, frame, scenes
from explorer.ui.code import show_code
from explorer.ui.player import player
from explorer.ui.setup import choose_dim, choose_distribution, choose_process

frame.page(
    "Forward diffusion",
    intro="Add a little noise, again and again, until nothing of the data is left: "
    r"$x_t=\alpha_t\,x_0+\sigma_t\,\varepsilon$ with $\varepsilon\sim\mathcal N(0,I)$.",
)
controls.presets(
    {
        "Two modes, λ = 10": {"dim": "1", "dist1": "gaussians-1d", "proc": "ve", "ve.lam": 10.0},
        "Two blobs, λ = 26": {"dim": "2", "dist2": "blobs", "proc": "ve", "ve.lam": 26.0},
        "Two moons, DDPM": {"dim": "2", "dist2": "moons", "proc": "ddpm", "ddpm.steps": 500},
        "Uneven mixture, T = 200": {
            "dim": "1",
            "dist1": "mixture-1d",
            "proc": "ddpm",
            "ddpm.steps": 200,
            "ddpm.beta_end": 0.2,
        },
        "Twelve points, EDM": {"dim": "2", "dist2": "points", "proc": "edm"},
    }
)

narrow, wide = frame.stage()
with narrow:
    dim = choose_dim(default=1)
    distribution = choose_distribution(dim, default="gaussians-1d" if dim == 1 else "moons")
    process = choose_process(default="ve")
    count = Param("n", "Particles", 800, 50, 5000, 50, "Up to 200 paths are drawn in 1D.")
    particles = int(controls.number(count, key="n"))
    rescale = controls.segments(
        {"auto": "Auto", "on": "Yes", "off": "No"},
        key="rescale",
        label="Draw x / its spread",
        default="auto",
        help="Keeps the cloud's size where the noise dwarfs the data; auto: beyond 4 times.",
    )
    seed = controls.seed()

wanted = rescale == "on" or (rescale == "auto" and scenes.wide_noise(distribution, process))
scene = scenes.forward_scene(
    distribution, process, particles, seed, wanted, 1.4 if frame.projector() else 1.0
)
law = distribution.build()
known = (
    r"The density $p_t$ is known exactly here, for noise turns a Gaussian mixture into a mixture: "
    r"means $\alpha_t\mu_k$, covariances $\alpha_t^2C_k+\sigma_t^2I$."
)
colours = "Each particle keeps the colour of the mode it came from: apart at $t=0$, then mixed."
if len(law.mode_weights) == 1:
    colours = "All particles are of one mode, and so of one colour."
if not law.exact:
    known = "The density $p_t$ is that of the mixture named at left, which stands in for the data."
elif isinstance(law, UniformBoxes):
    known = "The density $p_t$ is known exactly here: noise blurs the sides of every field."
with wide:
    player(scene.panes, key="forward", clock=scene.clock, height=frame.height(470), loop=False)
    st.latex(process.build().latex)
    st.markdown(
        f"{colours} The more noise there is beside the signal, the less one can tell where a "
        f"particle began. {known}"
    )
    show_code(code.recipe(distribution, process, particles, seed))
