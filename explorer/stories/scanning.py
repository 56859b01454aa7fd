"""A story's file taken apart into its head and its steps, each part with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from explorer.stories.story import Fault

ONE_LINE = ("link", "then", "code")
TEXTS = ("look", "question", "reveal")
FIELDS = (*ONE_LINE, *TEXTS)

_FIELD = re.compile(r"([a-z][a-z_]*):(?:\s+(.*))?$")
_CHOICE = re.compile(r"[-*] \[(.?)\](?:\s+(.*))?$")


@dataclass
class Part:
    """A field's lines, or a step's own text; `line` is where it starts."""

    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass
class Choice(Part):
    """An answer; `mark` stands between its brackets."""

    mark: str = " "


@dataclass
class Section:
    """One step as written. `fields` may hold its text under the name `text`."""

    line: int
    title: str
    fields: dict[str, Part] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)


@dataclass
class Draft:
    """A file taken apart, and what is wrong with its shape."""

    head: dict[str, Part] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def scan(source: str) -> Draft:
    """Take `source` apart. Never fails: what does not fit is a fault of the draft."""
    draft = Draft()
    lines = source.removeprefix("\ufeff").splitlines()
    start = _head(lines, draft)
    scanner = _Scanner(draft)
    for number, line in enumerate(lines[start:], start=start + 1):
        scanner.take(number, line.rstrip())
    if scanner.fence:
        draft.faults.append(Fault(scanner.fence, "this ``` is never closed; add a line ```"))
    return draft


def _head(lines: list[str], draft: Draft) -> int:
    """The lines between two `---` at the start; how many lines they take."""
    if not lines or lines[0].strip() != "---":
        say = "a story begins with a line '---', then title, subject and minutes, then '---'"
        draft.faults.append(Fault(1, say))
        return 0
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == "---":
            return number
        if line.startswith("## "):
            break
        found = _FIELD.match(line.rstrip())
        if found:
            name, text = found[1], found[2] or ""
            if name in draft.head:
                draft.faults.append(Fault(number, f"'{name[:40]}' stands here twice; keep one"))
            draft.head[name] = Part(number, [text])
        elif line.strip():
            say = f"'{line.strip()[:40]}' is no line of the head; write 'name: value'"
            draft.faults.append(Fault(number, say))
    draft.faults.append(Fault(1, "the head is never closed; end it with a line '---'"))
    return next((k for k, line in enumerate(lines) if line.startswith("## ")), len(lines))


class _Scanner:
    """Goes through the lines of the steps and knows which part each belongs to."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.part: Part | None = None
        self.fence = 0  # the line of the ``` that is open

    def take(self, number: int, line: str) -> None:
        if line.lstrip().startswith("```"):
            self.fence = 0 if self.fence else number
        elif not self.fence:
            if line == "##" or line.startswith("## "):
                self._step(number, line[2:].strip())
                return
            if line.startswith("# "):
                self._fault(
                    number, "a step begins with '## ', and the story's title is in its head"
                )
                return
            if found := _CHOICE.match(line):
                self._choice(number, found[1], found[2] or "")
                return
            if found := _FIELD.match(line):
                self._field(number, found[1], found[2] or "")
                return
        self._text(number, line)

    def _fault(self, number: int, text: str) -> None:
        self.draft.faults.append(Fault(number, text))

    def _step(self, number: int, title: str) -> None:
        section = Section(number, title)
        self.draft.sections.append(section)
        self.part = section.fields["text"] = Part(number)

    def _field(self, number: int, name: str, text: str) -> None:
        if not self.draft.sections:
            self._fault(
                number, f"'{name[:40]}:' stands before the first step; begin one with '## Title'"
            )
            return
        fields = self.draft.sections[-1].fields
        if name in fields:
            say = (
                f"'{name[:40]}:' stands in this step twice, first in line {fields[name].line}; "
                "keep one"
            )
            self._fault(number, say)
        if name not in ONE_LINE:
            self.part = Part(number, [text])
            fields[name] = self.part
            return
        fields[name] = Part(number, [text])
        asked = "question" in fields or "reveal" in fields
        self.part = None if asked else fields["text"]

    def _choice(self, number: int, mark: str, text: str) -> None:
        sections = self.draft.sections
        if not sections or "question" not in sections[-1].fields:
            say = "an answer without a question; write 'question: …' above it, or a list without []"
            self._fault(number, say)
            return
        choice = Choice(number, [text], mark)
        sections[-1].choices.append(choice)
        self.part = choice

    def _text(self, number: int, line: str) -> None:
        if isinstance(self.part, Choice):
            if line.startswith((" ", "\t")):
                self.part.lines.append(line.strip())
                return
            self.part = None
        if self.part is not None:
            self.part.lines.append(line)
        elif line.strip() and self.draft.sections:
            say = "this text belongs to nothing; what explains the answer goes after 'reveal:'"
            self._fault(number, say)
        elif line.strip():
            self._fault(number, "text before the first step; begin one with '## Title'")
