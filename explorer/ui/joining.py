"""A component's JavaScript in one piece: Streamlit takes a single module for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def joined(folder: Path, names: Sequence[str]) -> str:
    """The modules `names` of `folder` as one, without (one-line, relative) imports, exports plain.

    In this order each finds what it imports above it; a default export stays one.
    """
    texts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in names]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("import ")]
    return "\n".join(
        line if line.startswith("export default") else line.removeprefix("export ")
        for line in lines
    )
