"""Loss curves of networks for pictures, against the practical's targets, and one to train."""

import streamlit as st

from explorer.code.recipes import image_losses as code
from explorer.ui import controls, frame, image_losses, image_models, image_training
from explorer.ui.code import show_code
from explorer.ui.pictures import show
from explorer.ui.tables import table

frame.page(
    "Loss curves",
    intro="The loss is the error of the guessed noise: 1 for guessing nothing. Was it on the way "
    "that the practical promises?",
)
found = image_models.listed()
sets = image_losses.datasets(found)
presets: dict[str, dict[str, object]] = {"MNIST": {}}
if "cifar10" in sets:
    presets["CIFAR-10"] = {"set": "cifar10"}
presets |= {
    "Train two convolutions": {"view": "train"},
    "With the practical's rate": {"view": "train", "tiny.rate": 1e-4},
}
controls.presets(presets)

narrow, wide = frame.stage()
scale = 1.4 if frame.projector() else 1.0
with narrow:
    views = {"curves": "Checkpoints", "train": "Train here"}
    view = controls.segments(
        views,
        key="view",
        label="Show",
        default="curves",
        help="How the networks of this app were trained, or a training of your own.",
    )
    spec = image_training.choose() if view == "train" else None
    dataset = ""
    if view == "curves" and sets:
        dataset = controls.option(
            sets,
            key="set",
            label="Pictures",
            default=next(iter(sets)),
            help="What the networks were trained on.",
        )


def curves() -> None:
    show(image_losses.chart(found, dataset, scale, frame.height(400)), "losses")
    table(image_losses.rows(found, dataset))
    st.latex(
        r"\mathcal L=\mathbb E_{t,x_0,\varepsilon}\,\tfrac1{3072}\lVert\hat\varepsilon_\theta"
        r"(\sqrt{\bar\alpha_t}\,x_0+\sqrt{1-\bar\alpha_t}\,\varepsilon)-\varepsilon\rVert^2"
    )
    st.markdown(
        "Lines are smoothed as the practical smooths them, over about 100 steps; single losses lie "
        "faint behind them. The residual network learns $\\hat x_0$ with another weight at each "
        "noise level, so its training loss cannot be laid beside these; the *held-out error of ε̂* "
        "can. It asks every network for the noise in the same pictures at the same noise levels."
    )
    st.caption(
        "The practical starts its product of ᾱ at β₀, so that a little noise stays in what it "
        "samples; here ᾱ₀ = 1. Its U-Net lists a fifth step down that its code never takes."
    )


with wide:
    if spec is not None:
        image_training.live(spec, scale)
        show_code(code.recipe(spec))
    elif not sets:
        st.warning("No usable checkpoint; train a network here, or from the command line.")
        show_code(code.recipe(image_losses.EXAMPLE))
    else:
        curves()
        show_code(code.recipe(image_losses.EXAMPLE))
