"""`python -m benchmarks NAME` runs `benchmarks/NAME.py` and prints what it measured as JSON.

Some take numbers: `images SAMPLES` draws so many pictures of each class-conditional network,
`load STUDENTS MINUTES VISITS` seats so large a class for so long and lets so many come and go,
`fuzz INPUTS` and `hostile LINKS` try so many.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

_HELPERS = {
    *("__init__", "__main__", "client", "habits", "image_quality", "process", "screen", "serving"),
}


def names() -> list[str]:
    """The benchmarks there are: the modules beside this one."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in _HELPERS)


def main(arguments: list[str]) -> int:
    name, *numbers = arguments or [""]
    takes = {"images": 1, "fuzz": 1, "hostile": 1, "load": 3}.get(name, 0)
    if name not in names() or len(numbers) > takes or not all(map(str.isdecimal, numbers)):
        print(
            f"usage: python -m benchmarks NAME; NAME is one of {', '.join(names())}, "
            "or images SAMPLES, load STUDENTS MINUTES VISITS, fuzz INPUTS, hostile LINKS",
            file=sys.stderr,
        )
        return 2
    result = importlib.import_module(f"benchmarks.{name}").run(*map(int, numbers))
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
