"""Whatever stands in a link, a story or a file: a value comes of it, or a ValueError in few words.

A few hundred inputs, the same each time; `python -m benchmarks fuzz` tries them by the hundred
thousand, and follows what they reach.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzzing import targets
from benchmarks.fuzzing.guard import Broken, Guard
from benchmarks.fuzzing.mutations import changed
from benchmarks.fuzzing.target import warm
from benchmarks.serving import ROOT
from explorer.data.mixture_spec import BOUND, MAX_MODES, MIN_STD, MixtureSpec
from explorer.registry import Param
from explorer.stories.reading import LENGTHS, MOST_STEPS, read
from explorer.stories.story import StoryError
from explorer.training.files import json_bytes, read_json, read_tensors, tensor_bytes
from explorer.training.pretrain import PRETRAINED
from explorer.training.spec import from_json, to_json
from explorer.ui import decoding

QUICK = settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SLOW_TO_BEGIN = {"run", "parquet", "archive"}
"""Targets whose seeds take long to make, or whose inputs cannot be told apart by chance."""
NEVER_REFUSES = {"numbers"}
"""A control always has a value to go on with."""

TEXT = st.text(max_size=60)
NUMBER = Param("rate", "Rate", 1, 1, 500, 1)
DECADES = Param("rate", "Rate", 0.01, 1e-5, 1.0, 1e-5)
PAGES = ("/score_field", "/train")


@pytest.mark.parametrize("name", sorted(set(targets.ALL) - SLOW_TO_BEGIN))
def test_every_reader_returns_or_refuses_in_few_words(name: str, tmp_path):
    target = targets.ALL[name]
    reader, seeds, guard, rng = target.reader(tmp_path), target.seeds(), Guard(tmp_path), Random(0)
    warm(reader, seeds[0])
    heard = [guard.call(reader, seed) for seed in seeds]
    for _ in range(60):
        heard.append(guard.call(reader, target.mutation(rng.choice(seeds), rng)))
    assert any(heard) or name in NEVER_REFUSES, "nothing was refused"


def test_the_guard_tells_what_readers_must_not_do(tmp_path):
    """In a process of its own, for what hears of all files cannot be taken away again."""
    script = tmp_path / "script.py"
    script.write_text(
        """
import pathlib, socket, subprocess, sys, time
from benchmarks.fuzzing import guard as guarding
from benchmarks.fuzzing.guard import Broken, Guard

guarding.LONGEST = 0.2  # seconds
here = pathlib.Path(sys.argv[1])
(here / "inside").mkdir()
guard = Guard(here / "inside")
guard.listen()


def spin():
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass


def refuse(text):
    raise ValueError(text)


for reader in (
    lambda: (here / "script.py").read_text(),
    lambda: (here / "outside").touch(),
    lambda: list(here.iterdir()),
    lambda: subprocess.run(["true"]),
    lambda: socket.create_connection(("127.0.0.1", 9), 0.1),
    lambda: [].x,
    lambda: refuse("x" * 5000),
    spin,
    lambda: refuse("no"),
    lambda: (here / "inside" / "a").write_text("b"),
):
    try:
        guard.call(lambda _: reader(), b"")
    except Broken as found:
        print(found.kind, end=";")
    else:
        print("kept", end=";")
