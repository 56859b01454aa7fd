"""docs/operations.md names all settings, metrics and events there are, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from explorer.settings import VARIABLES
from explorer.ui import measures

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CODE = [
    file.read_text(encoding="utf-8")
    for folder in ("explorer", "pages", "benchmarks", "tests/browser")
    for file in sorted((ROOT / folder).rglob("*.py"))
] + [(ROOT / name).read_text(encoding="utf-8") for name in ("app.py", "home.py")]


def found(pattern: str, texts: list[str]) -> set[str]:
    return {match for text in texts for match in re.findall(pattern, text)}


def first_column() -> set[str]:
    return found(r"`([^`]+)`", re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE))


def test_every_variable_that_the_code_reads_is_listed_and_no_other():
    read = found(r"\"(EXPLORER_[A-Z_]*[A-Z])\"", CODE)
    assert read == set(VARIABLES)
    assert {name for name in first_column() if name.startswith("EXPLORER_")} == read


def test_every_metric_is_listed_and_no_other():
    there = {family.name for family in measures.families()}
    listed = {name.split("{")[0] for name in first_column()}
    assert {name for name in listed if re.match(r"(explorer|process)_", name)} == there


def test_every_event_is_listed_and_no_other():
    told = found(r"\btell\(\s*\"(\w+)\"", CODE) | {"message"}
    table = PAGE.split("| event |")[1].split("\n\n")[0]
    assert found(r"`(\w+)`", re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)) == told


def test_every_fault_names_a_test_that_exists():
    rows = [line for line in PAGE.split("| what breaks |")[1].splitlines()[2:] if line]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/\S+\.py)::(\w+)`", row.split("|")[3])
        assert named, row
        for file, name in named:
            assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), row
