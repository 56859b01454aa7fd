"""How a script is laid out: its docstring, its imports, one section a module, and the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from explorer.code.modules import Import

WIDTH = 100


def heading(module: str, doc: str) -> str:
    """A line that names a module, and its docstring's first paragraph as a comment."""
    place = module.partition(".")[2] or module
    rule = f"# ── {place.replace('.', '/')} "
    summary = [f"# {line}" for line in doc.partition("\n\n")[0].splitlines()]
    return "\n".join([rule + "─" * max(3, 80 - len(rule)), *summary])


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Import statements, the standard library's first, each group sorted."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    for item in imports:
        if not item.name:
            alias = "" if item.bound == item.module.partition(".")[0] else f" as {item.bound}"
            plain.add(f"import {item.module}{alias}")
        else:
            alias = "" if item.bound == item.name else f" as {item.bound}"
            named.setdefault(item.module, set()).add(item.name + alias)
    lines = sorted(plain)
    for module in sorted(named):
        names = sorted(named[module])
        line = f"from {module} import {', '.join(names)}"
        if len(line) > WIDTH:
            line = "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])
        lines.append(line)
    ours = [line for line in lines if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    theirs = [line for line in lines if line not in ours]
    return ours + ([""] if ours and theirs else []) + theirs


_LAST = heading("the.script", "")


def own_part(script: str) -> str:
    """Of a script that `joined` made, its settings and what it computes, below all it needs."""
    return script.rpartition(_LAST)[2].strip("\n")


def joined(doc: str, imports: Sequence[str], sections: Sequence[str], body: str) -> str:
    """The whole script. It is in UTF-8, as Python takes it."""
    top = [f'"""{doc}\n"""' if "\n" in doc else f'"""{doc}"""'] if doc else []
    top.append("from __future__ import annotations")
    if imports:
        top.append("\n".join(imports))
    body = body.strip("\n")
    last = f"{_LAST}\n\n{body}"
    return "\n\n".join(top) + "\n\n\n" + "\n\n\n".join([*sections, last]) + "\n"
