"""Where this browser's runs are kept: the store, and the code of the shelf they stand on.

The code comes with a link, else from a cookie, so that a reloaded page and a second tab find what
the first has trained.
"""

from __future__ import annotations

import streamlit as st

from explorer.training.folders import is_code, new_code
from explorer.training.store import Store
from explorer.ui import links

COOKIE = "explorer_shelf"
_KEPT = 365 * 86400
"""Seconds for which a browser keeps its code."""

_remember = st.components.v2.component(
    "explorer_shelf",
    js="export default ({ data }) => { document.cookie = data; };",
)


@st.cache_resource(show_spinner=False)
def store() -> Store:
    return Store.from_environment()


def shelf() -> str:
    """The code under which this session's runs are kept."""
    if "_shelf" not in st.session_state:
        given = [*links.from_link("shelf")[-1:], str(st.context.cookies.get(COOKIE, ""))]
        usable = (code for code in given if is_code(code))
        st.session_state["_shelf"] = next(usable, None) or new_code()
    return str(st.session_state["_shelf"])


def remember() -> None:
    """Let the browser keep the code. Draws nothing; for the end of a page that uses the shelf.

    A browser that keeps another code is left with it: a link leads to a shelf, but whoever sends
    one must not get what is trained in that browser from then on.
    """
    kept = str(st.context.cookies.get(COOKIE, ""))
    if is_code(kept) and kept != shelf():
        return
    with st.container(key="shelf"):
        _remember(
            key="shelf-cookie",
            data=f"{COOKIE}={shelf()}; path=/; max-age={_KEPT}; SameSite=Strict",
        )
