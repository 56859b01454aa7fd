"""The code view opens on every page, and costs one button until it does."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.ui.menu import HOME, MENU, Page

PAGES = [page for page in MENU if page.file != HOME]


def opened(page: Page, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page(page.file)
    at.query_params.update(query)
    return at.run()


def shown(at: AppTest) -> str:
    (code,) = at.get("code")
    return str(code.value)


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_the_code_view_opens(page: Page) -> None:
    at = opened(page)
    assert not at.exception
    assert not at.get("code")
    assert not at.get("dialog")
    if page.title == "My runs":  # nothing was trained yet
        assert not [button for button in at.button if button.key == "_code"]
        return
    at.button(key="_code").click().run()
    assert not at.exception
    short = shown(at)
    at.toggle(key="_code_whole").set_value(True).run()
    script = shown(at)
    ast.parse(script)
    assert "import explorer" not in script
    assert "from explorer" not in script
    assert script.endswith(f"\n\n{short}")
    assert len(short) < 0.3 * len(script)

    at.segmented_control(key="_code_part").set_value("functions").run()
    assert not at.exception
    assert shown(at).startswith("# explorer/")
    names = at.segmented_control(key="_code_function").options
    at.segmented_control(key="_code_function").set_value(names[-1]).run()
    assert names[-1].rpartition(".")[2] in shown(at)

    before = len(at.latex)
    at.segmented_control(key="_code_part").set_value("equation").run()
    assert len(at.latex) > before
