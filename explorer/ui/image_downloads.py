"""The offer to fetch a set of pictures, where a page misses it."""

from __future__ import annotations

import streamlit as st

from explorer.data.download import SETS, download
from explorer.data.images import PICTURE_SETS
from explorer.ui import fetching, image_places


def offer(name: str, missing: ValueError) -> None:
    """Say that a set is missing, and why, above the button that fetches it."""
    st.info(
        f"The pictures of {PICTURE_SETS[name].label} are not here. Start the app with "
        "`EXPLORER_DATA` naming the folder that holds your copy of them, or fetch them."
    )
    if image_places.data_folder() is not None:
        st.text(str(missing))
    button(name)


def button(name: str) -> None:
    """The button that fetches a set, its progress, and what went wrong; nothing for other sets."""
    if name in SETS:
        fetching.button(of_set(name))


def of_set(name: str) -> fetching.Offer:
    """What fetches a set of `SETS`."""
    label, folder = PICTURE_SETS[name].label, image_places.download_folder()
    return fetching.Offer(
        name,
        f"Download {label} ({SETS[name].size / 1e6:.0f} MB)",
        folder,
        lambda told: download(name, folder, told),
    )
