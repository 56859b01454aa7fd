"""What the browser needs to run the player: its script, its style, and plotly.js.

plotly.js comes from the installed Python package. It is compressed once per server and served as a
static file of 1.5 MB, so that a hall of browsers does not cost the server a compression each.
"""

from __future__ import annotations

import atexit
import gzip
import shutil
import tempfile
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from plotly.offline import get_plotlyjs_version

HERE = Path(__file__).parent
# In this order each file finds what it imports above it.
MODULES = (
    "decode",
    "frames",
    "text",
    "theme",
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
    """The player's modules as one: Streamlit takes a single module per component.

    without: a module that is left out, for another to stand in its place.
    """
    names = (name for name in MODULES if name != without)
    return "\n".join(_inlined(HERE / "js" / f"{name}.js") for name in names)


def _inlined(path: Path) -> str:
    """A module's text without its (one-line, relative) imports, its exports as plain names."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = (line for line in lines if not line.startswith("import "))
    return "\n".join(line if "default" in line else line.removeprefix("export ") for line in kept)


@cache
def style() -> str:
    return (HERE / "player.css").read_text(encoding="utf-8")


@cache
def _plotly_folder() -> tuple[Path, str]:
    """A folder with the compressed plotly.js, made once per server, and the file's name."""
    folder = Path(tempfile.mkdtemp(prefix="explorer-player-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"plotly-{get_plotlyjs_version()}.js.gz"
    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    (folder / name).write_bytes(gzip.compress(source.read_bytes(), 6, mtime=0))
    return folder, name


def plotly_path() -> str:
    """The path of the compressed plotly.js, relative to the app's root.

    The folder is declared at each run, as cheap as a look-up, since every Streamlit runtime (a
    test starts several) keeps a register of its own.
    """
    folder, name = _plotly_folder()
    component = st.components.v1.declare_component("plotlyjs", path=folder)
    return f"component/{component.name}/{name}"
