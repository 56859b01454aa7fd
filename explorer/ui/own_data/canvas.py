"""A sheet to draw on: a curve of density in one coordinate, lines and sprayed points in two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.data.own_codec import decode
from explorer.data.preparing import IN_LINK, of_curve, of_strokes
from explorer.data.uploads import parse_table
from explorer.ui import frame
from explorer.ui.joining import joined

REACH = 3.0
"""The sheet goes from −3 to 3, where the data of all pages lie."""
COLUMNS = 61
_HERE = Path(__file__).parent
_MODULES = ("elements", "points", "curve", "sheet")


def script() -> str:
    """The sheet's modules as one."""
    return joined(_HERE / "js", _MODULES)


_mount = st.components.v2.component(
    "explorer_own_data",
    js=script(),
    css=(_HERE / "canvas.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def canvas(dim: int, text: str | None, use: Callable[[Callable[[], str]], None]) -> None:
    """Draw the sheet, on which the data in force lie if they fit.

    use: gets a function that makes a text of what was drawn, or raises ValueError. A callback.
    """
    key = f"own-sheet-{dim}"

    def used() -> None:
        drawn = st.session_state[key].used
        use(lambda: made(dim, str(drawn or "")))

    said = {
        "dim": dim,
        "reach": REACH,
        "columns": COLUMNS,
        "most": IN_LINK[2],
        "height": frame.height(440 if dim == 2 else 300),
        "start": _start(dim, text),
    }
    # as bytes: for anything else Streamlit imports pandas, to ask whether it is a table
    _mount(key=key, data=json.dumps(said).encode(), on_used_change=used)


def made(dim: int, drawn: str) -> str:
    """The text of what the sheet sends: a row for each point, or a height for each column."""
    if dim == 2:
        if drawn.count("\n") < 1:
            raise ValueError("Nothing is drawn yet; draw a line, or spray some points.")
        return of_strokes(parse_table(drawn)).text
    heights = parse_table(drawn)[:, 0] if drawn.strip("0\n") else np.zeros(COLUMNS)
    if not heights.max() > 0:
        raise ValueError("Nothing is drawn yet; draw a curve above the line.")
    return of_curve(heights, -REACH, REACH).text


def _start(dim: int, text: str | None) -> list[list[float]] | list[float]:
    """What lies on the sheet at first: points in two coordinates, heights in one."""
    if text is None:
        return []
    data = decode(text)
    if text[1] == "p" and np.abs(data.centres).max() <= REACH and len(data.centres) <= 600:
        return data.centres.round(3).tolist()
    if text[1] == "c":
        column = (data.centres[:, 0] + REACH) / (2 * REACH) * (COLUMNS - 1)
        place = column.round().astype(int)
        if np.abs(column - place).max() < 0.01 and 0 <= place.min() <= place.max() < COLUMNS:
            heights = np.zeros(COLUMNS)
            heights[place] = data.weights / data.weights.max()
            return heights.round(4).tolist()
    return []