"""
    )
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        "touched;touched;touched;touched;ConnectionRefusedError;"
        "AttributeError;long message;slow;kept;kept;"
    )


def test_a_reader_that_fails_is_broken():
    with pytest.raises(Broken, match="ZeroDivisionError"):
        Guard(ROOT).call(lambda data: 1 / len(data), b"")


@QUICK
@given(raw=st.lists(TEXT | st.integers().map(str) | st.floats().map(str), min_size=1, max_size=3))
@pytest.mark.parametrize("param", [NUMBER, DECADES], ids=["whole", "decades"])
def test_a_link_gives_every_slider_a_value_it_has(param: Param, raw: list[str]):
    start = param.checked(param.default)
    stops = decoding.series(param, start)
    value, note = decoding.number(param, "rate", raw, start, stops)
    assert param.low <= value <= param.high
    assert not stops or value in stops
    assert note.isprintable()
    assert len(note) < 400
    again, silent = decoding.number(param, "rate", [decoding.short(value)], start, stops)
    assert again == pytest.approx(value, rel=1e-5)
    assert silent == ""


@QUICK
@given(text=st.text(max_size=300))
def test_what_a_note_quotes_is_one_short_line(text: str):
    quoted = decoding.plain(text)
    assert len(quoted) <= decoding.QUOTED
    assert quoted.isprintable()
    assert quoted == text or len(text) > decoding.QUOTED or not text.isprintable()


_STD = st.floats(MIN_STD, BOUND)
_PLACE = st.floats(-BOUND, BOUND)
_MODE = st.tuples(st.floats(1e-3, 1000), _PLACE, _PLACE, _STD, _STD, st.floats(-0.98, 0.98))


@QUICK
@given(rows=st.lists(_MODE, min_size=1, max_size=MAX_MODES))
def test_a_mixture_is_what_its_text_says(rows: list[tuple[float, ...]]):
    text = MixtureSpec.from_rows(2, rows).format()
    again = MixtureSpec.parse(text, 2)
    assert again.format() == text
    for row, wanted in zip(again.rows(), rows, strict=True):
        assert row == pytest.approx(wanted, rel=1e-4, abs=1e-4)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20).filter(
        lambda t: t.isascii() or t.encode("utf-8", "ignore").decode() == t
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=3), inner),
    max_leaves=12,
)


@QUICK
@given(value=_JSON)
def test_json_comes_back_or_is_too_deep(value: Any):
    assert read_json(json_bytes(value)) == value


@QUICK
@given(
    names=st.lists(st.text("abcé.☃/ ", min_size=1, max_size=8), unique=True, max_size=4),
    shape=st.lists(st.integers(0, 3), max_size=3),
)
def test_tensors_of_any_name_and_shape_come_back(names: list[str], shape: list[int]):
    given_ = {name: torch.full(shape, float(k)) for k, name in enumerate(names)}
    tensors, _ = read_tensors(tensor_bytes(given_, {}))
    assert {name: t.tolist() for name, t in tensors.items()} == {
        name: t.tolist() for name, t in given_.items()
    }


@QUICK
@given(seed=st.integers(0, 2**32), name=st.sampled_from(list(PRETRAINED)))
def test_a_spec_that_is_taken_is_taken_again(seed: int, name: str):
    rng = Random(seed)
    value = json.loads(json.dumps(to_json(PRETRAINED[name].spec)))
    assert from_json(value) == PRETRAINED[name].spec
    spec, said = None, ""
    try:
        spec = from_json(changed(value, rng))
    except ValueError as refusal:
        said = str(refusal)
    assert len(said) < 600
    assert said or (spec is not None and from_json(to_json(spec)) == spec)


_LINE = (
    st.sampled_from(
        [
            *(
                "---",
                "title: T",
                "subject: S",
                "minutes: 5",
                "minutes: ½",
                "## A",
                "##",
                "# B",
                "text",
            ),
            *(
                "link: /train?steps=5",
                "link: //x",
                "link: /train?a=1&a=2",
                "then: /score_field",
                "```",
            ),
            *(
                "question: Q",
                "- [x] yes",
                "- [ ] no",
                "- [?]",
                "reveal: R",
                "look: L",
                "$x$",
                "",
                "  b",
            ),
            *(
                "code: explorer.registry.pick",
                "code: os.system",
                "code: explorer.a.b",
                "nonsense: 1",
            ),
        ]
    )
    | TEXT
)


@QUICK
@given(lines=st.lists(_LINE, max_size=40))
def test_lines_in_any_order_are_a_story_or_its_faults(lines: list[str]):
    head = ["---", "title: T", "subject: S", "minutes: 5", "---"]
    story, faults = None, ()
    try:
        story = read("\n".join([*head, *lines]), PAGES)
    except StoryError as problem:
        faults = problem.faults
    assert all(fault.line >= 1 and len(fault.text) < 300 for fault in faults)
    if story is not None:
        assert 1 <= len(story.steps) <= MOST_STEPS
        assert all(step.before.page in PAGES for step in story.steps)
        assert all(len(step.text) <= LENGTHS["text"] for step in story.steps)
    else:
        assert faults
