"""`python -m benchmarks NAME` runs `benchmarks/NAME.py` and prints what it measured as JSON."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

_HELPERS = {"__init__", "__main__", "client", "screen", "serving"}


def names() -> list[str]:
    """The benchmarks there are: the modules beside this one."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in _HELPERS)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in names():
        print(
            f"usage: python -m benchmarks NAME; NAME is one of {', '.join(names())}",
            file=sys.stderr,
        )
        return 2
    result = importlib.import_module(f"benchmarks.{arguments[0]}").run()
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
