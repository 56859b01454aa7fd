"""What axe-core finds on a page: barriers for those who do not see it, or do not use a mouse."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {"resultTypes": ["violations"], "preload": False}
GRAVE = ("serious", "critical")

REACHED = """!document.querySelector("[data-testid=stImage] img:not([alt])")
&& [...document.querySelectorAll(".katex-display, [data-testid=stHtml], pre")].every(
  (e) => e.tabIndex === 0 || !["auto", "scroll"].includes(getComputedStyle(e).overflowX)
    || (e.scrollWidth <= e.clientWidth + 12
      && (e.tagName !== "PRE" || e.scrollHeight <= e.clientHeight + 12))
)"""
"""Whether the keyboard gets to what is wider than the page: once equations have their size."""


def barriers(page: Any) -> list[str]:
    """Serious and critical violations on the page, one line each."""
    page.wait_for_function(REACHED)
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
