"""Many modules become one script that does what they do together, or an error says why not."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from explorer.code.bundle import bundle
from explorer.code.functions import source
from explorer.code.modules import CodeError
from explorer.diffusion import steps
from explorer.diffusion.samplers import SAMPLERS

_PACKAGES = count()

Make = Callable[[dict[str, str], str], str]


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """`bundled(files, script)`: modules by name in a package PKG of their own, and its script."""

    def make(files: dict[str, str], script: str, **options: object) -> str:
        package = f"toy{next(_PACKAGES)}"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text.replace("PKG", package), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return bundle(script.replace("PKG", package), package=package, **options)  # type: ignore[arg-type]

    return make


def output(script: str) -> str:
    """What the script prints; nothing else can be seen from it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})
    return said.getvalue()


BASE = '''"""What all stand on."""

from __future__ import annotations

from dataclasses import dataclass

FACTOR = 2
"""How much more."""

UNUSED = 1 / 0 if False else 3


@dataclass(frozen=True)
class Shape:
    """A length."""

    length: float = FACTOR

    def doubled(self) -> float:
        return _times(self.length)


# Why this is here.
def _times(x: float) -> float:
    return FACTOR * x


def unused() -> None:
    return None
'''
MIDDLE = '''"""One above."""

import math
from PKG.base import Shape as Form


class Circle(Form):
    def area(self, scale=math.pi):
        return scale * self.doubled()
'''


def test_the_closure_is_whole_in_order_and_no_more(bundled: Make) -> None:
    script = bundled(
        {"base": BASE, "middle": MIDDLE},
        '"""Try."""\nfrom PKG.middle import Circle\n\nprint(f"{Circle(1.5).area():.4f}")\n',
    )
    assert output(script) == "9.4248\n"
    assert "toy" not in script.replace("import toy", "")
    order = [script.index(t) for t in ("FACTOR = 2", "class Shape", "def _times", "class Circle")]
    assert order == sorted(order)
    assert "unused" not in script.lower()
    for kept in ('"""How much more."""', '"""A length."""', "# Why this is here.", "# One above."):
        assert kept in script


def test_it_runs_in_a_process_that_has_no_package(bundled: Make, tmp_path: Path) -> None:
    script = bundled({"base": BASE}, "from PKG.base import Shape\n\nprint(Shape().doubled())\n")
    file = tmp_path / "alone.py"
    file.write_text(script)
    done = subprocess.run([sys.executable, "-I", file], capture_output=True, text=True, check=True)
    assert done.stdout == "4\n"


def test_names_through_a_module_and_under_an_alias(bundled: Make) -> None:
    files = {
        "base": "def one():\n    return 1\n\n\ndef two():\n    return one() + 1\n",
        "hands_on": "from PKG.base import two as zwei\n",
        "middle": "from PKG import base\nfrom PKG.hands_on import zwei\n\n\n"
        "def both():\n    return [base.one() for _ in range(2)], zwei()\n",
    }
    script = bundled(files, "from PKG.middle import both as b\n\nprint(b())\n")
    assert output(script) == "([1, 1], 2)\n"
    assert "base." not in script.split("def both")[1]


def test_a_function_called_like_its_module(bundled: Make) -> None:
    files = {"base": "def base():\n    return 7\n"}
    assert output(bundled(files, "from PKG import base\n\nprint(base.base())\n")) == "7\n"


def test_equal_names_are_told_apart(bundled: Make) -> None:
    files = {
        "left": "def _size():\n    return 1\n\n\ndef left():\n    return _size()\n",
        "right": "_size = 20\n\n\ndef right():\n    return _size\n",
    }
    script = bundled(
        files,
        "from PKG.left import left\nfrom PKG.right import right\n\nprint(left() + right())\n",
    )
    assert output(script) == "21\n"
    assert "def _size_left" in script
    assert "_size_right = 20" in script


def test_a_name_inside_an_f_string_is_the_one_that_stays(bundled: Make) -> None:
    files = {
        "left": "size = 1\n\n\ndef left():\n    return size\n",
        "right": "size = 20\n\n\ndef right():\n    return f'{size}'\n",
    }
    text = "from PKG.left import left\nfrom PKG.right import right\n\nprint(left(), right())\n"
    script = bundled(files, text)
    assert output(script) == "1 20\n"
    assert "size_left = 1" in script
    files["left"] = files["left"].replace("return size", "return f'{size}'")
    with pytest.raises(CodeError, match="two modules name their size"):
        bundled(files, text)


