"""One's own data as a distribution: the control, and how a link names what it was given.

A link carries small data whole, `own2=1p…`. What is longer lies on this server under the hash of
what it holds, `own2=~…`; a link to it opens here alone.
"""

from __future__ import annotations

import streamlit as st

from explorer.data.own_codec import decode, dim_of
from explorer.data.preparing import MAX_INLINE
from explorer.training.folders import StoreUnavailable
from explorer.training.own_files import OwnFiles
from explorer.ui import controls, links
from explorer.ui.own_data import dialog
from explorer.ui.shelf import store

_KEPT = "~"
_SHAPES = {1: "a curve with three bumps", 2: "a heart"}


def files() -> OwnFiles:
    return OwnFiles(store().root / "own")


def key_of(dim: int) -> str:
    """The name in the link of the data in `dim` coordinates."""
    return f"own{dim}"


def reference(text: str) -> str:
    """How a link names the data: whole where that is short, else as kept on this server.

    Raises StoreUnavailable where they cannot be kept.
    """
    return text if len(text) <= MAX_INLINE else _KEPT + files().put(text)


def choose_own(dim: int) -> str | None:
    """The button that opens the dialog; returns the data in force as a text, None for none yet."""
    key = key_of(dim)
    given = controls.held_text(key, "")
    text = None
    if given:
        try:
            text = _text_of(given, dim)
        except (ValueError, StoreUnavailable) as problem:
            says = f"{str(problem).rstrip('.')}. Draw, paste or upload them again."
            links.note(key, links.refuse(key, [given], _SHAPES[dim], says), given)
            links.show_note(key, given)
    st.button(
        "Draw, paste or upload",
        icon=":material/draw:",
        width="stretch",
        key=f"_{key}_open",
        help="Your own data in place of those in force, in every view of this app.",
        on_click=dialog.open_for,
        args=(dim,),
    )
    st.caption(f"In force: {_called(text) if text else _SHAPES[dim]}.")
    dialog.show(dim, text, lambda made: _take(key, made))
    return text


def _text_of(given: str, dim: int) -> str:
    text = files().get(given[1:]) if given.startswith(_KEPT) else given
    if dim_of(text) not in (0, dim):
        raise ValueError(f"these data have {dim_of(text)} coordinates, not {dim}")
    decode(text)
    return text


def _called(text: str) -> str:
    """What the data are, in a few words."""
    if text[1] == "c":
        return "a curve"
    size = decode(text).size
    return f"a picture of {size:,} cells" if text[1] == "g" else f"{size:,} points"


def _take(key: str, text: str) -> None:
    """Put the data into the link."""
    st.session_state[key] = reference(text)
