"""A density from its points, three ways: a histogram, kernels, diffusion models."""

import streamlit as st

from explorer.code.recipes import density_estimation as code
from explorer.code.recipes.learned import Trained
from explorer.data.spec import DistributionSpec
from explorer.training import density_networks as shipped
from explorer.ui import controls, density_controls, density_live, frame
from explorer.ui import density_scenes as scenes
from explorer.ui.code import show_code
from explorer.ui.pictures import show
from explorer.ui.setup import DATA_HELP, choose_own_data
from explorer.ui.tables import table

frame.page(
    "Density estimation",
    intro="From the same points: a histogram, kernels, and what small diffusion models learn.",
)
controls.presets(
    {
        "Two moons, 1,000 points": {},
        "Few points": {"n": "100"},
        "The from-scratch spiral": {"set": "spiral", "n": "10000"},
        "Uneven mixture": {"set": "mixture-1d"},
        "Ramp": {"set": "ramp-1d"},
        "How many points?": {"view": "sizes"},
        "Your own data": {"set": "own-2d"},
        "Train it yourself": {"view": "live"},
    }
)
VIEWS = {"density": "Density", "sizes": "Size", "live": "Train"}

narrow, wide = frame.stage()
with narrow:
    view = controls.segments(
        VIEWS,
        key="view",
        label="Show",
        default="density",
        help="All estimates side by side, how they fare with more points, or a training here.",
    )
    name = controls.option(scenes.SETS, key="set", label="Data", default="moons", help=DATA_HELP)
    own = name in scenes.OWN
    data = choose_own_data(name) if own else DistributionSpec(name)
    size = 1000
    if view != "sizes":
        sizes = {str(n): f"{n:,}" for n in shipped.SIZES}
        size = int(
            controls.segments(
                sizes,
                key="n",
                label="Training points",
                default="1000",
                help="Draws of the data that each estimate is made from.",
            )
        )
    widths, kind = (0, "cv", 0.2), shipped.OURS
    if view == "live":
        kind = density_live.choose_kind()
    else:
        widths = density_controls.choose_widths()
scale = 1.4 if frame.projector() else 1.0
choice = scenes.Choice(data, size, *widths)
spec = shipped.training_of(data, size, shipped.OURS)
place = shipped.FOLDER / shipped.name_of(name, size, shipped.OURS) / "weights.safetensors"
network = None if own else Trained(spec, f"{name}-{size}.safetensors", place.read_bytes)

with wide:
    if view == "density":
        tall = 470 if name.endswith("1d") else 350 if own else 540
        show(scenes.picture(choice, frame.height(tall), scale), "density")
        table(scenes.rows(choice))
        st.markdown(
            "The held-out log-likelihood is the mean of $\\log\\hat p$ over 1,000 draws that no "
            "estimate has seen; no density does better than the truth in expectation. A histogram "
            "has steps, and kernels of one width blur thin curves or break up."
        )
        st.markdown(
            "No network comes with your own data: press *Train* under *Show* and one learns them, "
            "and says how far below the truth it is."
            if own
            else "The from-scratch "
            "document's network is trained at a constant rate without averaged weights: its score "
            "jitters to the end, and its density has ridges. Ours (a falling rate, averaged "
            "weights, predicting $v$) is a fraction of its size and comes far closer from 1,000 "
            "points. From 100 it learns the points themselves, and kernels win; from 1,000 it is "
            "level with the best kernels or ahead of them, but for the spiral's 10,000, where it "
            "stays a little behind. What a diffusion model is for are hundreds of "
            "dimensions, where histograms and kernels fail."
        )
    elif view == "sizes":
        show(scenes.by_size(choice, frame.height(470), scale), "sizes")
        st.markdown(
            "With more points histogram and kernels come closer to the truth by themselves, if "
            "their widths shrink with $n$."
        )
        if not own:
            st.markdown(
                "The document's network is limited by its training: the short one cannot use what "
                "the points tell, and the long one is still rough. Ours can use them. Each size "
                "was trained once, and at a constant rate a few tenths of a nat are luck."
            )
    else:
        density_live.live(data, size, kind, scale)
    left, right = st.columns(2)
    left.latex(r"\hat p_{\text{kernels}}(x)=\tfrac1n\textstyle\sum_i\mathcal N(x;\,x_i,\,h^2C)")
    right.latex(r"\log\hat p_\theta(x_0)=\log p_T(x_T)+\int_0^T\nabla\!\cdot v_\theta(x_t,t)\,dt")
    with st.expander("How it is measured", icon=":material/info:"):
        st.markdown(
            "The kernel estimate is what *noise makes of the training points*: in coordinates in "
            "which the data have covariance $I$, the exact diffused data set at $\\sigma=h$, and "
            "so the memorising optimum of a diffusion model at that noise. The histogram counts "
            "one observation more, spread as a broad Gaussian, since an empty box would make a "
            "held-out likelihood of $-\\infty$. Networks are the "
            "from-scratch document's: ReLU, three layers of 128 in 1D and 256 in 2D, $T=200$, "
            "β from $10^{-4}$ to 0.2, Adam at a constant rate, without averaged weights; the loss "
            "hardly moves between the short and the long training, the density does. Ours is the "
            "page *Train*'s: three layers of 64, 8,000 steps, ten seconds on a core. The distance "
            "is sliced Wasserstein's between 2,000 draws, in units of that between two true "
            "samples. The ramp's truth is 64 narrow Gaussians that fill it."
        )
    show_code(code.recipe(spec, network, choice.bins, choice.rule, choice.factor))
