"""Names in the code that a step points to, found without importing anything."""

from __future__ import annotations

import re
from difflib import get_close_matches

from explorer.code.modules import CodeError, module, origin

_NAME = re.compile(r"explorer(\.[A-Za-z_]\w*){2,}", re.ASCII)
LONGEST = 120
"""Characters of a name: a file system refuses far longer ones with errors of its own."""


def source(name: str) -> str:
    """The source of the function, class or constant `name`, such as
    `explorer.diffusion.steps.ddim`, with the comments above it.

    ValueError where there is none, with the nearest name that there is.
    """
    if len(name) > LONGEST or not _NAME.fullmatch(name):
        said = "explorer.diffusion.steps.ddim"
        raise ValueError(f"'{name[:60]}' is no name in the code, such as {said}")
    where, _, own = name.rpartition(".")
    if origin(where) is None:
        raise ValueError(f"there is no module {where}; give module and function")
    try:
        found = module(where)
    except CodeError as problem:
        raise ValueError(f"the source of {where} cannot be shown: {problem}") from None
    if own not in found.definitions:
        near = get_close_matches(own, found.definitions, 1, 0.5)
        hint = (
            f"did you mean {near[0]}?" if near else f"it has {', '.join(found.definitions)[:200]}"
        )
        raise ValueError(f"{where} defines no {own}; {hint}")
    definition = found.definitions[own]
    return b"\n".join(found.lines[definition.first - 1 : definition.last]).decode()
