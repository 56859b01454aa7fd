"""What axe-core finds on a page: barriers for those who do not see it, or do not use a mouse."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {"resultTypes": ["violations"], "preload": False}
GRAVE = ("serious", "critical")
LOOKS = 4

REACH = """document.fonts.ready.then(() => {
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true }));
})"""
"""Once texts have their size, the focus is about to move: the page lets it reach what scrolls."""


def barriers(page: Any) -> list[str]:
    """Serious and critical violations on the page, one line each.

    The page may still draw while axe looks, so that what it finds must be there every time.
    """
    found = _found(page)
    for _ in range(LOOKS - 1):
        found = found and _found(page)
    return found


def _found(page: Any) -> list[str]:
    page.evaluate(REACH)
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
