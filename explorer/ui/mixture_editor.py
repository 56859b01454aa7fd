"""A table in which to edit one's own Gaussian mixture, held in the link as one short text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer.data.mixture_spec import COLUMNS, DEFAULTS, MAX_MODES, MixtureSpec, Row, problems
from explorer.ui import controls, links

_FORM = {1: "weight_mean_std", 2: "weight_x_y_stdx_stdy_correlation"}


def edit_mixture(dim: int, *, key: str, default: MixtureSpec | None = None) -> MixtureSpec:
    """The table, in a popover; returns the last usable mixture of `dim` coordinates.

    While the table holds something unusable, each fault is named by mode and column and the last
    usable mixture stays in force.
    """
    start = default or DEFAULTS[dim]
    text = controls.held_text(key, start.format())
    spec = start
    if text != start.format():
        try:
            spec = MixtureSpec.parse(text, dim)
        except ValueError as fault:
            way_out = f"{str(fault)[:200].rstrip('.')}. Give modes as {_FORM[dim]}, joined by ~."
            links.note(key, links.refuse(key, [text], "the default mixture", way_out), text)
            links.show_note(key, text)
    _rebase(key, text, spec)
    with st.popover(
        f"Edit the {len(spec.weights)} modes" if len(spec.weights) > 1 else "Edit the mode",
        icon=":material/tune:",
        width="stretch",
    ):
        _table(dim, key)
        _buttons(key, spec)
    return spec


def _rebase(key: str, text: str, spec: MixtureSpec) -> None:
    """Start the table afresh where the mixture changed by a link, a preset or a button.

    Otherwise the table keeps its rows and collects edits, so that it does not jump while typed in.
    """
    state = st.session_state
    if state.get(f"_{key}_text") != text:
        state[f"_{key}_text"] = text
        state[f"_{key}_rows"] = spec.rows()
        state[f"_{key}_version"] = state.get(f"_{key}_version", 0) + 1


def _table(dim: int, key: str) -> None:
    state = st.session_state
    rows: list[Row] = state[f"_{key}_rows"]
    widget = f"_{key}_table_{state[f'_{key}_version']}"
    names = COLUMNS[dim]
    number = st.column_config.NumberColumn
    st.data_editor(
        {name: [row[i] for row in rows] for i, name in enumerate(names)},
        column_config={name: number(name, format="%.6g", width=90) for name in names},
        hide_index=True,
        num_rows="fixed",
        key=widget,
        on_change=partial(_take_edits, dim, key, widget),
    )
    for fault in problems(dim, edited(rows, names, state.get(widget) or {})):
        st.text(fault)


def _buttons(key: str, spec: MixtureSpec) -> None:
    rows = spec.rows()
    with st.container(horizontal=True):
        st.button(
            "Add a mode",
            key=f"_{key}_add",
            icon=":material/add:",
            disabled=len(rows) >= MAX_MODES,
            on_click=partial(_set_rows, key, spec.dim, [*rows, _another(rows)]),
        )
        st.button(
            "Remove the last",
            key=f"_{key}_remove",
            icon=":material/remove:",
            disabled=len(rows) <= 1,
            on_click=partial(_set_rows, key, spec.dim, rows[:-1]),
        )


def edited(rows: Sequence[Row], names: Sequence[str], state: Mapping[str, Any]) -> list[Row]:
    """The rows with the table's pending edits: `state["edited_rows"]`, row → column → number."""
    table = [list(row) for row in rows]
    for row, cells in state.get("edited_rows", {}).items():
        for name, number in cells.items():
            table[int(row)][names.index(name)] = None if number is None else float(number)
    return [tuple(row) for row in table]


def _take_edits(dim: int, key: str, widget: str) -> None:
    """Put the edited mixture into the link if it is usable; the table itself stays as it is."""
    state = st.session_state
    rows = edited(state[f"_{key}_rows"], COLUMNS[dim], state[widget])
    if not problems(dim, rows):
        text = MixtureSpec.from_rows(dim, rows).format()
        state[key] = state[f"_{key}_text"] = text


def _set_rows(key: str, dim: int, rows: Sequence[Row]) -> None:
    if not problems(dim, rows):
        st.session_state[key] = MixtureSpec.from_rows(dim, rows).format()


def _another(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """A copy of the last mode, its first mean two further on, or back where that is too far."""
    weight, mean, *rest = rows[-1]
    return (weight, mean + 2 if mean <= 18 else mean - 2, *rest)
