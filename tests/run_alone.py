"""Runs a page's script where this package is not, as whoever downloaded it would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_NEXT = "─── next"
_DRIVER = f"""
import runpy, sys
for file in sys.argv[1:]:
    sys.argv[1:] = []
    runpy.run_path(file, run_name="__main__")
    print("{_NEXT}")
"""


def said(script: str, folder: Path, *arguments: str) -> list[str]:
    """The lines that the script prints, run isolated from this folder and from PYTHONPATH."""
    return _run([str(_file(script, folder, "script.py")), *arguments], folder)


def said_each(scripts: Sequence[str], folder: Path) -> list[list[str]]:
    """The lines of each of several scripts, one after the other in one process, to save time."""
    files = [str(_file(script, folder, f"script{i}.py")) for i, script in enumerate(scripts)]
    driver = folder / "driver.py"
    driver.write_text(_DRIVER, encoding="utf-8")
    lines = "\n".join(_run([str(driver), *files], folder))
    return [part.strip("\n").split("\n") for part in lines.split(_NEXT)[:-1]]


def figures(line: str) -> dict[str, str]:
    """`name=value` pairs of a line; of a name that occurs again, the last."""
    return dict(re.findall(r"(\w+)=(\S+)", line))


def _file(script: str, folder: Path, name: str) -> Path:
    assert not re.search(r"^\s*(from|import) explorer", script, re.MULTILINE)
    file = folder / name
    file.write_text(script, encoding="utf-8")
    return file


def _run(command: Sequence[str], folder: Path) -> list[str]:
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", *command],
        cwd=folder,
        env=bare,
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
