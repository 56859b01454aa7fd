"""What `streamlit run app.py` starts: a server around the pages, of which home.py is the first."""

import streamlit as st

from explorer.ui.server import lifespan

app = st.App("home.py", lifespan=lifespan)
