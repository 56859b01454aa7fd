"""The examples of docs/extending.md fit the source; what they add passes the tests there are."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.serving import ROOT

GUIDE = ROOT / "docs" / "extending.md"
NEW_TESTS = (
    *("tests/test_distributions.py", "tests/test_processes.py", "tests/test_sampling.py"),
    *("tests/test_ui_home.py", "tests/test_ui_code.py", "tests/test_ui_links.py"),
)
OF_THE_EXAMPLES = (
    "(grid and promises) or LinearVP or (midpoint and mean and (vp or edm))"
    " or (enoiser and (drawing or view or restores))"
)


def applied(diff: str, root: Path) -> None:
    """Change the files below `root` as a unified diff says; its hunks are found by their text."""
    for part in re.split(r"(?m)^(?=--- )", diff)[1:]:
        head, *hunks = re.split(r"(?m)^@@.*@@.*\n", part)
        old_name, new_name = re.findall(r"(?m)^(?:---|\+\+\+) (?:[ab]/)?(\S+)$", head)
        file = root / new_name
        text = "" if old_name == "/dev/null" else file.read_text(encoding="utf-8")
        for hunk in hunks:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            assert not old or text.count(old) == 1, f"a hunk for {new_name} fits no more:\n{old}"
            text = text.replace(old, new) if old else new
        file.write_text(text, encoding="utf-8")


def test_the_examples_fit_and_pass(tmp_path):
    for folder in ("explorer", "pages", "tests", "benchmarks", "stories"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=lambda *_: ["__pycache__"])
    (tmp_path / "checkpoints").symlink_to(ROOT / "checkpoints")
    for name in ("app.py", "home.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    diffs = re.findall(r"(?ms)^```diff\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"))
    assert len(diffs) == 4
    for diff in diffs:
        applied(diff, tmp_path)
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-k", OF_THE_EXAMPLES, *NEW_TESTS],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= 20, "examples are no longer taken up by the tests there are"
