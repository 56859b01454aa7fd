"""Which story a session is in, and at which step: in the link, like everything on a page.

`?story=score&step=3&answer=2` stands beside the controls' own parameters. Moving on is opening the
link of another step, which sets the page and all its controls at once; so the browser's own back
button works, and a link that was copied opens the story where it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from explorer.stories.reading import read
from explorer.stories.story import Link, Step, Story, StoryError
from explorer.ui import links
from explorer.ui.menu import HOME, MENU

FOLDER = Path(__file__).parents[2] / "stories"
LIST = "pages/stories.py"
"""The page that lists the stories; to open it ends the one that is on."""
OWN = "own"
"""The name under which a story that was uploaded runs, in its own session."""
PAGES = tuple(page.path for page in MENU if page.file not in (HOME, LIST))
"""The pages that a step may show."""

_OWN = "_own_story"
_AT = "_story_at"  # name, step and answer as the link last gave them
_PAGE = "_story_page"

At = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """A step of a story. number: from 1.  answer: a choice from 1, 0 for shown, None for open."""

    name: str
    story: Story
    number: int
    answer: int | None

    @property
    def step(self) -> Step:
        return self.story.steps[self.number - 1]

    @property
    def link(self) -> Link:
        """What is shown at this place."""
        return self.step.before if self.answer is None else self.step.after


@cache
def bundled() -> dict[str, Story | StoryError]:
    """The stories of the folder by name, in the order of their files `1_name.md`.

    A file that is no story gives its error: it is shown where the story would be.
    """
    found: dict[str, Story | StoryError] = {}
    for file in sorted(FOLDER.glob("*.md")):
        try:
            story: Story | StoryError = read(file.read_bytes(), PAGES)
        except StoryError as problem:
            story = problem
        found[re.sub(r"^\d+_", "", file.stem)] = story
    return found


def take_own(story: Story | None) -> None:
    """Let an uploaded story run in this session, in place of an earlier one; None takes it away."""
    st.session_state[_OWN] = story


def known() -> dict[str, Story]:
    """The stories that this session can run."""
    usable = {name: story for name, story in bundled().items() if isinstance(story, Story)}
    own = st.session_state.get(_OWN)
    return usable | ({OWN: own} if own is not None else {})


def enter(page: str) -> Place | None:
    """Where the session is in a story; call it first in a run of `page`, a path of the menu.

    A story goes along to a page that is opened without it. Where the link names another place
    than before, the session forgets what its controls were set to.
    """
    if page not in PAGES:
        if page != "/":
            st.session_state[_AT] = None
        return None
    at = _in_link()
    if at is None and st.session_state.get(_PAGE) != page:
        at = st.session_state.get(_AT)
        if at is not None:
            st.query_params.update({k: v for k, v in zip(_KEYS, at, strict=True) if v})
    st.session_state[_PAGE] = page
    place = _place(at) if at else None
    if place and at != st.session_state.get(_AT):
        links.forget()
    st.session_state[_AT] = at if place else None
    return place


_KEYS = ("story", "step", "answer")


def _in_link() -> At | None:
    name, step, answer = ((links.from_link(key) or [""])[-1] for key in _KEYS)
    return (name, step, answer) if name else None


def _place(at: At) -> Place | None:
    """The place that a link names; what it cannot be is noted, and the nearest taken."""
    name, step, answer = at
    story = known().get(name)
    if story is None:
        ways = f"Give one of {', '.join(known())}."
        if name == OWN:
            ways = "A story of one's own runs where it was uploaded; upload it on the page Stories."
        links.note("story", links.refuse("story", [name], "no story", ways), name)
        return None
    number = _number("step", step or "1", 1, len(story.steps), 1)
    question = story.steps[number - 1].question
    chosen = None
    if answer and question is not None:
        chosen = _number("answer", answer, 0, len(question.choices), 0)
    return Place(name, story, number, chosen)


def _number(key: str, text: str, low: int, high: int, otherwise: int) -> int:
    if text.isascii() and text.isdigit() and low <= int(text[:4]) <= high:
        return int(text[:4])
    way_out = f"Give a whole number from {low} to {high}."
    links.note(key, links.refuse(key, [text], str(otherwise), way_out), text)
    return otherwise


def running() -> bool:
    """Whether a story's panel stands over the picture, which then has less room."""
    return st.session_state.get(_AT) is not None


def show_notes() -> None:
    """Say at the page's head what a link to a story could not be."""
    for key in _KEYS:
        links.show_note(key, (links.from_link(key) or [""])[-1])


def address(name: str, step: Step, number: int, answer: int | None = None) -> str:
    """The link of a step, before its question or, with an `answer`, after it."""
    link = step.before if answer is None else step.after
    values = [*link.values, ("story", name), ("step", str(number))]
    if answer is not None:
        values.append(("answer", str(answer)))
    if links.held("projector", "0") == "1":
        values.append(("projector", "1"))
    return f"{base()}{link.page}?{urlencode(values)}"


def base() -> str:
    """What goes before every path of the server: nothing, or `/folder`."""
    folder = st.get_option("server.baseUrlPath").strip("/")
    return f"/{folder}" if folder else ""
