"""Diffusion of a VAE's latents: four ways back from one noise, and what they decode to."""

import streamlit as st

from explorer.code.recipes import latent_diffusion as code
from explorer.figures import latent_charts as charts
from explorer.registry import Param
from explorer.training.latents import LATENTS
from explorer.ui import controls, frame, latent_learning, latent_live, latent_tables, shelf
from explorer.ui import latent_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.latent_files import latent_files
from explorer.ui.pictures import show
from explorer.ui.player import player

frame.page(
    "Latent diffusion",
    intro="A VAE puts four one-hot vectors into a plane, a diffusion model samples the plane, and "
    "the decoder turns every sample back into a vector. This is Stable Diffusion in miniature.",
)
controls.presets(
    {
        "With noise and without": {},
        "The document's 500 steps": {"steps": 500},
        "Our network": {"model": "ours"},
        "The exact score": {"model": "ours", "exact": "1"},
        "Colour by the end": {"colour": "end"},
        "The VAE": {"view": "vae"},
        "Train your own": {"view": "train"},
    }
)
VIEWS = {"sample": "Sample", "vae": "VAE", "train": "Train"}

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Show",
        default="sample",
        help="Samplers in the latent plane, the VAE that spans it, or a training of both.",
    )
    spec, name = None, "document"
    if view == "train":
        spec = latent_learning.choose_training()
    else:
        name = scenes.choose_model()
    if view == "sample":
        exact = controls.switch(
            key="exact",
            label="Sample with the exact score",
            help="The encoder's latents are a mixture of four Gaussians: their score is known.",
        )
        colour = controls.segments(
            {"now": "As it decodes now", "end": "As it ends"},
            key="colour",
            label="Colour of a particle",
            default="now",
            help="The class that its present place decodes to, or the one that it ends in.",
        )
        count = Param("steps", "Steps", 200, 10, 500, 10, "The document's chain has 500.")
        steps = int(controls.number(count, key="steps"))
        crowd = Param("n", "Particles", 1000, 100, 3000, 100, "The same noise in every pane.")
        particles = int(controls.number(crowd, key="n"))
    if view != "train":
        seed = controls.seed()
scale = 1.4 if frame.projector() else 1.0


def sample() -> None:
    found = scenes.sampling(name, exact, colour == "end", steps, particles, seed, scale)
    latent_tables.legend()
    player(found.scene.panes, key="sampling", clock=found.scene.clock, height=frame.height(285))
    noise, left_out = found.rows[0], found.rows[1]
    latent_tables.shares((*found.rows, found.true, found.noise))
    st.markdown(
        f"**{left_out.clear:.0%} clear without noise, {noise.clear:.0%} with it.** With its noise "
        "left out the ancestral step draws every particle to one place near the centre, and what "
        "that place decodes to depends on where the borders run: between two classes neither wins. "
        "The document names these samples `ddim`. They are not: DDIM and the probability-flow ODE "
        "use no noise either, start from the same $z_T$, and decode like the rest."
    )
    st.markdown("**The first eight samples, decoded**")
    latent_tables.decoded(found.rows)
    st.latex(
        r"z_s=\tilde\mu(z_t,\hat z_0)+\sqrt{\beta}\,\xi\ \ \text{against}\ \ z_s=\tilde\mu(z_t,"
        r"\hat z_0),\qquad \hat x=\operatorname{sigmoid}(W\operatorname{relu}(Vz_0+b)+c)"
    )
    st.caption(
        "The document's ᾱ is shifted by one index, so that its last step takes β₀ for β_T, and it "
        "never trains the step it starts to sample from; here ᾱ is the product of all 500 steps. "
        "Plain draws of N(0, I) decode not much worse than the document's samples: the KL term has "
        "made the latents almost Gaussian, and so small a network sees little of what is left."
    )


def vae() -> None:
    known = scenes.latent(name)
    left, right = st.columns(2, gap="medium")
    with left:
        show(scenes.vae_scene(name, seed, scale), "vae", height=400, position=1.0)
    with right:
        show(charts.loss_chart(known.curve, height=frame.height(430), scale=scale), "vae-loss")
    latent_tables.legend(none=False)
    latent_tables.arrangement(scenes.class_rows(known.vae))
    st.latex(
        r"\underbrace{-\mathbb E_{q(z\mid x)}\log p(x\mid z)}_{\text{reconstruction}}"
        r"+\underbrace{\mathrm{KL}\left(\mathcal N(\mu_x,\sigma_x^2)\,\|\,\mathcal N(0,I)\right)}"
        r"_{\frac12\sum(\mu^2+\sigma^2-1-\log\sigma^2)}\ \ge\ -\log p(x)\ \text{on average}\ \ge"
        r"\ \ln4"
    )
    st.markdown(
        "Each vector becomes a Gaussian in the plane. Reconstruction pushes the four apart, the KL "
        "term pulls all to the middle, and where both balance they tile one bell. So the latents "
        "are a mixture of four Gaussians, exactly, and the score to learn is known."
    )


with wide:
    if spec is not None:
        latent_live.live(spec, scale)
        show_code(code.training_recipe(spec))
        shelf.remember()
    elif view == "vae":
        vae()
        if name in LATENTS:
            show_code(code.training_recipe(LATENTS[name]))
    else:
        sample()
        show_code(code.recipe(latent_files(name), scenes.LANES, exact, steps, particles, seed))
