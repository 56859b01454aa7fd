"""The menu of pages and the home page's cards, each one element however many pages there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from explorer.ui import thumbnails
from explorer.ui.menu import HOME, Page, sections

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "explorer_navigation",
    js=(_HERE / "navigation.js").read_text(encoding="utf-8"),
    css=(_HERE / "navigation.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def menu(title: str, *, brand: str = "", icon: str = "") -> None:
    """Links to all pages by section. The section of the page called `title` is open.

    brand: the product's name, over the menu, with its icon (an address).
    """
    pages = [page for _, section in sections() for page in section]
    current = next((page.path for page in pages if page.title == title), pages[0].path)
    parts = [
        {"name": name, "pages": [_entry(page) for page in section]} for name, section in sections()
    ]
    _draw("menu", "menu", sections=parts, current=current, brand=brand, icon=icon)


def cards() -> None:
    """A card for every page that has a drawing; it opens the page with its preset."""
    parts = []
    for name, section in sections():
        entries = [_card(page) for page in section if page.thumbnail]
        if entries:
            parts.append({"name": name, "pages": entries})
    _draw("cards", "cards", sections=parts)


def _draw(kind: str, key: str, **data: Any) -> None:
    base = st.get_option("server.baseUrlPath").strip("/")
    said = {"kind": kind, "base": f"/{base}" if base else "", **data}
    # as bytes: for anything else Streamlit imports pandas, to ask whether it is a table
    _mount(key=key, data=json.dumps(said).encode())


def _entry(page: Page) -> dict[str, str]:
    icon = page.icon.removeprefix(":material/").removesuffix(":")
    return {"title": page.title, "icon": icon, "path": page.path}


def _card(page: Page) -> dict[str, str]:
    query = f"?{urlencode(page.preset)}" if page.preset else ""
    path = "/" if page.file == HOME else page.path
    return {
        **_entry(page),
        "path": f"{path}{query}",
        "line": page.line,
        "card": page.thumbnail,
        "svg": thumbnails.svg(page.thumbnail),
    }
