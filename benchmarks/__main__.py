"""`python -m benchmarks NAME` runs `benchmarks/NAME.py` and prints what it measured as JSON.

Some take numbers: `load STUDENTS MINUTES VISITS` seats so large a class for so long and lets so
many come and go, `fuzz INPUTS` and `hostile LINKS` try so many. Some take names:
`images SAMPLES NETWORK…` draws so many pictures of each class-conditional network, or of those
named, `image_guidance SAMPLES SETTING…` compares ways of guidance, and `links PATH…` opens pages.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

_HELPERS = {
    *("__init__", "__main__", "client", "habits", "image_draws", "image_memory", "image_quality"),
    *("process", "screen", "serving"),
}
_NUMBERS = {"images": 1, "image_guidance": 1, "fuzz": 1, "hostile": 1, "load": 3}
_NAMING = {"images", "image_guidance", "links"}


def names() -> list[str]:
    """The benchmarks there are: the modules beside this one."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in _HELPERS)


def main(arguments: list[str]) -> int:
    name, *given = arguments or [""]
    takes = _NUMBERS.get(name, 0)
    numbers, named = given[:takes], given[takes:]
    if (
        name not in names()
        or not all(map(str.isdecimal, numbers))
        or (named and name not in _NAMING)
    ):
        print(
            f"usage: python -m benchmarks NAME; NAME is one of {', '.join(names())}, "
            "or load STUDENTS MINUTES VISITS, fuzz INPUTS, hostile LINKS, "
            "images SAMPLES NETWORK…, image_guidance SAMPLES SETTING…, links PATH…",
            file=sys.stderr,
        )
        return 2
    result = importlib.import_module(f"benchmarks.{name}").run(*map(int, numbers), *named)
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
