"""The field's terms: what each means in plain words, its equation, its source, where it is seen."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import combining, normalize

from explorer.ui.menu import MENU

_FILE = Path(__file__).parent / "glossary.toml"


@dataclass(frozen=True)
class Term:
    """One term. text: Markdown, a sentence or two.  seen: links on this server, `/page?query`."""

    name: str
    also: str
    text: str
    latex: str
    source: str
    seen: tuple[str, ...]

    def links(self) -> list[tuple[str, str]]:
        """(page's title, link) for every page where the term is seen."""
        titles = {page.path: page.title for page in MENU}
        return [(titles[link.partition("?")[0]], link) for link in self.seen]


@cache
def terms() -> tuple[Term, ...]:
    """All terms, sorted by name."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))["term"]
    return tuple(
        sorted(
            (Term(**{**term, "seen": tuple(term["seen"])}) for term in read),
            key=lambda term: term.name.casefold(),
        )
    )


def matching(search: str) -> list[Term]:
    """The terms in which every word of `search` begins a word; those by name or alias first."""
    wanted = _plain(search).split()
    found = []
    for term in terms():
        named = _plain(f"{term.name} {term.also}").split()
        said = _plain(term.text).split()
        if all(any(w.startswith(word) for w in named + said) for word in wanted):
            by_name = all(any(w.startswith(word) for w in named) for word in wanted)
            found.append((not by_name, term))
    return [term for _, term in sorted(found, key=lambda pair: pair[0])]


def markdown(term: Term, base: str = "") -> str:
    """The term as an entry of a Markdown list. base: the path under which the app lives."""
    pages = " · ".join(f"[{title}]({base}{link})" for title, link in term.links())
    return (
        f"- **{term.name}**\n\n  {term.text}\n\n  $$\n  {term.latex}\n  $$\n\n"
        f"  *{term.source}*\n\n  Seen on {pages}\n"
    )


def _plain(text: str) -> str:
    """Small letters without accents, anything but letters and digits as a blank."""
    bare = "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return "".join(c if c.isalnum() else " " for c in bare)
