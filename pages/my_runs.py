"""The networks trained from this browser: looked at, kept, handed on."""

from datetime import datetime

import streamlit as st

from explorer.code.recipes import my_runs as code
from explorer.training.files import DamagedFile
from explorer.training.folders import Missing, StoreUnavailable
from explorer.training.store import Card, StoreFull
from explorer.ui import frame, learning
from explorer.ui.code import show_code
from explorer.ui.learned_scenes import RUN
from explorer.ui.weights import of_card

frame.page(
    "My runs",
    intro="Every finished training is kept here with its weights, its loss and its snapshots. "
    "Keep this page's link: it leads back to your shelf.",
)
shelf, store = learning.shelf(), learning.store()


def _rename(run_id: str) -> None:
    learning.attempt(store.rename, run_id, shelf, st.session_state[f"_name-{run_id}"])


def _row(card: Card) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            st.text(card.name)
            when = datetime.fromtimestamp(card.created).strftime("%d %b %Y, %H:%M")
            st.caption(f"{when} · {learning.in_short(card)}")
        st.page_link(
            "pages/exact_against_learned.py",
            label="Look at it",
            icon=":material/compare:",
            query_params={"model": f"{RUN}{card.id}"},
        )
        with st.popover("Rename", icon=":material/edit:"):
            name = f"_name-{card.id}"
            st.text_input("Name", card.name, key=name, on_change=_rename, args=(card.id,))
        st.download_button(
            "Download",
            data=lambda: store.export_bytes(card.id),
            file_name=f"{card.id}.safetensors",
            mime="application/octet-stream",
            icon=":material/download:",
            key=f"_save-{card.id}",
        )
        with st.popover("Delete", icon=":material/delete:"):
            st.button(
                "Delete for good",
                key=f"_drop-{card.id}",
                on_click=learning.attempt,
                args=(store.delete, card.id, shelf),
            )


if refused := st.session_state.pop("_refused", ""):
    st.text(refused)  # it may quote a stranger: neither Markdown nor HTML
if st.session_state.pop("_opened", False):
    st.switch_page("pages/train.py")
try:
    for left in learning.left_behind():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(
                f"Interrupted at step {left.meta['step']:,}: {left.meta['name']}", width="stretch"
            )
            args = (left,)
            st.button("Go on", key=f"_on-{left.job_id}", on_click=learning.resume_left, args=args)
            st.button(
                "Discard",
                key=f"_off-{left.job_id}",
                on_click=learning.attempt,
                args=(store.autosaves.discard, left.job_id),
            )
    cards = store.list_runs(shelf)
except StoreUnavailable as problem:
    st.error(f"The folder of runs cannot be used: {problem}")
    st.stop()
if cards:
    st.query_params["shelf"] = shelf
else:
    st.info("Nothing here yet. Train a network and it appears.", icon=":material/school:")
    st.page_link("pages/train.py", label="Train", icon=":material/school:")
for card in cards:
    _row(card)

given = st.file_uploader("Add a run from a file", type=["safetensors"], max_upload_size=64)
if given is not None and st.session_state.get("_taken") != given.file_id:
    st.session_state["_taken"] = given.file_id
    try:
        learning.add_run(given.getvalue())
    except (DamagedFile, StoreFull, StoreUnavailable, Missing, ValueError) as problem:
        st.error("This file cannot be used.")
        st.text(str(problem))
    else:
        st.rerun()

if cards:
    try:
        newest = of_card(cards[0])
    except ValueError as problem:
        st.text(f"No script for the newest run: {problem}")
    else:
        show_code(code.recipe(newest))
