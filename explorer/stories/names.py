"""Names in a story's links that no page can use: a misspelt one would be passed over in silence."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from explorer.stories.scanning import scan
from explorer.stories.story import OF_THE_STORY, Fault

Nearest = Callable[[str], str | None]
"""Gives None for a name that a page may know, else the nearest one, or nothing."""


def misspelt(text: str, nearest: Nearest) -> tuple[Fault, ...]:
    """What no page knows in the links of a story that could be read, each with its line.

    The story runs all the same: these parameters are passed over.
    """
    faults = []
    for section in scan(text).sections:
        links = [section.fields[name] for name in ("link", "then") if name in section.fields]
        for part in links:
            for name, _ in parse_qsl(urlsplit(part.text).query):
                meant = None if name in OF_THE_STORY else nearest(name)
                if meant is not None:
                    hint = f"; did you mean '{meant}'?" if meant else ""
                    faults.append(Fault(part.line, f"no page has a control '{name}'{hint}"))
    return tuple(faults)
