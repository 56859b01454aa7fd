"""Fetching a set of pictures for the whole server, where a page misses it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from explorer.data.download import SETS, download
from explorer.data.images import PICTURE_SETS
from explorer.events import tell
from explorer.training.faults import kind_of, plain_words
from explorer.ui import image_places


@dataclass(eq=False)
class Fetching:
    """How far the download of one set is; `problem` says why it ended without it."""

    done: int = 0
    total: int = 1
    problem: str = ""
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def attempt(self, fetch: Callable[[], None]) -> None:
        """Fetch; whatever goes wrong, a full disk among it, is said on the page."""
        try:
            fetch()
        except Exception as problem:  # a thread has nobody above it to tell
            self.problem = plain_words(problem)
            tell("download_failed", logging.ERROR, kind=kind_of(problem), problem=problem)

    def told(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@st.cache_resource(show_spinner=False)
def fetching(name: str) -> Fetching:
    """The server's one download of a set: two would write into one file."""
    return Fetching()


def begin(name: str) -> None:
    """Start the download unless it is under way. A callback."""
    at, folder = fetching(name), image_places.download_folder()

    def work() -> None:
        at.attempt(lambda: download(name, folder, at.told))

    with at.lock:
        if not at.busy:
            at.problem = ""
            at.thread = threading.Thread(target=work, name=f"download-{name}", daemon=True)
            at.thread.start()


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
        ticking = fetching(name).busy
        st.fragment(_progress, run_every=0.5 if ticking else None)(name, ticking)


def _progress(name: str, ticking: bool) -> None:
    at, size = fetching(name), SETS[name].size / 1e6
    if at.busy != ticking:
        st.rerun()
    if at.busy:
        st.progress(min(1.0, at.done / at.total), f"{at.done / 1e6:.0f} of {size:.0f} MB")
        return
    st.button(
        f"Download {PICTURE_SETS[name].label} ({size:.0f} MB)",
        icon=":material/download:",
        on_click=begin,
        args=(name,),
        help=f"Into {image_places.download_folder()} on the computer that runs this app.",
    )
    if at.problem:
        st.error("The download ended without the pictures.")
        st.text(at.problem)
