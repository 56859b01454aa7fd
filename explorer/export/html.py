"""A page that plays an animation without a server: player, plotly.js and data in one file."""

from __future__ import annotations

import base64
import gzip
import html
from functools import cache

from explorer.export import plotlyjs, words
from explorer.export.look import Look, Page

# Runs what the page brings: plotly.js is packed, as is the scene.
_START = """
async function unpacked(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

let starting = null;

function loadPlotly() {
  starting ??= unpacked("plotly").then((bytes) => {
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(bytes);
    document.head.append(script);
    return window.Plotly;
  });
  return starting;
}
"""
_MOUNT = """
const parentElement = document.getElementById("player");
unpacked("scene").then((data) => mount({ data, parentElement, setTriggerValue() {} }));
"""


def page(payload: bytes, script: str, style: str, look: Look, heading: str) -> str:
    """The page as text, to be kept as a file of its own.

    payload: what the player is sent.  script: its modules in one, but for the one that loads
    plotly.js, with `mount` as the name of what it exports.  style: its style sheet.
    heading: of the browser's tab; `look` gives the colours, the title and the equation.
    """
    title = f"<h1>{html.escape(look.title)}</h1>" if look.title else ""
    parts = (
        "<!doctype html>",
        f'<html lang="en" style="color-scheme: {"dark" if look.dark else "light"}">',
        '<head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        # nothing may be asked of any network
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; "
        'img-src data: blob:; font-src data:">',
        f"<title>{html.escape(heading)}</title>",
        f"<style>{_colours(look.page)}{style}</style></head>",
        f"<body><main>{title}",
        '<div id="player"></div>',
        f"{_equation(look)}</main>",
        f'<script type="text/plain" id="plotly">{_plotly()}</script>',
        f'<script type="text/plain" id="scene">{_packed(payload)}</script>',
        f'<script type="module">{_START}{script}{_MOUNT}</script>',
        "</body></html>",
    )
    return "\n".join(parts)


def _colours(page: Page) -> str:
    """The app's colours, under the names that the player reads."""
    return (
        f":root {{ --st-background-color: {page.background}; --st-text-color: {page.text};"
        f" --st-secondary-background-color: {page.panel}; --st-primary-color: {page.accent};"
        ' --st-font: system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }'
        f" body {{ margin: 0; background: {page.background}; color: {page.text};"
        " font-family: var(--st-font); }"
        " main { max-width: 1760px; margin: 0 auto; padding: 16px 20px; }"
        " h1 { font-size: 1.5rem; margin: 0 4px 10px; }"
        " figure { margin: 14px auto 0; text-align: center; overflow-x: auto; }"
        " figure svg { max-width: 100%; height: auto; }\n"
    )


def _equation(look: Look) -> str:
    if not look.equation:
        return ""
    text = words.typeset(look.equation)
    if text is None:
        raise ValueError("this equation cannot be set in a file; leave it out")
    return f"<figure>{words.drawn(text, look.page.text)}</figure>"


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


@cache
def _plotly() -> str:
    """plotly.js as text, made once per server: two thirds of a megabyte."""
    return base64.b64encode(plotlyjs.packed()).decode("ascii")
