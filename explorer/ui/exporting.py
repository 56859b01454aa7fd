"""What the export dialog makes: formats, file names, and the work that a choice leads to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from explorer.code.recipe import Recipe
from explorer.data.distributions import DISTRIBUTIONS
from explorer.export.look import Look
from explorer.export.mp4 import ffmpeg
from explorer.export.work import Maker, Work, at_once
from explorer.figures.layers import Pane
from explorer.ui import links
from explorer.ui.player.shown import Shown


class Format(NamedTuple):
    """One way out: what it is called, what it is for, and its file."""

    label: str
    help: str
    ending: str
    mime: str
    kind: str
    """ "film" has a length, "still" a moment; "page" only looks; "numbers" and "script" none."""


FORMATS = {
    "gif": Format("GIF", "A film that loops, for any slide.", "gif", "image/gif", "film"),
    "mp4": Format("MP4", "A film, smaller and in all colours.", "mp4", "video/mp4", "film"),
    "html": Format(
        "HTML",
        "A page that plays offline, with the same controls and read-outs.",
        *("html", "text/html", "page"),
    ),
    "png": Format("PNG", "A picture of one moment.", "png", "image/png", "still"),
    "svg": Format(
        "SVG", "A picture of one moment for print, as vectors.", "svg", "image/svg+xml", "still"
    ),
    "csv": Format(
        "CSV",
        "What is shown as tables: positions by time, densities, curves; a ZIP of one per layer.",
        *("zip", "application/zip", "numbers"),
    ),
    "npz": Format(
        "NPZ", "What is shown as NumPy's arrays.", "npz", "application/octet-stream", "numbers"
    ),
    "script": Format(
        "Script",
        "The Python script that computes this page's numbers anew, without this app.",
        *("py", "text/x-python", "script"),
    ),
}


@dataclass(frozen=True)
class Choice:
    """What to make: a format's name, the look, a film's seconds, a still's clock coordinate."""

    name: str
    look: Look
    seconds: float = 5.0
    moment: float = 1.0


def unavailable(name: str) -> str:
    """Why a format cannot be had here, or nothing."""
    if name == "mp4" and ffmpeg() is None:
        return "MP4 needs ffmpeg, which is not installed where the app runs. Take GIF or HTML."
    return ""


def file_name(page: str, ending: str) -> str:
    """The page, what it shows and the seed: "score-field-two-moons-seed-0.gif"."""
    parts = [page]
    for key in links.controls_drawn():
        value = st.session_state.get(key)
        if re.fullmatch(r"dist\d?|model|data", key) and isinstance(value, str):
            entry = DISTRIBUTIONS.get(value)
            parts.append(entry.label if entry else value)
        elif key == "seed" and isinstance(value, int):
            parts.append(f"seed {value}")
    return slug(parts, ending)


def slug(parts: Iterable[str], ending: str) -> str:
    """A file's name of small letters, digits and hyphens, whatever the parts are."""
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(dict.fromkeys(parts)).lower()).strip("-")
    return f"{words[:90].strip('-') or 'export'}.{ending}"


def begin(
    page: str, player: Shown, panes: tuple[Pane, ...], recipe: Recipe, choice: Choice
) -> Work:
    """The work for a choice, not yet begun."""
    form = FORMATS[choice.name]
    make = _maker(page, player, panes, recipe, choice)
    return Work(make, file_name(page, form.ending), form.mime)


def _maker(
    page: str, player: Shown, panes: tuple[Pane, ...], recipe: Recipe, choice: Choice
) -> Maker:
    # imported here: matplotlib takes a second, which only an export is to pay
    clock = player.clock
    if choice.name in ("gif", "mp4"):
        from explorer.export import film

        wanted = film.Film(choice.look, choice.seconds)
        way = film.gif if choice.name == "gif" else film.mp4
        return lambda file: way(panes, clock, wanted, file)
    content: dict[str, Callable[[], bytes]] = {
        "html": lambda: _page(page, player, panes, choice.look),
        "png": lambda: _still(player, panes, choice, "png"),
        "svg": lambda: _still(player, panes, choice, "svg"),
        "csv": lambda: _numbers(player, panes, "csv"),
        "npz": lambda: _numbers(player, panes, "npz"),
        "script": lambda: recipe.script().encode(),
    }
    return at_once(content[choice.name])


def _page(page: str, player: Shown, panes: tuple[Pane, ...], look: Look) -> bytes:
    from explorer.ui.player.offline import offline

    return offline(player, panes, look, page)


def _still(player: Shown, panes: tuple[Pane, ...], choice: Choice, ending: str) -> bytes:
    from explorer.export.stage import Stage

    stage = Stage(panes, player.clock, choice.look)
    return stage.png(choice.moment) if ending == "png" else stage.svg(choice.moment)


def _numbers(player: Shown, panes: tuple[Pane, ...], ending: str) -> bytes:
    from explorer.export import tables

    make = tables.npz if ending == "npz" else tables.csv_zip
    return make(panes, player.clock)


def settable(equations: tuple[str, ...]) -> list[str]:
    """Those of a page's equations that a picture can hold."""
    from explorer.export.words import typeset

    return [latex for latex in equations if typeset(latex) is not None]
