"""What the players of a page show in this session, for whoever wants to take it out of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.figures.layers import Clock, Pane

_SHOWN = "_players_shown"


@dataclass(frozen=True, eq=False)
class Shown:
    """The panes of one player, their clock, and the player's options as the browser gets them."""

    panes: tuple[Pane, ...]
    clock: Clock
    options: tuple[tuple[str, Any], ...]


def forget() -> None:
    """A page begins: whatever another page or an earlier run showed is gone."""
    st.session_state[_SHOWN] = {}


def remember(
    key: str, panes: tuple[Pane, ...], clock: Clock, options: tuple[tuple[str, Any], ...]
) -> None:
    st.session_state.setdefault(_SHOWN, {})[key] = Shown(panes, clock, options)


def players() -> dict[str, Shown]:
    """All players of the page so far, by their keys."""
    return dict(st.session_state.get(_SHOWN, {}))
