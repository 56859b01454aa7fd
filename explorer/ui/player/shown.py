"""What the players of a page show in this session, for whoever wants to take it out of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.figures.layers import Clock, Pane
from explorer.ui.house import guest


@dataclass(frozen=True, eq=False)
class Shown:
    """The panes of one player, their clock, and the player's options as the browser gets them."""

    panes: tuple[Pane, ...]
    clock: Clock
    options: tuple[tuple[str, Any], ...]


def forget() -> None:
    """A page begins: whatever another page or an earlier run showed is gone."""
    guest().players.clear()


def remember(
    key: str, panes: tuple[Pane, ...], clock: Clock, options: tuple[tuple[str, Any], ...]
) -> None:
    guest().players[key] = Shown(panes, clock, options)


def players() -> dict[str, Shown]:
    """All players of the page so far, by their keys."""
    return dict(guest().players)
