"""Reads the tables that a page shows."""

from __future__ import annotations

import re
from html import unescape

from streamlit.testing.v1 import AppTest

TAG = re.compile("<[^>]+>")


def first_table(at: AppTest) -> list[dict[str, str]]:
    """The rows of the first table on the page that has a head, by the names of its columns."""
    body = next(html.proto.body for html in at.get("html") if "<thead>" in html.proto.body)
    head, *rows = [
        [unescape(TAG.sub("", cell)) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row)]
        for row in re.findall("<tr>(.*?)</tr>", body)
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]
