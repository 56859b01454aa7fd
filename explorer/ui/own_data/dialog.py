"""The dialog in which somebody draws, pastes or uploads data, sees what was made of them, and takes
them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from explorer.data.own_codec import decode
from explorer.data.preparing import IN_LINK, MAX_POINTS, Prepared, of_picture, of_points
from explorer.data.uploads import (
    MAX_BYTES,
    MAX_PICTURE_BYTES,
    MAX_ROWS,
    MIB,
    parse_array,
    parse_picture,
    parse_table,
)
from explorer.figures.own import preview
from explorer.training.folders import StoreUnavailable
from explorer.ui import frame, links, pictures
from explorer.ui.own_data.canvas import canvas

Take = Callable[[str], None]
"""Puts a text of `own_codec` into force."""

_OPEN = "_own_open"  # the page and the dimensions for which the dialog is open
_DONE = "_own_done"
_PROBLEM = "_own_problem"
_WAYS = {"draw": "Draw", "paste": "Paste", "upload": "Upload"}
_EXAMPLES = {1: "0.5\n1.2\n-0.7", 2: "0.5, 1.2\n1.0, -0.3\n-0.7, 0.4"}
_BLUR = 0.1  # at which the preview shows a density


def open_for(dim: int) -> None:
    """A callback."""
    st.session_state[_OPEN] = (links.page(), dim)
    st.session_state.pop(_PROBLEM, None)


def show(dim: int, text: str | None, take: Take) -> None:
    """Draw the dialog if it is open. text: the data in force."""
    if st.session_state.get(_OPEN) == (links.page(), dim):
        _dialog(dim, text, take)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Your own data", width="large", icon=":material/draw:", on_dismiss=_close)
def _dialog(dim: int, text: str | None, take: Take) -> None:
    if st.session_state.pop(_DONE, False):
        _close()
        st.rerun()
    st.session_state.setdefault("_own_way", "draw")
    way = st.segmented_control(
        "Way",
        list(_WAYS),
        key="_own_way",
        format_func=lambda name: _WAYS.get(name, str(name)),
        required=True,
        label_visibility="collapsed",
    )
    if way == "draw":
        canvas(dim, text, partial(_use, take))
    elif way == "paste":
        _paste(dim, take)
    else:
        _upload(dim, take)
    if problem := st.session_state.get(_PROBLEM):
        st.error("These data cannot be used.")
        st.text(problem)
    if text is not None:
        _download(text)


def _use(take: Take, made: Callable[[], str]) -> None:
    """Take what `made` gives, and close; or keep the dialog open and say why not. A callback."""
    try:
        take(made())
        st.session_state[_DONE] = True
        st.session_state.pop(_PROBLEM, None)
    except (ValueError, StoreUnavailable) as problem:
        st.session_state[_PROBLEM] = str(problem)


def _forget() -> None:
    st.session_state.pop(_PROBLEM, None)


def _paste(dim: int, take: Take) -> None:
    columns = "one number" if dim == 1 else "two numbers"
    given = st.text_area(
        f"Points, one a row: {columns}, parted by comma, semicolon, tab or space",
        key=f"_own_text{dim}",
        height=170,
        placeholder=_EXAMPLES[dim],
        on_change=_forget,
        help="Copy columns from a spreadsheet. Ctrl+Enter shows what is made of them.",
    )
    if given.strip():
        _offer(dim, take, lambda: parse_table(given))


def _upload(dim: int, take: Take) -> None:
    file = st.file_uploader(
        f"CSV, TSV or NPY up to {MAX_BYTES // MIB} MB and {MAX_ROWS:,} rows, or a PNG picture up "
        f"to {MAX_PICTURE_BYTES // MIB} MB",
        type=["csv", "tsv", "txt", "npy", "png"],
        max_upload_size=MAX_PICTURE_BYTES // MIB,
        key=f"_own_file{dim}",
        on_change=_forget,
        help="A picture's ink becomes the density: what is dark is likely.",
    )
    if file is None:
        return
    data = file.getvalue()
    if data.startswith(b"\x89PNG"):
        light = st.toggle("Light is dense, dark is empty", key="_own_light", on_change=_forget)
        ink = _attempt(lambda: parse_picture(data, light=light))
        if ink is not None:
            coarse = st.session_state.get("_own_short", False)
            _preview(take, dim, lambda: of_picture(ink, dim, inline=coarse))
    elif data.startswith(b"\x93NUMPY"):
        _offer(dim, take, lambda: parse_array(data))
    else:
        _offer(dim, take, lambda: parse_table(data))


def _attempt(made: Callable[[], np.ndarray]) -> np.ndarray | None:
    try:
        return made()
    except ValueError as problem:
        st.error("These data cannot be used.")
        st.text(str(problem))
        return None


def _offer(dim: int, take: Take, parse: Callable[[], np.ndarray]) -> None:
    """Points as they come, made fit for `dim` coordinates."""
    points = _attempt(parse)
    if points is None:
        return
    if points.shape[1] < dim:
        st.error("These are points on a line: give two columns, or choose 1D on the page.")
        return
    with st.container(horizontal=True):
        standardise = st.toggle(
            "Standardise",
            value=True,
            key="_own_standardise",
            on_change=_forget,
            help="Each coordinate to mean 0 and standard deviation 1, the size that all pages are "
            "made for.",
        )
        if points.shape[1] > dim:
            column = st.segmented_control(
                "Column", ["1", "2"], default="1", required=True, key="_own_column"
            )
            points = points[:, [int(column or 1) - 1]]
    most = IN_LINK[dim] if st.session_state.get("_own_short", False) else MAX_POINTS
    _preview(take, dim, lambda: of_points(points, standardise=standardise, most=most))


def _preview(take: Take, dim: int, make: Callable[[], Prepared]) -> None:
    """What was made of the data, its figures, and the button that takes it."""
    try:
        made = make()
    except ValueError as problem:
        st.error("These data cannot be used.")
        st.text(str(problem))
        return
    left, right = st.columns([0.62, 0.38], gap="medium")
    scale = 1.3 if frame.projector() else 1.0
    chart = preview(made.text, _BLUR, height=frame.height(280), scale=scale)
    with left:
        pictures.show(chart, "_own-preview")
    with right:
        st.text(_facts(made))
        if not made.inline or st.session_state.get("_own_short", False):
            st.toggle(
                "Short enough for a link",
                key="_own_short",
                on_change=_forget,
                help=f"Keeps {IN_LINK[dim]} points, or a picture in coarser cells. Otherwise the "
                "link opens on this server alone.",
            )
        st.button(
            "Use these data",
            type="primary",
            key="_own_use",
            icon=":material/check:",
            on_click=_use,
            args=(take, lambda: made.text),
        )


def _facts(made: Prepared) -> str:
    grid = made.text[1] in "gc"
    kept = f"{made.kept:,} cells with ink" if grid else f"{made.kept:,} points"
    if not grid and made.kept < made.given:
        kept += f" of {made.given:,}, drawn by chance"

    def row(numbers: tuple[float, ...]) -> str:
        return ", ".join(f"{number:.4g}" for number in numbers)

    lines = [kept, f"Moved by the mean: {row(made.mean)}", f"Divided by: {row(made.scale)}"]
    lines.append(
        "The link carries them whole." if made.inline else "Kept on this server, by their hash."
    )
    return "\n".join(lines)


def _download(text: str) -> None:
    data = decode(text)
    names = ["x", "y"][: data.dim]
    if text[1] in "gc":  # of a curve or a picture; points can be uploaded again
        names.append("weight")
        rows = np.column_stack([data.centres, data.weights])
    else:
        counts = np.rint(data.weights * data.size).astype(int)
        rows = np.repeat(data.centres, counts, axis=0)
    table = "\n".join(",".join(f"{number:.6g}" for number in row) for row in rows.tolist())
    st.download_button(
        "Data in force as CSV",
        f"{','.join(names)}\n{table}\n",
        "own-data.csv",
        "text/csv",
        type="tertiary",
        key="_own_download",
        icon=":material/download:",
        on_click="ignore",
    )
