"""A student opens the code behind a page, copies what it computes, and takes the script home."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


def test_open_copy_and_download(server, open_page, tmp_path: Path):
    page, watched = open_page(server, "/forward_diffusion?dim=2&n=350&seed=11")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert page.get_by_role("dialog").count() == 0
    page.get_by_role("button", name="Show me the code").click()
    dialog = page.get_by_role("dialog")
    block = dialog.get_by_test_id("stCode")
    block.get_by_text("particles = 350").wait_for()
    assert "seed = 11" in block.inner_text()

    block.hover()
    dialog.get_by_role("button", name="Copy to clipboard").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "particles = 350" in copied
    ast.parse(copied)

    with page.expect_download() as arriving:
        dialog.get_by_role("button", name="Download").click()
    assert arriving.value.suggested_filename == "forward_diffusion.py"
    file = tmp_path / "script.py"
    arriving.value.save_as(file)
    script = file.read_text(encoding="utf-8")
    assert script.rstrip("\n").endswith(copied.rstrip("\n"))
    assert not re.search(r"^\s*(from|import) explorer", script, re.MULTILINE)
    ast.parse(script)

    dialog.get_by_role("radio", name="Functions").click()
    block.get_by_text("def forward").wait_for()
    dialog.get_by_role("radio", name="Equation").click()
    dialog.locator(".katex").first.wait_for()

    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert not watched.problems()


def test_a_closed_code_view_stays_closed(server, open_page):
    """Neither a change of a control nor another page opens it again."""
    page, _ = open_page(server, "/score_field")
    page.get_by_role("button", name="Show me the code").click()
    page.get_by_role("dialog").get_by_test_id("stCode").wait_for()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("Split by mode").click()
    page.get_by_text("On a grid").wait_for()
    page.wait_for_timeout(1000)
    assert page.get_by_role("dialog").count() == 0
