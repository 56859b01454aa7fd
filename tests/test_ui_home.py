"""The home page comes before anything heavy, and its pictures are real."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks.serving import ROOT
from explorer.ui import thumbnails
from explorer.ui.menu import MENU

HEAVY = ("torch", "scipy", "sklearn", "pandas")


def test_the_first_page_imports_nothing_heavy():
    code = (
        "import sys, explorer.ui.frame, explorer.ui.thumbnails, explorer.ui.warmup;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", thumbnails.DRAWINGS)
def test_a_thumbnail_is_a_well_formed_drawing_without_script(name: str):
    root = ElementTree.fromstring(thumbnails.svg(name))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "polyline", "circle", "path"}
    assert len(root) > 5


def test_every_page_has_its_file_and_its_thumbnail():
    for page in MENU:
        assert (ROOT / page.file).is_file()
        without = page.file in ("home.py", "pages/my_runs.py")  # neither has a view to open
        assert without or page.thumbnail in thumbnails.DRAWINGS
