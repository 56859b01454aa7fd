"""A lecturer walks through a story with the keys of a clicker, strays from it, and writes one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from conftest import settle, turn_to

from explorer.stories.story import Link
from explorer.stories.template import TEMPLATE
from explorer.ui import stories

pytestmark = pytest.mark.browser


def arrive(page: Any, place: str) -> None:
    page.locator(f'.dxs[data-place="{place}"]').wait_for()
    settle(page)


def test_a_walk_with_keys(server, open_page):
    page, watched = open_page(server, "/stories")
    page.locator(".dxs-card", has_text="Score and reversal").click()
    arrive(page, "score 1 None")
    assert page.locator(".dxs-choice").count() == 3
    page.locator('.dxp[data-ready="1"]').wait_for()
    bar, picture = page.locator(".st-key-story"), page.locator(".dxp")
    assert bar.bounding_box()["y"] + bar.bounding_box()["height"] <= picture.bounding_box()["y"]

    page.keyboard.press("1")  # a wrong answer
    arrive(page, "score 1 1")
    assert "Not this time: it is B" in page.locator(".st-key-story-words").inner_text()
    assert page.locator(".dxs-wrong").inner_text().startswith("A")
    page.keyboard.press("PageDown")
    arrive(page, "score 2 None")
    page.keyboard.press("ArrowRight")  # shows the answer, and its picture with it
    arrive(page, "score 2 0")
    assert "ve.lam=1&" in page.url
    slider = page.get_by_role("slider", name="λ")
    assert slider.get_attribute("aria-valuetext") == "1"

    slider.focus()  # keys are the slider's now
    slider.press("ArrowRight")
    page.wait_for_url("**ve.lam=1.5*")
    settle(page)
    assert page.locator('.dxs[data-place="score 2 0"]').count() == 1
    slider.press("PageUp")  # but for those of a clicker, which is in the other hand
    arrive(page, "score 1 None")
    assert slider.get_attribute("aria-valuetext") == "10"

    page.locator(".dxp-scrubber").focus()
    page.keyboard.press("PageDown")
    arrive(page, "score 1 0")
    turn_to(page, "Noise schedules")
    page.locator(".dxs-return").click()
    arrive(page, "score 1 0")
    assert "/forward_diffusion" in page.url
    page.get_by_label("End the story").click()
    page.locator(".st-key-story").wait_for(state="detached")
    assert "story" not in page.url
    assert watched.problems() == []


def at_place(page: Any, name: str, number: int, answer: int | None, link: Link) -> None:
    """The bar is there and the page is set as the step wants it."""
    arrive(page, f"{name} {number} {answer}")
    page.wait_for_function("path => location.pathname === path", arg=link.page)
    wanted = [(key, value) for key, value in link.values if "." in key]  # no page's own defaults
    assert set(parse_qsl(urlsplit(page.url).query)) >= set(wanted), (number, page.url)
    inside = "e => e.scrollHeight <= e.clientHeight && e.lastElementChild.scrollHeight"
    assert page.locator(".st-key-story").evaluate(inside), f"words of step {number} are cut off"


def test_a_whole_story_there_and_back_by_arrows_alone(server, open_page):
    """Every question comes before its answer, and each step finds its numbers as the link has them,
    also where the page before had the same sliders."""
    name = "scratch"
    story = stories.bundled()[name]
    page, watched = open_page(server, "/stories")
    card = page.locator(".dxs-card", has_text=story.title)
    card.focus()
    page.keyboard.press("Enter")
    for number, step in enumerate(story.steps, start=1):
        at_place(page, name, number, None, step.before)
        if step.question:
            assert step.question.text[:20] in page.locator(".st-key-story-words").inner_text()
            assert page.locator(".dxs-right").count() == 0
            page.keyboard.press("ArrowRight")
            at_place(page, name, number, 0, step.after)
            assert page.locator(".dxs-right").inner_text()[0] == "ABC"[step.question.right - 1]
        page.keyboard.press("ArrowRight")
    card.wait_for()  # the end is where one began
    page.go_back()
    for number, step in reversed(list(enumerate(story.steps, start=1))):
        at_place(page, name, number, None, step.before)
        page.keyboard.press("ArrowLeft")
    assert watched.problems() == []
    assert "Traceback" not in server.log()


def test_a_story_of_ones_own_is_checked_and_runs(server, open_page):
    page, watched = open_page(server, "/stories")
    give = page.locator('input[type="file"]')

    def upload(text: str) -> None:
        file = {"name": "mine.md", "mimeType": "text/markdown", "buffer": text.encode()}
        give.set_input_files(file)

    upload(TEMPLATE.replace("/reverse_race", "/reverse_rice"))
    page.get_by_text(
        "page '/reverse_rice' is unknown; did you mean '/reverse_race'?"
    ).first.wait_for()
    upload(TEMPLATE)
    page.locator(".dxs-card", has_text="A story of your own").click()
    arrive(page, "own 1 None")
    assert "/reverse_race" in page.url
    assert watched.problems() == []
    assert "Traceback" not in server.log()


@pytest.mark.parametrize(("path", "step"), [("image_forward", 1), ("image_race", 6)])
def test_on_a_projector_the_picture_and_its_bar_are_on_the_screen(server, open_page, path, step):
    link = f"/{path}?story=images&step={step}&projector=1"
    page, watched = open_page(server, link, width=1920, height=1080)
    arrive(page, f"images {step} None")
    page.locator(".dxp[data-ready]").wait_for()
    bar = page.locator(".dxp-bar").bounding_box()
    assert bar["y"] + bar["height"] <= 1080
    assert watched.problems() == []


def test_a_sheet_with_the_code_holds_the_story_and_closes_by_its_button(server, open_page):
    page, watched = open_page(server, "/stories")
    page.locator(".dxs-card", has_text="Score and reversal").click()
    arrive(page, "score 1 None")
    page.get_by_role("button", name="QR code").click()
    sheet = page.get_by_role("dialog", name="QR code of this page's link")
    sheet.wait_for()
    page.keyboard.press("PageDown")
    page.keyboard.press("1")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.dxh-link'))")
    sheet.get_by_role("button", name="Close").press("Enter")
    sheet.wait_for(state="detached")
    settle(page)
    assert page.locator('.dxs[data-place="score 1 None"]').count() == 1
    assert watched.problems() == []
