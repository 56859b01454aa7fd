"""What a page's still charts are made of, read from what the browser is sent."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def players(at: AppTest) -> list[dict[str, Any]]:
    """The headers of all players on the page, in order; see `explorer.ui.player.encode`."""
    sent = [part.proto for part in at.get("bidi_component")]
    payloads = [proto.bytes for proto in sent if proto.component_name == "explorer_player"]
    return [json.loads(p[4 : 4 + int.from_bytes(p[:4], "little")]) for p in payloads]


def charts(at: AppTest) -> list[dict[str, Any]]:
    """The figures of the still charts, in order."""
    stills = [header for header in players(at) if header["options"]["still"]]
    return [pane["figure"] for header in stills for pane in header["panes"] if not pane["layers"]]
