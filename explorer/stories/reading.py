"""A story read from its file: every fault is found, and each says what would be right."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from urllib.parse import parse_qsl, urlsplit

from explorer.stories import pointers
from explorer.stories.scanning import FIELDS, Draft, Part, Section, scan
from explorer.stories.story import OF_THE_STORY, Fault, Link, Question, Step, Story, StoryError

LARGEST = 100_000
"""Bytes of a story's file."""
MOST_STEPS = 20
MOST_FAULTS = 50
"""So many are told; whoever has put these right is told of the next."""
LONGEST_LINK = 4000
"""Characters of a link, as browsers and proxies take them."""
LENGTHS = {
    "title": 60,
    "subject": 120,
    "author": 60,
    "step": 60,
    "text": 700,
    "question": 240,
    "reveal": 700,
    "look": 200,
    "choice": 90,
}
"""The most characters of each text: what still fits above a picture, in large type."""

Say = Callable[[int, str], None]


def read(source: str | bytes, pages: Collection[str]) -> Story:
    """The story in a file's text. `pages` are the paths that its links may lead to.

    StoryError lists the faults of the file, each with its line, the first `MOST_FAULTS` of them.
    """
    faults: list[Fault] = []

    def say(line: int, text: str) -> None:
        faults.append(Fault(line, text))

    text = _decoded(source)
    draft = scan(text)
    faults += draft.faults
    title, subject, author = (_head(draft, name, say) for name in ("title", "subject", "author"))
    minutes = _minutes(draft, say)
    for name, part in draft.head.items():
        if name not in (known := ("title", "subject", "minutes", "author")):
            say(part.line, f"the head knows no '{name[:40]}'; {_nearest(name, known)}")
    if not draft.sections:
        say(1 + text.count("\n"), "there is no step; begin one with a line '## Title'")
    if len(draft.sections) > MOST_STEPS:
        line = draft.sections[MOST_STEPS].line
        say(line, f"{len(draft.sections)} steps are too many; {MOST_STEPS} are allowed")
    steps: list[Step] = []
    for section in draft.sections[:MOST_STEPS]:
        steps.append(_step(section, steps[-1].after if steps else None, pages, say))
    if len(faults) > MOST_FAULTS:
        left = len(faults) - MOST_FAULTS
        faults = sorted(faults)[:MOST_FAULTS]
        faults.append(Fault(faults[-1].line, f"and {left:,} more, which are told after these"))
    if faults:
        raise StoryError(faults)
    return Story(title, subject, minutes, author, tuple(steps))


def _decoded(source: str | bytes) -> str:
    size = len(source if isinstance(source, bytes) else source.encode())
    if size > LARGEST:
        raise StoryError([Fault(1, f"{size:,} bytes are too many; {LARGEST:,} are allowed")])
    if isinstance(source, str):
        return source
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = 1 + source[: problem.start].count(b"\n")
        raise StoryError([Fault(line, "this is no text in UTF-8; save the file as such")]) from None


def _head(draft: Draft, name: str, say: Say) -> str:
    part = draft.head.get(name)
    if part is None or not part.text:
        if name != "author":  # a story may be nobody's
            say(part.line if part else 1, f"the head has no {name}; add a line '{name}: …'")
        return ""
    return _short(name, part, say)


def _minutes(draft: Draft, say: Say) -> int:
    part = draft.head.get("minutes")
    if part is None:
        say(1, "the head has no minutes; add a line 'minutes: 20'")
        return 0
    if not part.text.isascii() or not part.text.isdigit() or not 1 <= int(part.text[:6]) <= 180:
        say(part.line, f"minutes '{part.text[:20]}' must be a whole number from 1 to 180")
        return 0
    return int(part.text)


