"""What every control shares: a place in the link, a default, and a note where the link is wrong.

Streamlit drops an unusable link parameter without a word as soon as its widget is drawn, so a
parameter is looked at here first. A note is plain text, never Markdown or HTML: it quotes what
somebody else may have put into the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui.decoding import plain as plain  # for whoever writes a note
from explorer.ui.decoding import refuse as refuse

_DEFAULTS = "_defaults"  # key → default of every control this page has drawn
_KNOWN = "_known"  # the keys of all controls that any page has drawn
_NAMED = "_named"  # what was asked of the link that opened the page
_NOTES = "_notes"  # key → (note, the value it goes with)
_PAGE = "_page"
_SEEN = "_seen"  # key → the text under it in the link when the page last looked, None where absent
_SLOT = "_note_slot"
_STREAMLIT = ("embed", "embed_options")  # its own parameters, which no script may set


def enter(page: str) -> None:
    """Start a run of `page`. On a switch, controls left at their default do not follow.

    A value that a user chose goes along to a page with the same control; a mere default must not,
    for the other page may have a better one.
    """
    if st.session_state.get(_PAGE) != page:
        _take_whole_link()
        for key, default in st.session_state.get(_DEFAULTS, {}).items():
            if key in st.session_state and st.session_state[key] == default:
                del st.session_state[key]
        st.session_state[_DEFAULTS] = {}
        st.session_state[_NOTES] = {}
        st.session_state[_SEEN] = {}
        st.session_state[_NAMED] = {}
        st.session_state[_PAGE] = page


def _take_whole_link() -> None:
    """Give back what Streamlit has taken from the link that was opened.

    It drops every parameter that goes by the name of a slider of the page before, as if it had
    been left over from there; yet a link to another page says all that it wants.
    """
    ctx = get_script_run_ctx()
    if ctx is None:
        return
    opened = parse_qs(ctx.query_string, keep_blank_values=True)
    taken = {
        key: values
        for key, values in opened.items()
        if key not in st.query_params and key.lower() not in _STREAMLIT
    }
    if taken:
        st.query_params.update(taken)
        with ctx.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def page() -> str:
    """The title of the page that is shown; nothing before the first."""
    return str(st.session_state.get(_PAGE, ""))


def controls_drawn() -> tuple[str, ...]:
    """The keys of the controls that the page has drawn."""
    return tuple(st.session_state.get(_DEFAULTS, {}))


def place_notes() -> None:
    """Notes appear here, at the page's head, however deep their controls are."""
    st.session_state[_SLOT] = st.container(key="notes")


def register(key: str, default: Any) -> None:
    """Remember a control, for `reset` and for the next switch of pages."""
    st.session_state.setdefault(_DEFAULTS, {})[key] = default
    st.session_state.setdefault(_KNOWN, set()).add(key)


def forget() -> None:
    """Drop what the session holds of all controls, so that the link alone says what they are.

    Before any of them is drawn.
    """
    for key in st.session_state.get(_KNOWN, ()):
        if key in st.session_state:
            del st.session_state[key]
    st.session_state[_DEFAULTS] = {}
    st.session_state[_SEEN] = {}


def held(key: str, default: str) -> str:
    """The text under `key`, in step with the link; a default stays out of the link.

    Where the link has changed since the page last looked (it was opened, or the browser went
    back), the link is right, else the session is: a callback has set it, or another page.
    """
    seen: dict[str, str | None] = st.session_state.setdefault(_SEEN, {})
    there = next(iter(from_link(key)[-1:]), None)
    text = str(st.session_state.get(key, default))
    if there is not None and seen.get(key) != there:
        text = there
    elif there is None and seen.get(key) is not None:
        text = default
    st.session_state[key] = text
    wanted = None if text == default else text
    if wanted != there:
        if wanted is None:
            del st.query_params[key]
        else:
            st.query_params[key] = wanted
    seen[key] = wanted
    return text


def restore(values: Mapping[str, Any]) -> None:
    """Set every control of the page to its default, but those in `values` to these. A callback."""
    for key, default in st.session_state.get(_DEFAULTS, {}).items():
        if key not in values and key in st.session_state:
            st.session_state[key] = default
    adjust(values)


def adjust(values: Mapping[str, Any]) -> None:
    """Set the controls in `values` and leave the others as they are. A callback."""
    for key, value in values.items():
        if key not in st.session_state:
            # a control not drawn yet: Streamlit would leave it out of the link
            st.query_params[key] = f"{value:g}" if isinstance(value, float) else str(value)
        st.session_state[key] = value


def from_link(key: str) -> list[str]:
    """The raw values of `key` in the link, none where it is absent."""
    return list(st.query_params.get_all(key))


def opened_with(*keys: str) -> bool:
    """Whether the link that opened the page names one of `keys`, whatever came after."""
    named: dict[tuple[str, ...], bool] = st.session_state.setdefault(_NAMED, {})
    return named.setdefault(keys, any(from_link(key) for key in keys))


def note(key: str, text: str, value: Any) -> None:
    """Keep a note on the page until its control takes another value than `value`."""
    st.session_state.setdefault(_NOTES, {})[key] = (text, value)


def show_note(key: str, value: Any) -> None:
    """Show the note on `key`, if it has one that still goes with `value`; at the page's head."""
    text, held = st.session_state.get(_NOTES, {}).get(key, ("", None))
    if not text:
        return
    if held != value:
        del st.session_state[_NOTES][key]
        return
    slot = st.session_state.get(_SLOT)
    (st if slot is None else slot).text(text)