def test_what_the_script_or_python_calls_so_keeps_its_name(bundled: Make) -> None:
    files = {"base": "def x():\n    return 1\n\n\ndef sum(a):\n    return x() + a\n"}
    script = bundled(
        files, "from PKG.base import sum as add\n\nx = add(5)\nprint(x, sum([1, 2]))\n"
    )
    assert output(script) == "6 3\n"


def test_locals_are_left_alone(bundled: Make) -> None:
    """Scopes: arguments, comprehensions, classes, lambdas and nested functions hide the module."""
    text = """
rate, size, step = 1, 10, 100


class Box:
    size = 2
    held = size

    def get(self):
        return size


def nest(rate, given=step):
    size = [rate for rate in range(3)]
    pick = lambda step: step + rate
    def inner():
        nonlocal size
        size = len(size)
        return size
    return inner() + pick(0) + given
"""
    script = bundled(
        {"base": text, "other": "size = 5\n"},
        "from PKG import other\nfrom PKG.base import Box, nest\n\n"
        "print(Box.held, Box().get(), nest(7), other.size)\n",
    )
    assert output(script) == "2 10 110 5\n"


def test_of_a_registry_only_what_is_kept(bundled: Make) -> None:
    files = {
        "base": "def good():\n    return 'good'\n\n\ndef bad():\n    return 'bad'\n\n\n"
        "NAMES: dict[str, object] = {\n    'bad': bad,\n    # the one\n    'good': good,\n"
        "    'worse': bad,\n}\n"
    }
    text = "from PKG.base import NAMES\n\nprint([make() for make in NAMES.values()])\n"
    script = bundled(files, text, keep={"NAMES": {"good"}})  # type: ignore[call-arg]
    assert output(script) == "['good']\n"
    assert "def bad" not in script
    with pytest.raises(CodeError, match="has no better; it has bad, good, worse"):
        bundled(files, text, keep={"NAMES": {"better"}})  # type: ignore[call-arg]
    with pytest.raises(CodeError, match="does not use OTHERS"):
        bundled(files, text, keep={"OTHERS": {"good"}})  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("files", "script", "message"),
    [
        ({"base": "a = 1\n"}, "from PKG.base import b\nprint(b)\n", "base does not define b"),
        ({"base": "a = 1\n"}, "from PKG import base\nprint(base)\n", "as a value"),
        ({"base": "a = 1\n"}, "from .base import a\nprint(a)\n", "imports relatively"),
        ({"base": "a = 1\n"}, "from PKG.base import *\n", r"imports \*"),
        ({"base": "a = 1\n"}, "print(1)\nfrom PKG.base import a\nprint(a)\n", "come before"),
        ({"base": "a = 1\n"}, "from PKG.base import a\n\na = a + 1\n", "imports a and assigns it"),
        ({}, "print(nothing)\n", "uses nothing"),
        (
            {"base": "a = 1\na = a + 1\n"},
            "from PKG.base import a\n\nprint(a)\n",
            "defines a more than once",
        ),
        (
            {"base": "import math as m\n\n\ndef f():\n    return m.pi\n"},
            "import cmath as m\nfrom PKG.base import f\n\nprint(f(), m.pi)\n",
            "m means cmath and math|m means math and cmath",
        ),
        (
            {"base": "v = 1\n", "rest": "v = 2\n"},
            "from PKG import base, rest\n\nprint(f'{base.v} {rest.v}')\n",
            "inside an f-string",
        ),
        (
            {
                "base": "def f():\n    return 1\n\n\ndef g(f_base, f=1):\n    return f_base\n",
                "rest": "from PKG import base\n\n\ndef f():\n    return 2\n\n\n"
                "def h(f_base=0):\n    return base.f()\n",
            },
            "from PKG.rest import f, h\n\nprint(f(), h())\n",
            "local f_base",
        ),
        (
            {"base": "from PKG.rest import b\na = 1\n", "rest": "from PKG.base import a\nb = a\n"},
            "from PKG.rest import b\nprint(b)\n",
            "in a circle",
        ),
        (
            {"base": "for i in (1, 2):\n    pass\n\n\ndef f():\n    return i\n"},
            "from PKG.base import f\nprint(f())\n",
            "uses i",
        ),
    ],
)
def test_what_cannot_be_one_file_is_said(
    bundled: Make, files: dict[str, str], script: str, message: str
) -> None:
    with pytest.raises(CodeError, match=message):
        bundled(files, script)


def test_the_source_of_what_a_page_runs() -> None:
    """Of a step that a registry makes, the function that was written."""
    for name in ("ddpm", "edm", "flow"):
        text = source(SAMPLERS[name].make)
        assert source(SAMPLERS[name].build()) == text
    assert source(steps.ddim(0.5)).startswith("# explorer/diffusion/steps.py\ndef ddim(eta")
