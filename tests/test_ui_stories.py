"""Every step of every bundled story opens its page as it wants it, and the bar keeps its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.stories.story import Link, Story
from explorer.ui import stories
from explorer.ui.menu import MENU
from tests.test_ui_links import held, notes, opened

OF_A_PLAYER = re.compile(r"\w+\.(at|speed|loop|trails|zoom\d+)")


FEWER = {
    "/differentiable_sampler": {"iters": "5"},
    "/latent_diffusion": {"n": "100"},
    "/reverse_race": {"n": "100"},
    "/seed_space": {"steps": "10"},
}
"""So that a page is drawn sooner; no step sets these."""


def said(at: AppTest) -> dict[str, Any]:
    """What the bar's panel was told."""
    kinds = [json.loads(each.proto.bytes) for each in at.get("bidi_component") if is_told(each)]
    return next(told for told in kinds if told["kind"] == "bar")


def is_told(element: Any) -> bool:
    return element.proto.bytes.startswith(b'{"kind": "bar"')


def at_link(link: Link, **place: str) -> AppTest:
    page = next(page for page in MENU if page.path == link.page)
    return opened(page, FEWER.get(link.page, {}) | dict(link.values) | place)


def test_the_bundled_stories_are_stories():
    assert len(stories.bundled()) >= 5
    for name, story in stories.bundled().items():
        assert isinstance(story, Story), f"{name}: {story}"
        assert 6 <= len(story.steps) <= 10
        assert story.questions >= 5
        rights = {step.question.right for step in story.steps if step.question}
        assert len(rights) > 1, "the right answer does not always stand in one place"


@pytest.mark.parametrize("name", list(stories.bundled()))
def test_every_step_sets_its_page_as_its_link_says_in_the_session_of_the_step_before(name: str):
    story = stories.known()[name]
    seen: set[Link] = set()
    at = at_link(Link("/score_field"))
    for number, step in enumerate(story.steps, start=1):
        for link, answer in ((step.before, {}), (step.after, {"answer": "0"})):
            if link in seen:
                continue
            seen.add(link)
            file = next(page.file for page in MENU if page.path == link.page)
            at.query_params.clear()
            wanted = dict(link.values)
            place = {"story": name, "step": str(number), **answer}
            at.query_params.update(FEWER.get(link.page, {}) | wanted | place)
            at.switch_page(file).run()
            assert not at.exception, (number, link)
            assert notes(at) == [], (number, link)
            found = {key: str(value) for key, value in held(at).items() if key in wanted}
            unlike = {key for key, value in wanted.items() if not alike(value, found.get(key))}
            assert all(OF_A_PLAYER.fullmatch(key) for key in unlike), (number, link, found)
            assert said(at)["number"] == number
            assert any(step.title in text.value for text in at.markdown)


def alike(given: str, found: str | None) -> bool:
    """Whether a control holds what the link gives it: "10" as 10.0, a switch by its text."""
    try:
        return found is not None and (given == found or float(given) == float(found))
    except ValueError:
        return False


def test_a_place_that_there_is_not_is_noted_and_the_nearest_taken():
    at = at_link(Link("/score_field"), story="score", step="99", answer="x")
    assert not at.exception
    assert said(at)["number"] == 1
    found = " ".join(notes(at))
    assert "step=99 in the link is not usable; 1 is used. Give a whole number from 1 to 8." in found
    assert "answer=x in the link is not usable" in found
    at = at_link(Link("/score_field"), story="<b>no</b>")
    assert not at.exception
    assert notes(at)[0].startswith("story=<b>no</b> in the link is not usable; no story is used.")
    assert not any(is_told(each) for each in at.get("bidi_component"))


def test_a_step_leaves_nothing_of_what_was_set_before_and_a_story_goes_along():
    at = at_link(Link("/score_field", (("dist2", "ring"), ("ring.modes", "5"))))
    at.session_state["dist2"] = "moons"
    at.query_params.clear()
    at.query_params.update({"story": "score", "step": "4", "proc": "ve"})
    at.run()
    assert (held(at)["dist2"], held(at)["proc"]) == ("tutorial", "ve")
    assert not said(at)["away"]
    at.query_params.clear()
    at.switch_page("pages/noise_schedules.py").run()
    assert said(at)["away"]
    assert "score" in at.query_params["story"]
    at.query_params.clear()
    at.run()
    assert not any(is_told(each) for each in at.get("bidi_component")), "ended where it is closed"
