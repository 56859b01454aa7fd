"""The button "Export" at a page's end, and the dialog that takes an animation out of the app."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.code.recipe import Recipe
from explorer.export.look import SIZES, Look
from explorer.export.moments import clock_text
from explorer.export.work import Work
from explorer.figures.layers import Pane
from explorer.ui import exporting, links
from explorer.ui.exporting import FORMATS, Choice
from explorer.ui.player import shown
from explorer.ui.player.shown import Shown

_OPEN = "_export_open"
_WORK = "_export_work"
_CHOICES = "_export."  # with which the keys of the dialog's controls begin
_SLICE = 0.4  # seconds of work between two looks at the buttons
_MOMENTS = 100
_LENGTHS = (3, 5, 8, 12, 20)


def button(recipe: Recipe) -> None:
    """A button where the page has shown a player, and the dialog that it opens."""
    players = shown.players()
    if not players:
        return
    st.button(
        "Export",
        icon=":material/ios_share:",
        type="tertiary",
        key="_export",
        on_click=_open,
        args=(recipe.name,),
    )
    if st.session_state.get(_OPEN) == recipe.name:
        _dialog(recipe, players)


def _open(name: str) -> None:
    _close()
    st.session_state[_OPEN] = name


def _close() -> None:
    """The dialog goes, and with it whatever it was making."""
    st.session_state.pop(_OPEN, None)
    _drop()


def _drop() -> None:
    work: Work | None = st.session_state.pop(_WORK, None)
    if work is not None:
        work.stop()


@st.dialog("Export", width="large", icon=":material/ios_share:", on_dismiss=_close)
def _dialog(recipe: Recipe, players: Mapping[str, Shown]) -> None:
    _keep_choices()
    work: Work | None = st.session_state.get(_WORK)
    if work is None:
        _choose(recipe, players)
    elif work.busy:
        st.fragment(_making, run_every=0.05)(work)
    else:
        _made(work)


def _keep_choices() -> None:
    """What was chosen outlives the moments at which its controls are not drawn."""
    for key in [key for key in st.session_state if str(key).startswith(_CHOICES)]:
        st.session_state[key] = st.session_state[key]


def _choose(recipe: Recipe, players: Mapping[str, Shown]) -> None:
    """What to make and how it is to look."""
    labels = {name: form.label for name, form in FORMATS.items()}
    name = _segments("Format", labels, "_export.format")
    form = FORMATS[name]
    st.caption(form.help)
    key = next(iter(players))
    if form.kind != "script" and len(players) > 1:
        called = {key: _called(player.panes) for key, player in players.items()}
        key = _segments("Picture", called, "_export.player", label_shown=True)
    player = players[key]
    panes = player.panes
    if form.kind != "script" and len(panes) > 1:
        panes = _panes(panes, f"_export.panes.{key}")
    look, seconds, moment = Look(), 5.0, 1.0
    if form.kind in ("film", "still", "page"):
        look = _look(form.kind, recipe)
    if form.kind == "film":
        lengths = {str(s): f"{s} s" for s in _LENGTHS}
        seconds = float(_segments("Length", lengths, "_export.seconds", "5", label_shown=True))
    elif form.kind == "still":
        moment = st.select_slider(
            "Moment",
            range(_MOMENTS + 1),
            value=_MOMENTS,
            format_func=lambda k: clock_text(player.clock, k / _MOMENTS),
            key=f"_export.moment.{key}",
            help="The time on the player's clock that the picture shows.",
        )
        moment = moment / _MOMENTS
    reason = exporting.unavailable(name) or ("" if panes else "Choose at least one picture.")
    if reason:
        st.info(reason, icon=":material/info:")
    st.button(
        f"Make the {form.label}",
        type="primary",
        key="_export_make",
        disabled=bool(reason),
        on_click=_begin,
        args=(player, panes, recipe, Choice(name, look, seconds, moment)),
    )


def _begin(player: Shown, panes: tuple[Pane, ...], recipe: Recipe, choice: Choice) -> None:
    _drop()
    st.session_state[_WORK] = exporting.begin(links.page(), player, panes, recipe, choice)


def _making(work: Work) -> None:
    """Progress and a way to stop; each look drives the work on."""
    st.progress(work.share, text=f"Making {work.name}: {work.share:.0%}")
    st.button("Stop", icon=":material/stop:", key="_export_stop", on_click=_drop)
    if st.session_state.get(_WORK) is not work:
        st.rerun()
    work.advance(_SLICE)
    if not work.busy:
        st.rerun()


def _made(work: Work) -> None:
    if work.data is None:
        st.error(f"No file was made: {work.error}.")
    else:
        st.text(f"{work.name}, {_size(len(work.data))}")
        st.download_button(
            "Download",
            work.data,
            work.name,
            work.mime,
            key="_export_download",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
        )
    st.button("Make another", key="_export_again", type="tertiary", on_click=_drop)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _look(kind: str, recipe: Recipe) -> Look:
    """Size, theme and words; a page takes its size from the browser."""
    size = SIZES["small"]
    with st.container(horizontal=True, gap="medium"):
        if kind != "page":
            sizes = {name: size.label for name, size in SIZES.items()}
            size = SIZES[_segments("Size", sizes, "_export.size", label_shown=True)]
        themes = {"light": "Light", "dark": "Dark"}
        now = str(st.context.theme.type or "light")
        dark = _segments("Colours", themes, "_export.theme", now, label_shown=True) == "dark"
    title = st.text_input(
        "Title",
        links.page(),
        max_chars=80,
        key=f"_export.title.{recipe.name}",
        help="Above the picture. Empty: none.",
    )
    equation = ""
    if st.toggle(
        "An equation below", key="_export.equation", help="One of those that the page shows."
    ):
        equations = exporting.settable(recipe.equations)
        if equations:
            options = {latex: f"Equation {k}" for k, latex in enumerate(equations, start=1)}
            equation = (
                _segments("Equation", options, f"_export.which.{recipe.name}")
                if equations[1:]
                else ""
            )
            equation = equation or equations[0]
            st.latex(equation)
        else:
            st.caption("None of this page's equations can be set in a file.")
    return Look(size.width, size.height, dark, title, equation)


def _called(panes: tuple[Pane, ...]) -> str:
    return next((pane.title for pane in panes if pane.title), "Picture")


def _panes(panes: tuple[Pane, ...], key: str) -> tuple[Pane, ...]:
    """Some of the panes, all of them to begin with."""
    names = {k: pane.title or f"Pane {k + 1}" for k, pane in enumerate(panes)}
    if not set(st.session_state.setdefault(key, list(names))) <= set(names):
        st.session_state[key] = list(names)
    chosen = st.pills(
        "Panes", list(names), selection_mode="multi", format_func=lambda k: names[k], key=key
    )
    return tuple(panes[k] for k in sorted(chosen))


def _segments(
    label: str, options: Mapping[str, str], key: str, start: str = "", label_shown: bool = False
) -> str:
    """One of the options, name → label; `start` or the first until another is chosen."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = start if start in options else next(iter(options))
    chosen = st.segmented_control(
        label,
        list(options),
        key=key,
        format_func=lambda name: options.get(name, str(name)),
        required=True,
        label_visibility="visible" if label_shown else "collapsed",
    )
    return str(chosen)
