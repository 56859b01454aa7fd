"""Fetching something for the whole server: the button, how far it is, and how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from explorer.events import tell
from explorer.training.faults import kind_of, plain_words
from explorer.ui import house

Told = Callable[[int, int], None]
"""Is told how many bytes are there, and of how many."""


@dataclass(frozen=True)
class Offer:
    """What can be fetched: its own `name`, what the button says and where the files go.

    fetch: brings them; what it raises is said on the page.
    """

    name: str
    label: str
    into: Path
    fetch: Callable[[Told], None]


@dataclass(eq=False)
class Fetching:
    """How far one download is, in bytes; `total` is 0 where nobody knows it.

    problem: why it ended without its files.
    """

    done: int = 0
    total: int = 0
    problem: str = ""
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def busy(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def told(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def attempt(self, fetch: Callable[[Told], None]) -> None:
        """Fetch; whatever goes wrong, a full disk among it, is said on the page."""
        try:
            fetch(self.told)
        except Exception as problem:  # a thread has nobody above it to tell
            self.problem = plain_words(problem)
            tell("download_failed", logging.ERROR, kind=kind_of(problem), problem=problem)


@st.cache_resource(max_entries=32, show_spinner=False)
def fetching(name: str) -> Fetching:
    """The server's one download of `name`: two would write into one file."""
    return Fetching()


def begin(offer: Offer) -> None:
    """Start the download unless it is under way. A callback."""
    at = fetching(offer.name)
    with at.lock:
        if not at.busy:
            at.done, at.total, at.problem = 0, 0, ""
            at.thread = threading.Thread(
                target=at.attempt, args=(offer.fetch,), name=f"fetch-{offer.name}", daemon=True
            )
            at.thread.start()


def button(offer: Offer) -> None:
    """The button, then the progress; the page runs anew once the files are there."""
    ticking = fetching(offer.name).busy
    st.fragment(_button, run_every=house.tick() if ticking else None)(offer, ticking)


def _button(offer: Offer, ticking: bool) -> None:
    at = fetching(offer.name)
    if at.busy != ticking:
        st.rerun()
    if at.busy:
        if at.total:
            share = min(1.0, at.done / at.total)
            st.progress(share, f"{at.done / 1e6:.0f} of {at.total / 1e6:.0f} MB")
        else:
            st.text(f"Fetching {offer.name} into {offer.into} …")
        return
    st.button(
        offer.label,
        icon=":material/download:",
        key=f"_fetch_{offer.name}",
        on_click=begin,
        args=(offer,),
        help=f"Into {offer.into} on the computer that runs this app.",
    )
    if at.problem:
        st.error(f"The download of {offer.name} ended without its files.")
        st.text(at.problem)
