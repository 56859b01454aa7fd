"""What `streamlit run app.py` starts: a server around the pages, of which home.py is the first."""

import streamlit as st
from starlette.middleware import Middleware

from explorer.ui import operations, qr
from explorer.ui.headers import Headers
from explorer.ui.server import lifespan
from explorer.ui.upload_limit import UploadLimit

base = st.get_option("server.baseUrlPath") or ""
app = st.App(
    "home.py",
    lifespan=lifespan,
    routes=[qr.route(base), *operations.routes(base)],
    middleware=[Middleware(Headers), Middleware(UploadLimit)],
    on_script_error=operations.page_failed,
)
