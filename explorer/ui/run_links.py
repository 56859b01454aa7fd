"""Links from a kept run to the pages that show it."""

from __future__ import annotations

import streamlit as st

from explorer.training.store import Card
from explorer.ui import resuming
from explorer.ui.latent_scenes import CLEAR_METRIC
from explorer.ui.learned_scenes import RUN


def compare(name: str) -> None:
    """A link to the network of this name beside the exact score."""
    st.page_link(
        "pages/exact_against_learned.py",
        label="Compare",
        icon=":material/compare:",
        query_params={"model": name},
        help="With the exact score",
    )


def go_back(card: Card) -> None:
    """A link to the page on which the run was made, which plays it and goes on with it."""
    if CLEAR_METRIC in card.metrics:  # a network of latents, with the decoder that reads them
        st.page_link(
            "pages/latent_diffusion.py",
            label="Sample, decode",
            icon=":material/scatter_plot:",
            query_params={"model": f"{RUN}{card.id}"},
            help="Four ways to sample its latents, and what they decode to",
        )
        return
    st.page_link(
        "pages/train.py",
        label="Replay, go on",
        icon=":material/school:",
        query_params=resuming.link_of(card.id, card.spec),
        help="Its snapshots from the first step on, and more steps if you like",
    )
