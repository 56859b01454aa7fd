"""The frame around every page: its head, the menu, the style sheet and projector mode."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.ui import controls, links, navigation, stories, story_bar, warmup
from explorer.ui.head_tools import head_tools
from explorer.ui.menu import path_of
from explorer.ui.player import shown

PRODUCT = "Diffusion explorer"
_HERE = Path(__file__).parent
# an address that holds the picture: a file would cost the start the imports to look into it
_ICON = f"data:image/png;base64,{b64encode((_HERE / 'icon.png').read_bytes()).decode()}"
_STYLE = (_HERE / "style.css").read_text(encoding="utf-8")
_PROJECTOR = (_HERE / "projector.css").read_text(encoding="utf-8")

_BELOW_WORDS = 490
"""Pixels for a picture below a story's words on a screen of 1080, its notes and its bar with it."""


def page(title: str, *, intro: str = "") -> None:
    """Draw the frame. Every page calls this first, before any other element.

    intro: one line of plain words on what the page shows, Markdown.
    """
    st.set_page_config(
        page_title=title if title == PRODUCT else f"{title} · {PRODUCT}",
        page_icon=_ICON,  # a named icon would be fetched from the network
        layout="wide",
        initial_sidebar_state=280,
    )
    links.enter(title)
    shown.forget()
    place = stories.enter(path_of(title))
    on = projector()
    st.html(f"<style>{_STYLE}{_PROJECTOR if on else ''}</style>")
    if on:
        with st.container(key="projector-bar", horizontal=True, vertical_alignment="center"):
            _head(title)
            with st.popover("Menu", icon=":material/menu:", type="tertiary"):
                navigation.menu(title)
                _projector_switch()
    else:
        with st.sidebar:
            navigation.menu(title, brand=PRODUCT, icon=_ICON)
            _projector_switch()
        _head(title)
    if intro:
        with st.container(key="intro"):
            st.markdown(intro)
    links.place_notes()
    stories.show_notes()
    if place is not None:
        story_bar.bar(place, path_of(title))
    if title != PRODUCT:
        warmup.ready()


def projector() -> bool:
    """Whether the page is drawn for a projector: larger type, thicker lines, nothing beside it."""
    return links.held("projector", "0") == "1"


def stage() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where the controls go and where the picture goes.

    The controls lie beside the page, below the menu, so that the picture has its whole width; on a
    projector they are behind a button.
    """
    controls_place: DeltaGenerator
    if projector():
        controls_place = st.popover("Controls", icon=":material/tune:", type="tertiary")
    else:
        controls_place = st.sidebar.container(key="controls")
    return controls_place, st.container(key="stage")


def height(pixels: int) -> int:
    """The height of a picture that is `pixels` high on a desk: larger on a projector.

    Below a story's words it grows less, so that the player's bar stays on the screen.
    """
    if not projector():
        return pixels
    return min(round(1.2 * pixels), _BELOW_WORDS) if stories.running() else round(1.45 * pixels)


def _head(title: str) -> None:
    with st.container(key="head"):
        st.title(title, anchor=False)
        head_tools(home=title == PRODUCT, projector=projector())


def _projector_switch() -> None:
    controls.switch(
        key="projector",
        label="Projector mode",
        help="Larger type and thicker lines, and nothing but the page.",
        of_page=False,
    )
