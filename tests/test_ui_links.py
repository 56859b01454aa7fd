"""Whatever a link holds, a page opens: unusable values give the default and a note, never an error.

The link parameters are found on the pages themselves, by the keys of the controls they draw, so a
new page or control is covered as soon as it is in the menu.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.ui.menu import HOME, MENU, Page

UNUSABLE: dict[str, Any] = {
    "a word": "abc",
    "nothing": "",
    "NaN": "nan",
    "infinity": "inf",
    "minus infinity": "-inf",
    "overflow": "1e999",
    "too low": "-1e9",
    "too high": "1e9",
    "long": "9" * 5000,
    "unicode": "☃\u202e🌀\x00",
    "markup": "<script>alert(1)</script>",
    "markdown": "**b** $x$ :red[x] `c` [l](http://127.0.0.1)",
    "list": "[1, 2]",
    "hexadecimal": "0x1f",
    "repeated": ["abc", "def"],
}

pages = pytest.mark.parametrize("page", MENU, ids=lambda page: page.title)


def opened(page: Page, query: dict[str, Any] | None = None) -> AppTest:
    """The page as opened by a link."""
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    if page.file != HOME:
        at.switch_page(page.file)
    at.query_params.update(query or {})
    return at.run()


def held(at: AppTest) -> dict[str, Any]:
    """Link parameter → value, for every control on the page that has a place in the link."""
    return {key: at.session_state[key] for key in at.session_state["_defaults"]}


@cache
def usually_held(file: str) -> dict[str, Any]:
    """What a page's controls hold when it is opened without parameters."""
    return held(opened(next(page for page in MENU if page.file == file)))


def notes(at: AppTest) -> list[str]:
    return [text.value for text in at.text if "in the link is not usable" in text.value]


def branches(at: AppTest) -> list[dict[str, str]]:
    """One query per option of every choice, so that the controls of each option are drawn."""
    queries: list[dict[str, str]] = [{}]
    for key in [box.key for box in at.selectbox if box.key and box.key.startswith("_")]:
        box = at.selectbox(key=key)
        usual = box.options[box.index or 0]
        for label in box.options:  # each from the page as it stands: an option may hide controls
            at.selectbox(key=key).select(label).run()
            queries.append({key[1:]: held(at)[key[1:]]})
        at.selectbox(key=key).select(usual).run()
    return queries


@pages
@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_link_gives_the_defaults_and_says_so(page: Page, value: Any):
    usual = usually_held(page.file)
    at = opened(page, dict.fromkeys(usual, value))
    assert not at.exception
    now = held(at)
    for key, default in usual.items():
        said = any(note.startswith(f"{key}=") for note in notes(at))
        assert said, f"no note on {key}"
        # a text that a choice holds stays in the link; numbers fall back at once
        assert isinstance(default, str) or now[key] == default


@pages
def test_every_option_of_every_choice_opens_and_bears_an_unusable_link(page: Page):
    for query in branches(opened(page)):
        usual = held(opened(page, query))
        numbers = {key: "nan" for key, value in usual.items() if not isinstance(value, str)}
        at = opened(page, {**query, **numbers})
        assert not at.exception, query
        assert {key: held(at)[key] for key in numbers} == {key: usual[key] for key in numbers}


@pages
def test_a_link_restores_what_it_was_taken_from(page: Page):
    at = opened(page)
    assert dict(at.query_params) == {}, "defaults stay out of the link"
    query = {}
    for slider in at.slider:
        query[slider.key] = f"{min(slider.value + slider.step, slider.max):.6g}"
    again = opened(page, query)
    assert not again.exception
    assert notes(again) == []
    shown = held(again)
    assert {key: float(shown[key]) for key in query} == {k: float(v) for k, v in query.items()}


@pages
def test_an_unknown_parameter_is_passed_over(page: Page):
    assert not opened(page, {"no-such-thing": "1", "": "2", "__proto__": "3"}).exception


@pages
def test_the_card_of_the_home_page_names_usable_parameters(page: Page):
    at = opened(page, dict(page.preset))
    assert not at.exception
    assert notes(at) == []
    assert set(page.preset) <= set(held(at))
