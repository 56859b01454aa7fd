"""Home: what this is, and live pictures to start from."""

import streamlit as st

from explorer.ui import frame, menu, thumbnails
from explorer.ui.warmup import warm_up

frame.page(
    frame.PRODUCT,
    intro="A diffusion model learns to undo noise. Here you set the noise, watch it come, see the "
    "arrows that lead back to the data, and race the ways of following them: every picture moves, "
    "every number is yours to change, and the link in the address bar always restores what you "
    "see.",
)
with st.container(horizontal=True, key="cards"):
    for entry in menu.MENU:
        if not entry.thumbnail:
            continue
        with st.container(border=True, width=264, gap="small", key=f"card-{entry.thumbnail}"):
            st.image(thumbnails.svg(entry.thumbnail), width="stretch")
            st.caption(entry.section)
            st.page_link(
                entry.file, label=entry.title, icon=entry.icon, query_params=dict(entry.preset)
            )
            st.markdown(entry.line)
warm_up()
