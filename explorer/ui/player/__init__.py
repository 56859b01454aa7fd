"""The player: particles, densities and fields that move over Plotly figures, on one clock.

    player(
        [Pane(figure, (Density(...), Particles(...)), title="Exact score")],
        key="race",
        clock=Clock("t", values=(1.0, 0.0), steps=100),
    )

One bar of controls drives all panes: play, step, scrub, speed, loop, trails, also by keyboard.
New data under the same `key` reaches the same player, which keeps its place and goes on playing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer.figures.handle import Handle
from explorer.figures.layers import (
    SHAPES,
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Images,
    Layer,
    Pane,
    Particles,
    Readout,
    Tint,
)
from explorer.figures.palette import OKABE_ITO
from explorer.ui.cache import cached
from explorer.ui.player import assets, shown
from explorer.ui.player.encode import encode

__all__ = [
    "SHAPES",
    "Arrows",
    "Bars",
    "Clock",
    "Cursor",
    "Curve",
    "Density",
    "Handle",
    "Images",
    "Layer",
    "Pane",
    "Particles",
    "Readout",
    "Tint",
    "player",
    "still",
]

# Not isolated: Plotly keeps its style sheet and its drag cover in the document itself.
_mount = st.components.v2.component(
    "explorer_player", js=assets.loader(), css=assets.style(), isolate_styles=False
)


def player(
    panes: Sequence[Pane],
    *,
    key: str,
    clock: Clock,
    height: int = 420,
    columns: int | None = None,
    autoplay: bool = True,
    seconds: float = 6.0,
    loop: bool = False,
    position: float = 0.0,
    on_drag: Callable[[float, float], None] | None = None,
) -> None:
    """Show `panes` side by side, each `height` pixels high, and play them on one clock.

    A run takes `seconds` at normal speed and starts at clock coordinate `position` in [0, 1] when
    the player first appears; later runs of the script leave its place alone. `columns` limits how
    many panes lie beside each other; on a narrow screen they wrap. Whoever asks their system for
    reduced motion gets no autoplay. `on_drag` is a callback that gets the place at which a pane's
    `Handle` was let go; the scene that it leads to is then played from its start.
    """
    if not panes:
        raise ValueError("player: no panes; give at least one Pane")
    if not 0 <= position <= 1:
        raise ValueError(f"player: position {position} must lie in [0, 1]")
    if seconds <= 0 or height <= 0:
        raise ValueError(f"player: seconds {seconds} and height {height} must be above 0")
    given = {"autoplay": autoplay, "seconds": seconds, "loop": loop, "position": position}
    options = _options(key, height, columns or len(panes), **given)
    payload = _payload(tuple(panes), clock, options)
    shown.remember(key, tuple(panes), clock, options)
    _place(panes, key, payload, on_drag)


def still(
    panes: Sequence[Pane],
    *,
    key: str,
    height: int,
    columns: int | None = None,
    on_drag: Callable[[float, float], None] | None = None,
) -> None:
    """Show `panes` as charts, without a clock: a change repaints their layers, not the axes.

    height, columns, on_drag: as for `player`. Handles of several panes are one, in one place.
    """
    options = _options(key, height, columns or len(panes), autoplay=False, seconds=1.0, still=True)
    _place(panes, key, _payload(tuple(panes), _STANDING, options), on_drag)


def _place(
    panes: Sequence[Pane],
    key: str,
    payload: bytes,
    on_drag: Callable[[float, float], None] | None,
) -> None:
    """Put the picture on the page, and its handle's place to `on_drag`."""
    if on_drag is None:
        _mount(key=key, data=payload)
        return
    handle = next(p for pane in panes for p in pane.layers if isinstance(p, Handle))

    def dropped() -> None:
        place = handle.placed(st.session_state[key].dropped)
        if place is not None:
            on_drag(*place)

    _mount(key=key, data=payload, on_dropped_change=dropped)


_STANDING = Clock("", (0.0,), steps=1)


def _options(key: str, height: int, columns: int, **others: Any) -> tuple[tuple[str, Any], ...]:
    options = {
        "loop": False,
        "position": 0.0,
        "still": False,
        **others,
        "key": key,
        "height": height,
        "columns": columns,
        "palette": OKABE_ITO,
        "plotly": assets.plotly_path(),
        "base": assets.base(),
    }
    return tuple(options.items())


@cached
def _payload(panes: tuple[Pane, ...], clock: Clock, options: tuple[tuple[str, Any], ...]) -> bytes:
    """The bytes for these very panes, made once for all sessions that look at them."""
    return encode(panes, clock, dict(options))
