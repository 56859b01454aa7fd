"""The bar of a story, above the picture of whichever page is open, and the cards of all stories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from explorer.stories import pointers
from explorer.stories.story import Story
from explorer.ui import stories
from explorer.ui.stories import LIST, Place

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "explorer_story",
    js=(_HERE / "story_bar.js").read_text(encoding="utf-8"),
    css=(_HERE / "story_bar.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)
_LETTERS = "ABCDE"
_LIST_PATH = f"/{LIST.removeprefix('pages/').removesuffix('.py')}"


def bar(place: Place, page: str) -> None:
    """Draw the step at `place` over `page`, the path of the page that is open.

    The text is Markdown, for its equations; all else is one element.
    """
    with st.container(key="story"):
        words, panel = st.columns([0.6, 0.4], gap="medium")
        with words.container(key="story-words"):
            st.markdown(_words(place))
        with panel:
            _draw("bar", "story-bar", **_said(place, page))


def cards(found: Mapping[str, Story]) -> None:
    """A card for each story, by name; it opens the story's first step."""
    told = [
        {
            "title": story.title,
            "subject": story.subject,
            "facts": f"{len(story.steps)} steps · {story.questions} questions · "
            f"about {story.minutes} minutes" + (f" · {story.author}" if story.author else ""),
            "link": stories.address(name, story.steps[0], 1),
        }
        for name, story in found.items()
    ]
    _draw("cards", f"story-cards-{'-'.join(found)}", cards=told)


def _draw(kind: str, key: str, **said: Any) -> None:
    # as bytes: for anything else Streamlit imports pandas, to ask whether it is a table
    _mount(key=key, data=json.dumps({"kind": kind, **said}).encode())


def _words(place: Place) -> str:
    """What is read: the step's text and question or, once answered, what came of it."""
    step, question = place.step, place.step.question
    parts = [f"**{step.title}**"]
    if question is None or place.answer is None:
        parts.append(step.text)
    if question is not None:
        if place.answer is not None:
            parts.append(f"{_verdict(place.answer, question.right)} {question.reveal}")
        else:
            parts.append(f":material/help: **{question.text}**")
    if step.look and (question is None or place.answer is not None):
        parts.append(f":material/visibility: {step.look}")
    return "\n\n".join(parts)


def _verdict(answer: int, right: int) -> str:
    letter = _LETTERS[right - 1]
    if answer == right:
        return f":green[**Right, {letter}.**]"
    return f"**It is {letter}.**" if answer == 0 else f":orange[**Not this time: it is {letter}.**]"


def _said(place: Place, page: str) -> dict[str, Any]:
    """What the panel shows: where one is, where one can go, the choices, the code."""
    name, story, step, number = place.name, place.story, place.step, place.number
    question = step.question
    pending = question is not None and place.answer is None
    steps = [stories.address(name, each, k) for k, each in enumerate(story.steps, start=1)]
    shown = stories.address(name, step, number, 0)
    onward = shown if pending else steps[number] if number < len(steps) else ""
    said: dict[str, Any] = {
        "title": story.title,
        "number": number,
        "steps": [
            {"title": each.title, "link": link}
            for each, link in zip(story.steps, steps, strict=True)
        ],
        "back": steps[number - 2] if number > 1 else "",
        "next": onward or stories.base() + _LIST_PATH,
        "onward": "Show" if pending else "Next" if onward else "The end",
        "code": {"name": step.code, "source": pointers.source(step.code)} if step.code else None,
        "again": stories.address(name, step, number, place.answer),
        "away": place.link.page != page,
        "place": f"{name} {number} {place.answer}",
        "take": f"{place.link.page}?{urlencode(place.link.values)}",
    }
    if question is not None:
        said["choices"] = list(question.choices)
        said["answer"] = place.answer
        said["right"] = 0 if pending else question.right  # not to be read from the page's source
        # with no link of its own the answer leaves the picture as the reader has set it
        stays = step.after == step.before and not said["away"]
        said["answers"] = [
            "" if stays else stories.address(name, step, number, k)
            for k in range(len(question.choices) + 1)
        ]
        if pending and stays:
            said["next"] = ""
    return said
