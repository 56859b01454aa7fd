"""What the browser needs to run the player: its script, its style, and plotly.js.

Streamlit sends a component's module with every change of its data. So what it gets is a loader of
two kilobytes, and the player itself is a static file, as is plotly.js: compressed, and named by
their content, so that browsers keep them.
"""

from __future__ import annotations

import atexit
import gzip
import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import streamlit as st

from explorer.export import plotlyjs
from explorer.ui.joining import joined

HERE = Path(__file__).parent
# In this order each file finds what it imports above it.
MODULES = (
    "header",
    "decode",
    "frames",
    "text",
    "theme",
    "served",
    "plotly",
    "sprites",
    "particles",
    "trails",
    "contours",
    "fields",
    "images",
    "lines",
    "readout",
    "handle",
    "layers",
    "clock",
    "icons",
    "controls",
    "keys",
    "words",
    "view",
    "preview",
    "zoom",
    "pane",
    "place",
    "report",
    "player",
)


@cache
def script(without: str = "") -> str:
    """The player's modules as one.

    without: a module that is left out, for another to stand in its place.
    """
    return joined(HERE / "js", [name for name in MODULES if name != without])


def loader() -> str:
    """The module that Streamlit sends along: it fetches `script` once and hands on to it."""
    source = script().encode()
    name = f"player-{hashlib.blake2b(source, digest_size=8).hexdigest()}.js.gz"
    _LAID[name] = lambda: gzip.compress(source, 6, mtime=0)
    served = json.dumps({"path": _declared(name), "base": base()})
    text = joined(HERE, ["js/served", "js/header", "loader"])
    return f"const SERVED = {served};\n{text}"


@cache
def style() -> str:
    return (HERE / "player.css").read_text(encoding="utf-8")


def base() -> str:
    """The path under which the app lives, as the server is told; empty for the root."""
    return str(st.get_option("server.baseUrlPath") or "")


def plotly_path() -> str:
    """The path of the compressed plotly.js, relative to the app's root."""
    name = f"plotly-cartesian-{plotlyjs.VERSION}.js.gz"
    _LAID.setdefault(name, plotlyjs.packed)
    return _declared(name)


_LAID: dict[str, Callable[[], bytes]] = {}
"""What lies in the folder: names, and what gives their content."""


def _lay() -> None:
    """Lay there what is missing: a system may clear its temporary files of what is seldom read."""
    folder = _folder()
    for name, content in list(_LAID.items()):
        if not (folder / name).exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            partial = folder / f".{name}.{threading.get_ident()}"
            partial.write_bytes(content())
            partial.replace(folder / name)  # whole or not at all, whoever else lays it


@cache
def _folder() -> Path:
    """A folder for what browsers fetch, gone with the server."""
    folder = Path(tempfile.mkdtemp(prefix="explorer-player-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _declared(name: str) -> str:
    """The path of a file in the folder, relative to the app's root.

    The folder is declared at each run, as cheap as a look-up, since every Streamlit runtime (a
    test starts several) keeps a register of its own.
    """
    _lay()
    component = st.components.v1.declare_component("served", path=_folder())
    return f"component/{component.name}/{name}"
