"""The plane of seeds: which class each x_T ends in, without noise and with it."""

import streamlit as st

from explorer.code.recipes import seed_space as code
from explorer.diffusion.samplers import SAMPLERS
from explorer.figures.seeds import shares_chart
from explorer.registry import Param
from explorer.ui import controls, frame, latent_scenes, latent_tables, links
from explorer.ui import seed_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.latent_files import latent_files
from explorer.ui.pictures import show
from explorer.ui.player import player
from explorer.ui.player import still as standing

frame.page(
    "Seed space",
    intro="Does the seed $x_T$ decide what a sample becomes? Each point wears the colour "
    "of the class it ends in. **Click on a seed** to follow 200 runs from it.",
)
controls.presets(
    {
        "ODE against SDE": {},
        "A seed on a border": {"x1": 0.1, "x2": 0.0},
        "A little noise: DDIM, η = 0.3": {"noisy": "ddim", "right.ddim.eta": 0.3},
        "Our network": {"model": "ours"},
        "The exact score": {"model": "ours", "exact": "1"},
    }
)
STILL = ("flow", "heun", "ddim", "dpm", "no-noise")
SEED = tuple(
    Param(f"x{i}", f"Seed x{sub}", start, -3.0, 3.0, 0.1, "Of the noise that 200 runs start from.")
    for i, sub, start in ((1, "₁", 1.0), (2, "₂", 0.6))
)
NOISY = ("ddpm", "ddpm-posterior", "sde", "pc", "edm", "ddim")

narrow, wide = frame.stage()
with narrow:
    name = latent_scenes.choose_model()
    exact = controls.switch(
        key="exact",
        label="Sample with the exact score",
        help="The encoder's latents are a mixture of four Gaussians: their score is known.",
    )
    labels = {sampler: SAMPLERS[sampler].label for sampler in STILL}
    left = controls.option(
        labels,
        key="still",
        label="Without noise",
        default="flow",
        help="A sampler in which the seed decides everything.",
    )
    right, numbers = controls.choose(
        SAMPLERS,
        key="noisy",
        label="With noise",
        default="ddpm",
        help="A sampler that draws fresh noise on its way.",
        where=lambda sampler, _: sampler in NOISY,
        values={"ddim": {"eta": 0.5}},
        prefix="right.",
    )
    count = Param("steps", "Steps", 100, 10, 500, 10, "Of both samplers, from noise to data.")
    steps = int(controls.number(count, key="steps"))
    x1, x2 = (float(controls.number(param, key=param.name)) for param in SEED)
    seed = controls.seed()
scale = 1.4 if frame.projector() else 1.0
still, noisy = scenes.Way(left), scenes.Way(right, tuple(numbers.items()))


def _take(x: float, y: float) -> None:
    """The seed that was clicked on becomes the chosen one. A callback."""
    links.adjust({"x1": x, "x2": y})


with wide:
    latent_tables.legend()
    both, third = st.columns([2, 1], gap="small")
    maps = scenes.maps(name, exact, still, noisy, (x1, x2), steps, seed, scale)
    calm, rough = maps.calm, maps.rough
    with both:
        standing(maps.panes, key="maps", height=frame.height(340), on_drag=_take)
    with third:
        found = scenes.endings(name, exact, still, noisy, (x1, x2), steps, seed, scale)
        player(found.scene.panes, key="endings", clock=found.scene.clock, height=frame.height(340))
    show(shares_chart(found.shares, height=frame.height(110), scale=scale), "shares")
    st.latex(
        r"\text{ODE: }x_0=\Phi(x_T)\qquad\qquad\text{SDE: }x_0\sim p(x_0\mid x_T)\approx p(x_0)"
        r"\ \text{ as }\ \alpha_T\to0"
    )
    share = rough.apart / max(rough.chance, 1e-9)
    kept = "forgotten on the way" if share > 0.8 else "forgotten in part"
    st.markdown(
        "Without noise the seed is all there is: the flow $\\Phi$ carries whole regions to one "
        "class, so seeds are a latent space that can be read and interpolated. With noise the "
        f"seed is {kept}: {rough.apart:.0%} of neighbours end apart against "
        f"{calm.apart:.1%}; ends that nothing ties to their seeds would do so in "
        f"{rough.chance:.0%}. The document concludes that a DDPM does not divide up its seeds and "
        "is a peer of MCMC; that holds for sampling with its full noise, and not for the same "
        "network's ODE."
    )
    show_code(code.recipe(latent_files(name), still, noisy, exact, (x1, x2), steps, seed))
