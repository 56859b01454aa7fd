"""Controls drawn from registries and parameters, each with its place in the link.

A control's key is its name in the link. Parameters of a registry's entry are called
`<entry>.<parameter>`, so each entry keeps its own numbers: `?proc=ddpm&ddpm.steps=200`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer.registry import Entry, Param
from explorer.ui import decoding, links
from explorer.ui.decoding import Value

SEEDS = 10_000
"""From 0 on, as many as may be chosen."""


def choose(
    registry: Mapping[str, Entry[Any]],
    *,
    key: str,
    label: str,
    default: str,
    help: str = "",
    where: Callable[[str, Any], bool] = lambda name, entry: True,
    values: Mapping[str, Mapping[str, Value]] | None = None,
    prefix: str = "",
) -> tuple[str, dict[str, Value]]:
    """A choice of the entries that pass `where`, and one control for each parameter of the chosen.

    values: defaults of this page, entry → parameter → value, where they differ from the registry's.
    prefix: goes before the parameters' keys; needed where a page draws one registry twice.
    Returns the entry's name and the values to build it with.
    """
    names = [name for name, entry in registry.items() if where(name, entry)]
    labels = {n: registry[n].label for n in names}
    name = option(labels, key=key, label=label, default=default, help=help)
    own = (values or {}).get(name, {})
    numbers = {
        param.name: number(param, key=f"{prefix}{name}.{param.name}", default=own.get(param.name))
        for param in registry[name].params
    }
    return name, numbers


def option(
    options: Mapping[str, str], *, key: str, label: str, default: str, help: str = ""
) -> str:
    """A choice by name, name → label; the link holds the name."""
    name = _held_text(key, default, list(options))
    widget = f"_{key}"
    st.session_state[widget] = name
    st.selectbox(
        label,
        list(options),
        key=widget,
        format_func=lambda n: options.get(n, str(n)),
        help=help or None,
        on_change=partial(_adopt, key, widget),
    )
    return name


def segments(
    options: Mapping[str, str], *, key: str, label: str, default: str, help: str = ""
) -> str:
    """Like `option`, as a row of segments, for few short labels."""
    name = _held_text(key, default, list(options))
    widget = f"_{key}"
    st.session_state[widget] = name
    st.segmented_control(
        label,
        list(options),
        key=widget,
        format_func=lambda n: options.get(n, str(n)),
        help=help or None,
        required=True,
        on_change=partial(_adopt, key, widget),
    )
    return name


def switch(
    *, key: str, label: str, default: bool = False, help: str = "", of_page: bool = True
) -> bool:
    """On or off; the link holds 1 or 0. `of_page=False` keeps presets and reset away from it."""
    held = _held_text(key, str(int(default)), ["0", "1"], of_page)
    widget = f"_{key}"
    st.session_state[widget] = held == "1"
    st.toggle(label, key=widget, help=help or None, on_change=partial(_adopt, key, widget))
    return held == "1"


def number(param: Param, *, key: str, default: Value | None = None) -> Value:
    """A slider over one parameter: linear, over its choices, or over decades."""
    start = param.checked(param.default if default is None else default)
    stops = decoding.series(param, start)
    links.register(key, start)
    raw = links.from_link(key)
    if raw:  # Streamlit is about to drop or to round what it cannot use
        used, note = decoding.number(param, key, raw, start, stops)
        if note:
            links.note(key, note, used)
    held = st.session_state.get(key)
    if held is not None and not _usable(param, held, stops):
        # carried over from a page where this control reaches further
        st.session_state[key] = start
    label = f"{param.label} ({param.unit})" if param.unit else param.label
    span = f"From {param.low:g} to {param.high:g}{' ' + param.unit if param.unit else ''}."
    help_text = f"{param.help} {span}".strip()
    value: Any
    if stops:
        value = st.select_slider(
            label,
            stops,
            start,
            format_func=decoding.short,
            key=key,
            help=help_text,
            bind="query-params",
            persist_state="session",
        )
    else:
        kind: type[float] | type[int] = int if param.is_integer else float
        value = st.slider(
            label,
            kind(param.low),
            kind(param.high),
            kind(start),
            kind(param.step),
            format="%d" if param.is_integer else "%.6g",
            key=key,
            help=help_text,
            bind="query-params",
            persist_state="session",
        )
    links.show_note(key, value)
    return param.checked(value)


def seed(*, key: str = "seed", default: int = 0) -> int:
    """The seed of everything random on the page: one seed, one picture.

    Held as text, for a bound number field fails on an infinity in the link.
    """
    most = SEEDS - 1
    param = Param("seed", "Seed", default, 0, most, 1, "The same seed gives the same picture.")
    raw = held_text(key, str(default))
    number, note = decoding.whole(param, key, raw, default)
    if note:
        links.note(key, note, raw)
        links.show_note(key, raw)
    widget = f"_{key}"
    st.session_state[widget] = number
    st.number_input(
        param.label,
        0,
        most,
        step=1,
        key=widget,
        help=param.help,
        on_change=partial(_adopt, key, widget),
    )
    return number


def presets(
    choices: Mapping[str, Mapping[str, Any]], *, help: Mapping[str, str] | None = None
) -> None:
    """A row of buttons; each sets the page to its defaults and then the keys it names."""
    with st.container(horizontal=True, key="presets", gap="small"):
        for label, values in choices.items():
            st.button(
                label,
                key=f"_preset_{label}",
                help=(help or {}).get(label),
                on_click=links.restore,
                args=(dict(values),),
            )


def _adopt(key: str, widget: str) -> None:
    """Take what the user picked in `widget` into the text that the link holds."""
    picked = st.session_state.get(widget)  # a control that has just left the page holds nothing
    if picked is not None:
        st.session_state[key] = str(int(picked)) if isinstance(picked, bool) else str(picked)


def _held_text(key: str, default: str, names: Sequence[str], of_page: bool = True) -> str:
    """One of `names`, as held in the link.

    A bound selectbox would put its label into the link: long, and broken by the next rewording.
    """
    raw = held_text(key, default, of_page)
    name, note = decoding.choice(names, key, raw, default)
    if note:
        links.note(key, note, raw)
        links.show_note(key, raw)
    return name


def held_text(key: str, default: str, of_page: bool = True) -> str:
    """The text that the link holds under `key`, unchecked; for controls that are not a number."""
    if of_page:
        links.register(key, default)
    return links.held(key, default)


def _usable(param: Param, value: Any, stops: Sequence[Value]) -> bool:
    try:
        return param.checked(value) == value and (not stops or value in stops)
    except ValueError:
        return False
