"""A story's file: every fault is found in its line, and what is good is read as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.serving import ROOT
from explorer.stories.names import misspelt
from explorer.stories.reading import LARGEST, MOST_STEPS, read
from explorer.stories.story import Link, StoryError
from explorer.stories.template import TEMPLATE
from explorer.ui.link_names import nearest

PAGES = ("/score_field", "/reverse_race", "/train")
STORY = """---
title: Score
subject: Arrows
minutes: 20
author: A. Lecturer
---

## First: a look
link: https://somewhere.org/base/score_field?proc=ve&ve.lam=10&story=old&step=4&projector=1
code: explorer.diffusion.steps.ddim

Two lines of text,
with $\\sigma: t$.

```
## no step, question: no field
```

look: Over there.

## Second

Still the same picture.

question: Which
one?
- [ ] The first
- [x] The second,
  which goes on
- [ ] The third

reveal:
Because.

- a list
then: /reverse_race?lane1=sde
"""


def faults(source: str | bytes) -> list[str]:
    with pytest.raises(StoryError) as caught:
        read(source, PAGES)
    return [str(fault) for fault in caught.value.faults]


def changed(old: str, new: str) -> list[str]:
    """The faults of a good story with one change."""
    assert old in STORY
    return faults(STORY.replace(old, new))


def test_a_story_is_read_as_written():
    story = read(STORY.replace("\n", "\r\n").encode("utf-8-sig"), PAGES)
    assert (story.title, story.subject, story.minutes) == ("Score", "Arrows", 20)
    assert (story.author, story.questions) == ("A. Lecturer", 1)
    first, second = story.steps
    assert first.before == first.after == Link("/score_field", (("proc", "ve"), ("ve.lam", "10")))
    assert first.text.endswith("```\n## no step, question: no field\n```")
    assert (first.look, first.question) == ("Over there.", None)
    assert second.before == first.before
    assert second.after == Link("/reverse_race", (("lane1", "sde"),))
    assert second.question is not None
    assert second.question.text == "Which\none?"
    assert second.question.choices == ("The first", "The second,\nwhich goes on", "The third")
    assert second.question.right == 2
    assert second.question.reveal == "Because.\n\n- a list"
    assert second.look == second.code == ""


def test_the_template_is_a_story():
    assert read(TEMPLATE, PAGES).questions == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("---\ntitle", "title", 1, "begins with a line '---'"),
        ("author: A. Lecturer\n---", "author: A. Lecturer", 1, "the head is never closed"),
        ("subject: Arrows\n", "", 1, "the head has no subject"),
        ("subject: Arrows", "subjekt: Arrows", 3, "did you mean 'subject'?"),
        ("subject: Arrows", "Arrows", 3, "write 'name: value'"),
        ("minutes: 20", "minutes: ²", 4, "a whole number from 1 to 180"),
        ("minutes: 20", "minutes: 1000", 4, "a whole number from 1 to 180"),
        ("title: Score", "title: Score\ntitle: Again", 3, "stands here twice"),
        ("title: Score", f"title: {'x' * 61}", 2, "61 characters; 60 are allowed"),
        ("## First: a look", "## Of $x$", 8, "a title is plain text"),
        ("- [ ] The first", "- [ ] $x$", 27, "a choice is plain text"),
        ("## First: a look", "## ", 8, "this step has no title"),
        ("## First: a look", "# First", 8, "begins with '## '"),
        ("## First: a look", "", 9, "stands before the first step"),
        ("base/score_field", "scorefield", 9, "unknown; did you mean '/score_field'?"),
        ("ve.lam=10", "proc=edm", 9, "'proc' stands in this link twice"),
        ("?proc=ve", "?proc", 9, "is no link"),
        ("code: explorer", "code: os.system", 10, "is no name in the code"),
        ("steps.ddim", "steps.dddim", 10, "did you mean ddim?"),
        ("diffusion.steps", "nothing.here", 10, "there is no module explorer.nothing.here"),
        ("look: Over there.", "lok: Over there.", 19, "did you mean 'look'?"),
        ("look: Over there.", f"look: {'x' * 201}", 19, "201 characters; 200 are allowed"),
        ("Still the same picture.", "", 21, "this step has no text"),
        ("Still the same picture.", "x" * 701, 22, "701 characters; 700 are allowed"),
        ("question: Which\none?", "", 26, "an answer without a question"),
        ("question: Which\none?", "question:", 25, "this question is empty"),
        ("- [ ] The first", "- [y] The first", 27, "must be '[x]'"),
        ("- [ ] The first", "- [ ]", 27, "this choice is empty"),
        ("- [ ] The first", "- [x] The first", 27, "2 choices are marked '[x]'"),
        ("- [x] The second", "- [ ] The second", 27, "0 choices are marked '[x]'"),
        ("- [ ] The third", "stray", 30, "belongs to nothing"),
        ("reveal:\nBecause.\n\n- a list\n", "", 25, "this question is never answered"),
        ("then: /reverse_race", "then: /nowhere", 36, "page '/nowhere' is unknown"),
        ("```\n\nlook", "\n\nlook", 15, "this ``` is never closed"),
    ],
)
def test_each_fault_is_found_in_its_line(old: str, new: str, line: int, said: str):
    found = changed(old, new)
    assert any(f.startswith(f"line {line}: ") and said in f for f in found), found


def test_all_faults_are_told_at_once_in_the_order_of_the_lines():
    found = faults("---\ntitle: T\nsubject: S\nminutes: x\n---\n## A\n\n## B\nlink: /nowhere\n")
    assert [f.split(":")[0] for f in found] == ["line 4", "line 6", "line 6", "line 8", "line 9"]


def test_what_is_no_story_at_all():
    assert faults("") == [
        "line 1: a story begins with a line '---', then title, subject and minutes, then '---'",
        "line 1: the head has no minutes; add a line 'minutes: 20'",
        "line 1: the head has no subject; add a line 'subject: …'",
        "line 1: the head has no title; add a line 'title: …'",
        "line 1: there is no step; begin one with a line '## Title'",
    ]
    assert faults(b"---\ntitle: \xff") == [
        "line 2: this is no text in UTF-8; save the file as such"
    ]
    assert faults("x" * (LARGEST + 1)) == [
        "line 1: 100,001 bytes are too many; 100,000 are allowed"
    ]
    many = STORY + "\n## More\n\nText.\n" * MOST_STEPS
    assert any("22 steps are too many; 20 are allowed" in fault for fault in faults(many))


def test_a_misspelt_name_in_a_link_is_found_with_its_line_and_the_nearest():
    text = TEMPLATE.replace("lane1=sde&lane2=none", "lanee1=sde&mcmc1.hmc.leap=3&race.at=0.5", 1)
    text = text.replace("lane2=no-noise", "ddpm.beta=1&lane2=no-noise&story=own")
    said = [str(fault) for fault in misspelt(text, nearest)]
    assert said == [
        "line 9: no page has a control 'lanee1'; did you mean 'lane1'?",
        "line 9: no page has a control 'mcmc1.hmc.leap'; did you mean 'mcmc1.hmc.leaps'?",
        "line 30: no page has a control 'ddpm.beta'; did you mean 'ddpm.beta_end'?",
    ]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "stories").glob("*.md")), ids=lambda file: file.stem
)
def test_every_name_in_the_links_of_our_own_stories_is_known(file: Path):
    assert misspelt(file.read_text(encoding="utf-8"), nearest) == ()
