"""Small tables as plain HTML: a data frame's grid takes the browser longer than the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

import streamlit as st


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str = "table",
    helps: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Rows of one set of columns, the first of them naming the row. Texts are escaped.

    helps: column → what it means, told where the pointer rests on its name, and below the table
    for keys, touch and screen readers.
    """
    if not rows:
        return
    head = "".join(_head(str(name), helps.get(str(name), "")) for name in rows[0])
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    with st.container(key=f"dx-{key}"):
        st.html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        if told := {name: helps[name] for name in rows[0] if name in helps}:
            # by itself: it stays open when the figures change
            st.html(f"<details><summary>What the columns mean</summary>{_meanings(told)}</details>")


def _head(name: str, told: str) -> str:
    if not told:
        return f'<th scope="col">{escape(name)}</th>'
    return f'<th scope="col"><abbr title="{escape(told)}">{escape(name)}</abbr></th>'


def _meanings(told: Mapping[str, str]) -> str:
    pairs = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in told.items())
    return f"<dl>{''.join(pairs)}</dl>"


def _cells(row: Mapping[str, Any]) -> str:
    first, *others = (escape(str(value)) for value in row.values())
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{value}</td>" for value in others)
