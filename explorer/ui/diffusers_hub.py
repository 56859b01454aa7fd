"""The models of diffusers as pages see them, and the button that fetches one from the model hub."""

from __future__ import annotations

import threading
from collections.abc import Collection

import streamlit as st

from explorer.training.diffusers_folder import models, named, of_hub, place
from explorer.training.diffusers_hub import fetch
from explorer.training.image_folder import Checkpoint
from explorer.ui import image_places
from explorer.ui.image_downloads import Fetching


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
            ticking = _fetching(name).busy
            st.fragment(_fetch, run_every=0.5 if ticking else None)(name, ticking)
    return {name: checkpoint for name, checkpoint in found.items() if name not in wrong}


@st.cache_resource(max_entries=16, show_spinner=False)
def _fetching(name: str) -> Fetching:
    """The server's one download of a model."""
    return Fetching()


def _begin(name: str) -> None:
    """Start the download unless it is under way. A callback."""
    at, folder = _fetching(name), place(name, image_places.download_folder())

    def work() -> None:
        at.attempt(lambda: fetch(name, folder))

    with at.lock:
        if not at.busy:
            at.problem = ""
            at.thread = threading.Thread(target=work, name=f"fetch-{name}", daemon=True)
            at.thread.start()


def _fetch(name: str, ticking: bool) -> None:
    at = _fetching(name)
    if at.busy != ticking:
        st.rerun()
    if at.busy:
        st.text(f"Fetching {name} into {place(name, image_places.download_folder())} …")
        return
    st.button(
        f"Fetch {name}",
        icon=":material/download:",
        key=f"_hub_{name}",
        on_click=_begin,
        args=(name,),
        help="From the model hub, onto the computer that runs this app.",
    )
    if at.problem:
        st.text(at.problem)