def _step(section: Section, earlier: Link | None, pages: Collection[str], say: Say) -> Step:
    """A step; where it gives no link, the picture of the step before it (`earlier`) stays."""
    fields = section.fields
    for name, part in fields.items():
        if name not in (*FIELDS, "text"):
            say(part.line, f"a step knows no '{name[:40]}:'; {_nearest(name, FIELDS)}")
    title = _short("step", Part(section.line, [section.title]), say)
    if not title:
        say(section.line, "this step has no title; write it after '## '")
    _plain("title", Part(section.line, [section.title]), say)
    text = _short("text", fields["text"], say)
    if not text:
        say(section.line, "this step has no text; write a sentence or two below its title")
    before = _link(fields["link"], pages, say) if "link" in fields else earlier
    if before is None and "link" not in fields:
        say(section.line, "the first step needs a picture; add 'link: /page?…' below its title")
    before = before or Link("")
    after = _link(fields["then"], pages, say) if "then" in fields else None
    if "code" in fields:
        try:
            pointers.source(fields["code"].text)
        except ValueError as problem:
            say(fields["code"].line, str(problem))
    return Step(
        title,
        text,
        before,
        after or before,
        _short("look", fields["look"], say) if "look" in fields else "",
        fields["code"].text if "code" in fields else "",
        _question(section, say),
    )


def _question(section: Section, say: Say) -> Question | None:
    fields, choices = section.fields, section.choices
    if "question" not in fields:
        for name in ("reveal", "then"):
            if name in fields:
                say(fields[name].line, f"'{name}:' answers nothing; add 'question: …' above it")
        return None
    asked = fields["question"]
    if not asked.text:
        say(asked.line, "this question is empty; write it after 'question:'")
    if "reveal" not in fields or not fields["reveal"].text:
        say(asked.line, "this question is never answered; add 'reveal: …' below its choices")
    if not 2 <= len(choices) <= 5:
        say(asked.line, f"{len(choices)} choices; give two to five, each a line '- [ ] …'")
    for choice in choices:
        if choice.mark not in (" ", "x", "X"):
            say(choice.line, f"'[{choice.mark}]' must be '[x]', the right answer, or '[ ]'")
        if not choice.text:
            say(choice.line, "this choice is empty; write it after its brackets")
        _plain("choice", choice, say)
    texts = tuple(_short("choice", choice, say) for choice in choices)
    right = [k for k, choice in enumerate(choices, start=1) if choice.mark in ("x", "X")]
    if choices and len(right) != 1:
        say(choices[0].line, f"{len(right)} choices are marked '[x]'; mark one, the right answer")
    reveal = _short("reveal", fields["reveal"], say) if "reveal" in fields else ""
    return Question(_short("question", asked, say), texts, right[0] if right else 0, reveal)


def _link(part: Part, pages: Collection[str], say: Say) -> Link | None:
    """A link as copied from the address bar; server, story and projector do not belong to it."""
    if len(part.text) > LONGEST_LINK:
        say(part.line, f"this link has {len(part.text):,} characters; {LONGEST_LINK:,} are allowed")
        return None
    try:
        address = urlsplit(part.text)
        pairs = parse_qsl(address.query, keep_blank_values=True, strict_parsing=bool(address.query))
    except ValueError:
        say(part.line, f"'{part.text[:60]}' is no link, such as /score_field?dist2=ring")
        return None
    page = f"/{address.path.rstrip('/').rpartition('/')[2]}"
    values = tuple((name, text) for name, text in pairs if name not in OF_THE_STORY)
    names = [name for name, _ in values]
    for name in sorted({name for name in names if names.count(name) > 1}):
        say(part.line, f"'{name[:40]}' stands in this link twice; keep one")
    if page not in pages:
        say(part.line, f"page '{page[:40]}' is unknown; {_nearest(page, sorted(pages))}")
    return Link(page, values)


def _short(name: str, part: Part, say: Say) -> str:
    text, most = part.text, LENGTHS[name]
    if len(text) > most:
        line = part.line if len(part.lines) < 2 or part.lines[0] else part.line + 1
        what = {"step": "title"}.get(name, name)
        say(line, f"this {what} has {len(text)} characters; {most} are allowed")
    if "![" in text:  # it could tell another machine who reads along
        say(part.line, "a story loads no pictures; let 'link:' show a page of this app")
    return text


def _plain(what: str, part: Part, say: Say) -> None:
    if "$" in part.text:
        say(part.line, f"a {what} is plain text; write x₀ and σ for $x_0$ and $\\sigma$")


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:40], known, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"give one of {', '.join(known)}"
