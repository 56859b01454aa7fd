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
from explorer.ui.link_names import nearest
from explorer.ui.menu import HOME, MENU, Page
from tests.unusable import UNUSABLE

FREE_TEXT = {"find"}
"""Controls that can use whatever stands in the link."""

TURNS = 4
"""How many unusable values each control of each page is opened with."""

CONTROLS = (
    *("slider", "select_slider", "selectbox", "multiselect", "button_group", "toggle", "checkbox"),
    *("number_input", "text_input", "text_area", "radio", "file_uploader"),
)

DISTRIBUTIONS, THIRDS = "_dist2", 3

COSTLY = {"n", "steps", "iters", "starts", "unrolled", "evaluations", "chains", "draw", "rows"}
"""Sliders that only say how much is computed."""

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


def choices(page: Page, at: AppTest) -> dict[str, list[str]]:
    """The options of each choice on the page that are tried there.

    Of choices that offer the same, but for one more, the first; of the distributions, which six
    pages offer, every third here and the next ones on the next page.
    """
    found: dict[str, list[str]] = {}
    for box in at.selectbox:
        offered = set(box.options)
        if (box.key or "").startswith("_") and not any(
            len(offered - set(labels)) <= 1 < len(labels) for labels in found.values()
        ):
            found[box.key] = list(box.options)
    if DISTRIBUTIONS in found:
        found[DISTRIBUTIONS] = found[DISTRIBUTIONS][MENU.index(page) % THIRDS :: THIRDS]
    return found


def test_all_thirds_of_the_distributions_are_tried():
    offering = {MENU.index(page) for page in MENU if DISTRIBUTIONS[1:] in usually_held(page.file)}
    assert {place % THIRDS for place in offering} == set(range(THIRDS))


def unexplained(at: AppTest) -> list[str]:
    """The labels of controls that say nothing when asked; those whose label is hidden aside."""
    found = [element.proto for kind in CONTROLS for element in at.get(kind)]
    return [one.label for one in found if not one.help and not one.label_visibility.value]


@pages
@pytest.mark.parametrize("turn", range(TURNS))
def test_an_unusable_link_gives_the_defaults_and_says_so(page: Page, turn: int):
    """Each control of a page gets another value, and other ones on the next page."""
    usual = usually_held(page.file)
    first = TURNS * MENU.index(page) + turn
    values = list(UNUSABLE.values())
    query = {key: values[(first + i) % len(values)] for i, key in enumerate(usual)}
    at = opened(page, query)
    assert not at.exception
    now = held(at)
    for key, default in usual.items():
        if key in FREE_TEXT:
            continue
        said = any(note.startswith(f"{key}=") for note in notes(at))
        assert said, f"no note on {key}={query[key]!r}"
        # a text that a choice holds stays in the link; numbers fall back at once
        assert isinstance(default, str) or now[key] == default


@pages
def test_every_option_of_every_choice_opens_and_bears_an_unusable_link(page: Page):
    little = {s.key: f"{s.min:g}" for s in opened(page).slider if s.key in COSTLY}
    at = opened(page, little)
    assert unexplained(at) == []
    for widget, labels in choices(page, at).items():
        usual = at.selectbox(key=widget).value
        for option in labels:
            at.selectbox(key=widget).select(option).run()
            assert not at.exception, option
            assert unexplained(at) == [], option
            shown = held(at)
            numbers = {key for key, value in shown.items() if not isinstance(value, str)}
            unusable = dict.fromkeys(numbers - little.keys(), "nan")
            again = opened(page, {widget[1:]: shown[widget[1:]], **unusable, **little})
            assert not again.exception, option
            drawn = held(again)  # without what a control before this choice had brought along
            for key in numbers & drawn.keys():
                assert drawn[key] == shown[key]
        at.selectbox(key=widget).select(usual).run()  # an option may hide the next choice


@pages
def test_a_link_restores_what_it_was_taken_from(page: Page):
    at = opened(page)
    assert dict(at.query_params) == {}, "defaults stay out of the link"
    assert [key for key in held(at) if nearest(key) is not None] == [], "stories may name them"
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


@pytest.mark.parametrize(
    ("query", "unfolded"),
    [({}, []), ({"target": "eps"}, ["Objective"]), ({"ema": "200.0"}, ["Data and optimiser"])],
)
def test_what_a_link_is_about_is_not_folded_away(query: dict[str, str], unfolded: list[str]):
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page("pages/train.py")
    at.query_params.update(query)
    at.run()
    assert not at.exception
    assert [part.label for part in at.expander if part.proto.expanded] == unfolded
    at.run()  # whatever has become of a default since
    assert [part.label for part in at.expander if part.proto.expanded] == unfolded
