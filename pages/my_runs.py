"""The networks trained from this browser: looked at, kept, handed on."""

from datetime import datetime

import streamlit as st

from explorer.code.recipes import my_runs as code
from explorer.events import tell
from explorer.training.faults import kind_of
from explorer.training.files import DamagedFile
from explorer.training.folders import Missing, StoreUnavailable
from explorer.training.pretrain import PRETRAINED
from explorer.training.runs import MAX_NAME
from explorer.training.store import Card, StoreFull
from explorer.ui import frame, learning, resuming, run_links
from explorer.ui import shelf as shelves
from explorer.ui.code import show_code
from explorer.ui.learned_scenes import RUN, portrait
from explorer.ui.weights import of_card

frame.page(
    "My runs",
    intro="Every finished training is kept here with its weights, its loss and its snapshots. "
    "This browser finds them again; this page's link leads to them from any other.",
)
shelf, store = shelves.shelf(), shelves.store()


def _rename(run_id: str) -> None:
    learning.attempt(store.rename, run_id, shelf, st.session_state[f"_name-{run_id}"])


def _picture(card: Card) -> None:
    try:
        found = store.picture(card.id)
        st.image(str(found) if found else portrait(f"{RUN}{card.id}"), width=66)
    except (ValueError, OSError) as problem:  # damaged, or deleted in another tab
        st.text(str(problem))


def _row(card: Card) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        _picture(card)
        with st.container(width="stretch", gap=None):
            st.text(card.name)
            when = datetime.fromtimestamp(card.created).strftime("%d %b %Y, %H:%M")
            st.caption(f"{when} · {learning.in_short(card)}")
        run_links.go_back(card)
        run_links.compare(f"{RUN}{card.id}")
        # each has a key of its own: else an open one would pass to the row that moves up
        with st.popover("Rename", icon=":material/edit:", key=f"_renames-{card.id}"):
            name = f"_name-{card.id}"
            st.text_input(
                "Name",
                card.name,
                max_chars=MAX_NAME,
                key=name,
                help="What the menus of trained networks call it.",
                on_change=_rename,
                args=(card.id,),
            )
        st.download_button(
            "Download",
            data=lambda: store.export_bytes(card.id),
            file_name=f"{card.id}.safetensors",
            mime="application/octet-stream",
            icon=":material/download:",
            key=f"_save-{card.id}",
        )
        with st.popover("Delete", icon=":material/delete:", key=f"_deletes-{card.id}"):
            st.button(
                "Delete for good",
                key=f"_drop-{card.id}",
                on_click=learning.attempt,
                args=(store.delete, card.id, shelf),
            )


resuming.refusal()
resuming.follow()
try:
    resuming.interrupted()
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
st.caption("There from the start")
with st.container(horizontal=True, key="bundled"):
    for name, entry in PRETRAINED.items():
        with st.container(border=True, width=210, horizontal_alignment="center", gap="small"):
            st.image(portrait(name), width=66)
            st.text(entry.label)
            run_links.compare(name)

given = st.file_uploader(
    "Add a run from a file",
    type=["safetensors"],
    max_upload_size=64,
    help="As downloaded here, from this server or another one.",
)
if given is not None and st.session_state.get("_taken") != given.file_id:
    st.session_state["_taken"] = given.file_id
    try:
        learning.add_run(given.getvalue())
    except (DamagedFile, StoreFull, StoreUnavailable, Missing, ValueError) as problem:
        tell("upload_refused", kind=kind_of(problem))
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
shelves.remember()
