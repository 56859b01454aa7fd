"""Decoded vectors as a table: four numbers each, the winner in its colour, or none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.figures.latents import NAMES, NO_WINNER
from explorer.figures.palette import colour
from explorer.networks.vae import CLEAR
from explorer.ui.latent_scenes import ClassRow, Row
from explorer.ui.tables import table


def legend(*, none: bool = True) -> None:
    """Which colour is which vector, and with `none` that grey is no clear one."""
    chips = [_chip(colour(k), name) for k, name in enumerate(NAMES)]
    if none:
        chips.append(_chip(colour(NO_WINNER), f"no part above {CLEAR:g}"))
    st.html(f'<div class="dx-legend">{"".join(chips)}</div>{_STYLE}')


def decoded(rows: Sequence[Row]) -> None:
    """The first samples of each row, decoded, side by side: each column is one way to sample."""
    head = "".join(f"<th>{row.label}</th>" for row in rows)
    count = min(len(row.examples) for row in rows)
    body = "".join(
        f"<tr><th>{i + 1}</th>" + "".join(_cell(row.examples[i]) for row in rows) + "</tr>"
        for i in range(count)
    )
    st.html(
        f'<div class="dx-decoded"><table><tr><th>z<sub>T</sub></th>{head}</tr>{body}</table></div>'
        f"{_STYLE}"
    )


def shares(rows: Sequence[Row]) -> None:
    """How much of each sample decodes to a clear winner, and to which."""
    table(
        [
            {
                "Latents from": row.label,
                f"A part above {CLEAR:g}": f"{row.clear:.1%}",
                "Spread": f"{row.spread:.2f}",
                **{name: f"{share:.0%}" for name, share in zip(NAMES, row.found, strict=True)},
            }
            for row in rows
        ]
    )


def arrangement(rows: Sequence[ClassRow]) -> None:
    """Where the classes lie, how wide, and what their means decode to."""
    table(
        [
            {
                "Vector": row.name,
                "Mean μ": f"({row.mean[0]:.2f}, {row.mean[1]:.2f})",
                "Width σ": f"({row.width[0]:.2f}, {row.width[1]:.2f})",
                "Decoded mean": "  ".join(f"{value:.2f}" for value in row.decoded),
            }
            for row in rows
        ]
    )


def _chip(fill: str, text: str) -> str:
    return f'<span><i style="background:{fill}"></i>{text}</span>'


def _cell(vector: np.ndarray) -> str:
    best = int(vector.argmax())
    won = vector[best] > CLEAR
    numbers = []
    for k, value in enumerate(vector):
        if won and k == best:
            numbers.append(f'<b style="border-color:{colour(k)}">{value:.2f}</b>')
        else:
            numbers.append(f"<span>{value:.2f}</span>")
    return f'<td class="{"won" if won else "open"}">{"".join(numbers)}</td>'


_STYLE = """<style>
.dx-legend {display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; font-size: .95em}
.dx-legend span {white-space: nowrap; font-variant-numeric: tabular-nums}
.dx-legend i {display: inline-block; width: .8em; height: .8em; border-radius: 50%;
  margin-right: .4em; vertical-align: -.05em}
.dx-decoded {overflow-x: auto}
.dx-decoded table {border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92em}
.dx-decoded th {font-weight: 600; text-align: left; padding: .15rem .9rem .15rem 0;
  white-space: nowrap}
.dx-decoded td {padding: .12rem 1.2rem .12rem 0; white-space: nowrap}
.dx-decoded td > * {display: inline-block; padding: 0 .3em; border-bottom: .2em solid transparent}
.dx-decoded td.open {opacity: .6}
</style>"""
