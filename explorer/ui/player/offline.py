"""A player as a page of its own, with all that it needs inside."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.export.html import page
from explorer.export.look import Look
from explorer.figures.layers import Pane
from explorer.ui.player import assets
from explorer.ui.player.encode import encode
from explorer.ui.player.shown import Shown


def offline(player: Shown, panes: Sequence[Pane], look: Look, heading: str) -> bytes:
    """Some of a player's panes as one HTML file, with the same controls; it asks for no network.

    heading: of the browser's tab.  The rest is as for `explorer.export.html.page`.
    """
    given = dict(player.options)
    columns = min(given["columns"], len(panes))
    options = {**given, "key": "export", "columns": columns, "plotly": "", "base": ""}
    payload = encode(panes, player.clock, options)
    exported = "export default function ("
    script = assets.script("plotly")
    if exported not in script:
        raise ValueError(f"the player's script has no {exported!r}, by which a page starts it")
    script = script.replace(exported, "const mount = function (")
    return page(payload, script, assets.style(), look, heading).encode()
