"""The code view opens on every page, and costs one button until it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.training.presets import DEFAULT
from explorer.training.runs import Run
from explorer.training.spec import to_json
from explorer.training.train import train
from explorer.ui.menu import HOME, MENU, Page
from explorer.ui.shelf import store

COMPUTE_NOTHING = ("Home", "Stories", "Glossary")
PAGES = [page for page in MENU if page.title not in COMPUTE_NOTHING]


def opened(page: Page, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page(page.file)
    at.query_params.update(query)
    return at.run()


def shown(at: AppTest) -> str:
    (code,) = at.get("code")
    return str(code.value)


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    store.clear()
    yield
    store.clear()


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


def test_my_runs_shows_the_newest_run_at_work() -> None:
    spec = replace(DEFAULT, config=replace(DEFAULT.config, steps=5), seed=77)
    *_, state = train(spec, device="cpu")
    card = store().save(Run("Mine", to_json(spec), state.weights(), {}, {}), "abcd1234")
    at = opened(next(page for page in PAGES if page.title == "My runs"), shelf="abcd1234")
    at.button(key="_code").click().run()
    assert not at.exception
    assert f'weights = "{card.id}.safetensors"' in shown(at)
    assert "seed=77" in shown(at)
    saved = [button.key for button in at.get("download_button")]
    assert f"_code_file_{card.id}.safetensors" in saved
