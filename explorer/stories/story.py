"""A guided lecture as data: its steps, each a text over a page as a link sets it."""

from __future__ import annotations

from dataclasses import dataclass

OF_THE_STORY = ("story", "step", "answer", "projector")
"""Link parameters that say where a reader is, not what a page shows."""


@dataclass(frozen=True)
class Link:
    """A page and what its controls are set to; those not named have their defaults.

    page: its path, such as `/score_field`.  values: names and texts, as in the address bar.
    """

    page: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """What is to be predicted. `right` counts `choices` from 1; `reveal` is Markdown."""

    text: str
    choices: tuple[str, ...]
    right: int
    reveal: str


@dataclass(frozen=True)
class Step:
    """One step: a title, a text in Markdown, the picture before and after the question.

    look: what to look at, once nothing is left to guess.  code: a name in this package, or none.
    """

    title: str
    text: str
    before: Link
    after: Link
    look: str = ""
    code: str = ""
    question: Question | None = None


@dataclass(frozen=True)
class Story:
    """A lecture of about `minutes` minutes; all texts of its head are plain."""

    title: str
    subject: str
    minutes: int
    author: str
    steps: tuple[Step, ...]

    @property
    def questions(self) -> int:
        return sum(step.question is not None for step in self.steps)


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with a story's file, and in which line (counted from 1)."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class StoryError(ValueError):
    """A file that is no story; `faults` are all that was found, in the order of the lines."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("; ".join(map(str, self.faults)))
