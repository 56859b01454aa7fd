"""The models of diffusers as pages see them, and the button that fetches one from the model hub."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from explorer.training.diffusers_folder import models, named, of_hub, place
from explorer.training.diffusers_hub import fetch
from explorer.training.image_folder import Checkpoint
from explorer.ui import fetching, image_places


def listed(taken: Collection[str]) -> dict[str, Checkpoint]:
    """All that can be used under names that are not `taken`; of the others the page says why."""
    if not named():
        return {}
    found, wrong = models(image_places.download_folder())
    for name in set(found) & set(taken):
        wrong[name] = "another checkpoint has its name; rename its folder"
    for name, problem in wrong.items():
        if of_hub(name) and not place(name, image_places.download_folder()).is_dir():
            problem = "it has to be fetched from the model hub first"
        st.text(f"The model {name!r} of diffusers is left out: {problem}.")
        if of_hub(name):
            fetching.button(_offer(name))
    return {name: checkpoint for name, checkpoint in found.items() if name not in wrong}


def _offer(name: str) -> fetching.Offer:
    folder = place(name, image_places.download_folder())
    return fetching.Offer(name, f"Fetch {name}", folder, lambda _: fetch(name, folder))
