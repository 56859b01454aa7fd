"""Changes to a piece of source: names replaced, and entries of a registry left out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from explorer.code.modules import CodeError


@dataclass(frozen=True, order=True)
class Edit:
    """`text` in place of what lies between two positions: lines from 1, columns in bytes from 0."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    @classmethod
    def at(cls, node: ast.expr, text: str) -> Edit:
        """In place of a whole expression."""
        end_line = node.end_lineno or node.lineno
        return cls(node.lineno, node.col_offset, end_line, node.end_col_offset or 0, text)


def edited(lines: Sequence[bytes], first: int, last: int, edits: Sequence[Edit]) -> str:
    """Lines `first` to `last` (from 1, both included) after `edits`, which do not overlap."""
    part = list(lines[first - 1 : last])
    for edit in sorted(set(edits), reverse=True):
        top, bottom = edit.line - first, edit.end_line - first
        joined = part[top][: edit.column] + edit.text.encode() + part[bottom][edit.end_column :]
        part[top : bottom + 1] = [joined]
    return b"\n".join(part).decode()


def _registry(node: ast.AST, keep: Mapping[str, Collection[str]]) -> tuple[str, ast.Dict] | None:
    """The name and the dictionary, if `node` assigns one that is kept in part."""
    target: ast.expr | None = None
    if isinstance(node, ast.AnnAssign):
        target = node.target
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    if not isinstance(target, ast.Name) or target.id not in keep:
        return None
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.Dict):
        raise CodeError(f"{target.id} is no dictionary written out; it cannot be kept in part")
    return target.id, value


def _entries(name: str, value: ast.Dict, wanted: Collection[str]) -> dict[str, int]:
    """Key → place of all entries; CodeError for a wanted one that is not there."""
    places = {
        str(key.value): i for i, key in enumerate(value.keys) if isinstance(key, ast.Constant)
    }
    if len(places) != len(value.keys):
        raise CodeError(f"{name} has keys that are not plain text; it cannot be kept in part")
    if missing := set(wanted) - set(places):
        raise CodeError(f"{name} has no {', '.join(sorted(missing))}; it has {', '.join(places)}")
    return places


def kept_parts(node: ast.AST, keep: Mapping[str, Collection[str]]) -> list[ast.AST]:
    """`node`, or of a registry that is kept in part its annotation and the entries that stay."""
    found = _registry(node, keep)
    if found is None:
        return [node]
    name, value = found
    places = _entries(name, value, keep[name])
    stay: list[ast.AST] = [value.values[places[key]] for key in places if key in keep[name]]
    return [node.annotation, *stay] if isinstance(node, ast.AnnAssign) else stay


def pruned(
    node: ast.AST, keep: Mapping[str, Collection[str]], lines: Sequence[bytes]
) -> list[Edit]:
    """The edits that take the entries out which do not stay: each from its key to the next."""
    found = _registry(node, keep)
    if found is None:
        return []
    name, value = found
    starts = [(key.lineno, key.col_offset) for key in value.keys if key is not None]
    starts.append((value.end_lineno or 0, (value.end_col_offset or 1) - 1))
    # whole lines go where nothing else stands before a key
    starts = [
        (line, 0 if not lines[line - 1][:column].strip() else column) for line, column in starts
    ]
    edits = []
    for key, place in _entries(name, value, keep[name]).items():
        if key not in keep[name]:
            (line, column), (end_line, end_column) = starts[place], starts[place + 1]
            edits.append(Edit(line, column, end_line, end_column, ""))
    return edits
