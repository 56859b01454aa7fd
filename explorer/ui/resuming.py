"""Trainings that are taken up again: what was interrupted, and finished runs from the shelf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.training.autosaves import QUIET, Unfinished
from explorer.training.film import film_from
from explorer.training.folders import StoreUnavailable, new_code
from explorer.training.kept import progress_of
from explorer.training.leases import KEEPER
from explorer.training.presets import DEFAULT
from explorer.training.spec import from_json
from explorer.ui import latent_learning, learning, links, workplace
from explorer.ui.holding import hold_of
from explorer.ui.shelf import shelf, store
from explorer.ui.train_controls import keys_of, pickable

RUN = "run"
"""The link parameter under which the page Train opens a kept run."""


def take_up(left: Unfinished) -> None:
    """Go on with a training that a closed tab or a killed server left."""
    tensors, meta = store().autosaves.load(left.job_id)
    state = {name: part for name, part in tensors.items() if not name.startswith("film.")}
    spec = from_json(meta["state"]["spec"])
    links.adjust(keys_of(spec))
    learning.begin(spec, (state, meta["state"]), film_from(tensors), left.job_id)


@dataclass(frozen=True)
class Kind:
    """A kind of training that leaves autosaves: the page that shows it, and how it is taken up."""

    page: str
    take_up: Callable[[Unfinished], None]


POINTS = ""
"""The kind of an autosave that names none: a network that learns a distribution of points."""
KINDS = {
    POINTS: Kind("pages/train.py", take_up),
    latent_learning.KIND: Kind("pages/latent_diffusion.py", latent_learning.take_up),
}


def _kind(left: Unfinished) -> str:
    return str(left.meta.get("kind", POINTS))


def resume_left(left: Unfinished, leave: bool) -> None:
    """Take it up; `leave` this page for the one that shows it. A callback."""
    kind = KINDS[_kind(left)]
    if learning.attempt(kind.take_up, left) and leave:
        st.session_state["_opened"] = kind.page


def follow() -> None:
    """On to the page that shows what was just taken up."""
    if page := st.session_state.pop("_opened", None):
        st.switch_page(page)


def _of_this_shelf(kind: str | None) -> list[Unfinished]:
    """States of this shelf that no job of this server writes, but those on this session's desks."""
    kinds, mine = KINDS if kind is None else (kind,), shelf()
    KEEPER.let_go()
    here = {learning.desk().code, latent_learning.desk().code, *workplace.at_work()}

    def ours(left: Unfinished) -> bool:
        if not isinstance(left.meta, dict) or left.meta.get("shelf") != mine:
            return False
        return left.job_id not in here and _kind(left) in kinds

    return [left for left in store().autosaves.unfinished(quiet_for=0) if ours(left)]


def _is_over(left: Unfinished) -> bool:
    return (left.meta.get("stopped") is True and not left.held) or left.quiet >= QUIET


def left_behind(kind: str | None = None) -> list[Unfinished]:
    """Trainings of this shelf that nobody goes on with, but those on this session's desks.

    kind: of `KINDS`, or None for all.
    """
    return [left for left in _of_this_shelf(kind) if _is_over(left)]


def _discard(left: Unfinished) -> None:
    learning.attempt(_forget, left.job_id)


def _forget(job_id: str) -> None:
    """Discard what nobody holds; Taken where somebody has taken it up since it was listed."""
    hold_of(job_id, "")
    store().autosaves.discard(job_id)


@st.fragment(run_every=1.0)
def _until_others_end() -> None:
    """A reloaded page may stand before the server knows that the page before it has gone."""
    if workplace.take_over() or not workplace.elsewhere():
        st.rerun()


@st.fragment(run_every=2.0)
def _until_quiet(kind: str | None) -> None:
    """After a killed server: its trainings can be gone on with once no other server writes them."""
    young = [left.quiet for left in _of_this_shelf(kind) if not _is_over(left)]
    if not young:
        st.rerun()
    st.caption(
        f"A training of this browser was last saved {min(young):.0f} s ago. Unless another server "
        f"goes on with it, it can be taken up here {QUIET:.0f} s after that."
    )


def interrupted(most: int = 50, kind: str | None = None) -> None:
    """A row for each of the newest that were left, to go on with or to discard.

    kind: the one that this page shows, or None where each is shown on a page of its own.
    """
    if workplace.elsewhere():
        _until_others_end()
    try:
        found = _of_this_shelf(kind)
    except StoreUnavailable as problem:
        st.warning(str(problem))
        return
    if not all(map(_is_over, found)):
        _until_quiet(kind)
    for left in list(filter(_is_over, found))[:most]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(
                f"Interrupted at step {left.meta['step']:,}: {left.meta['name']}", width="stretch"
            )
            st.button(
                "Go on", key=f"_on-{left.job_id}", on_click=resume_left, args=(left, kind is None)
            )
            st.button("Discard", key=f"_off-{left.job_id}", on_click=_discard, args=(left,))


def open_run(run_id: str) -> None:
    """Put a finished run on this session's desk, to be played again and gone on with."""
    at = learning.desk()
    if at.busy:
        raise ValueError("A training is at work here; stop it, then open the run.")
    progress = progress_of(store().load(run_id))
    at.job, at.spec, at.code, at.opened = None, progress.state.spec, new_code(), progress


def link_of(run_id: str, spec: Any) -> dict[str, str]:
    """The link parameters under which the page Train shows the run, its controls as it was made.

    spec: as JSON; where it cannot be read, the page will say so.
    """
    try:
        made = keys_of(from_json(spec))
    except (ValueError, StoreUnavailable):
        return {RUN: run_id}
    usual = keys_of(DEFAULT)
    keys = {k: v for k, v in made.items() if usual.get(k) != v and pickable(k, v)}
    texts = {k: f"{v:g}" if isinstance(v, float) else str(v) for k, v in keys.items()}
    return {RUN: run_id, **texts}


def open_by_link() -> None:
    """Open the run that the link names, once; what cannot be opened is said by `refusal`."""
    given = "".join(links.from_link(RUN)[-1:])
    if given and st.session_state.get("_run") != given:
        st.session_state["_run"] = given
        if not learning.attempt(open_run, given):
            learning.forget_link()


def refusal() -> None:
    """Say what could not be done, and why."""
    if refused := st.session_state.pop("_refused", ""):
        st.text(refused)  # it may quote a stranger: neither Markdown nor HTML
