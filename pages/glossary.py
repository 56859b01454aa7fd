"""The glossary: the field's terms in plain words, with equation, source and where they are seen."""

import time

import streamlit as st

from explorer.ui import frame, glossary, links
from explorer.ui.controls import held_text

frame.page(
    "Glossary",
    intro="The words of the field in one or two sentences, each with its equation, its source and "
    "the pages on which it is seen.",
)

KEY = "find"
LONGEST = 60

FIRST = 12
"""Terms in whole lines of two, three or four, more than a window shows."""
PAUSE = 0.05
"""Seconds in which what is there already is sent."""


def _look() -> None:
    st.session_state[KEY] = st.session_state[f"_{KEY}"].strip()


search = held_text(KEY, "")[:LONGEST]
st.session_state[f"_{KEY}"] = search
with st.container(key="glossary-search"):
    st.text_input(
        "Find a term",
        key=f"_{KEY}",
        placeholder="score, SNR, guidance …",
        max_chars=LONGEST,
        icon=":material/search:",
        help="In the terms, their other names and what is said of them.",
        on_change=_look,
    )
found = glossary.matching(search)
base = (st.get_option("server.baseUrlPath") or "").strip("/")
base = f"/{base}" if base else ""
with st.container(key="glossary"):
    if found:
        # two elements: one for each term would take the browser a quarter of a second, and one for
        # all of them would keep the page's head back until every equation is set
        cards = [glossary.markdown(term, base) for term in found]
        st.markdown("\n".join(cards[:FIRST]))
        if cards[FIRST:]:
            time.sleep(PAUSE)
            st.markdown("\n".join(cards[FIRST:]))
    else:
        st.text(f"No term has “{links.plain(search)}” in it. Try a part of a word.")
