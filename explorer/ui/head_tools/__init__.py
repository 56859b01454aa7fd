"""The tools in every page's head, one element: copy the link, show it as a QR code, start the page
over, fill the screen, and a tour of one minute.

All but the second thought of "Reset page" happens in the browser, without a run of the page.
"""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from explorer.ui import links, qr
from explorer.ui.joining import joined

_HERE = Path(__file__).parent
# In this order each file finds what it imports above it.
_MODULES = ("elements", "copying", "code", "tour", "ring", "reach", "tools")


def script() -> str:
    """The tools' modules as one."""
    return joined(_HERE / "js", _MODULES)


_mount = st.components.v2.component(
    "explorer_head_tools",
    js=script(),
    css=(_HERE / "head_tools.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def head_tools(*, home: bool, projector: bool) -> None:
    """Draw the tools.

    home: whether this is the home page, which invites whoever is new to the tour.
    projector: there a ring follows the pointer over pictures, and there is no tour: the menu and
    the controls, to which it points, are folded away.
    """
    listens = st.get_option("server.address") or "0.0.0.0"
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    said = {
        "home": home,
        "projector": projector,
        "base": f"/{base}" if base else "",
        # where others reach this server, if they do
        "address": qr.network_address() if listens in ("0.0.0.0", "::") else None,
        "longest": qr.LONGEST,
    }
    # as bytes: for anything else Streamlit imports pandas, to ask whether it is a table
    _mount(key="head-tools", data=json.dumps(said).encode(), on_reset_change=_reset)


def _reset() -> None:
    links.restore({})
