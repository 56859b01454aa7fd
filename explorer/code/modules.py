"""A module's source taken apart: its definitions, what it imports, and how to find a name."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path


class CodeError(ValueError):
    """Code that cannot be made into one script; the message says what to change."""


@dataclass(frozen=True)
class Import:
    """`from module import name` (`name` empty: `import module`), bound as `bound`."""

    module: str
    name: str
    bound: str


@dataclass(frozen=True, eq=False)
class Definition:
    """A function, a class or an assignment at a module's top level.

    first, last: its lines, counted from 1, with comments above it and a docstring below it.
    """

    names: tuple[str, ...]
    node: ast.stmt
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Module:
    """`lines` are UTF-8, for the columns of a syntax tree count bytes."""

    name: str
    doc: str
    lines: tuple[bytes, ...]
    definitions: dict[str, Definition] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    rest: tuple[ast.stmt, ...] = ()
    """Statements that define nothing, such as calls."""
    again: frozenset[str] = frozenset()
    """Names that are defined more than once; the last definition counts."""

    def needs(self, package: str) -> set[str]:
        """The modules of `package` that this one imports at its top level."""
        found = set()
        for item in self.imports.values():
            if inside(item.module, package):
                whole = f"{item.module}.{item.name}"
                found.add(whole if item.name and origin(whole) else item.module)
        return found


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@lru_cache(maxsize=1024)
def origin(module: str) -> Path | None:
    """The file of a module, None where there is no such module."""
    package, *path = module.split(".")
    spec = importlib.util.find_spec(package)  # of what lies deeper it would run the modules above
    if spec is None or spec.origin is None:
        return None
    place = Path(spec.origin).parent.joinpath(*path)
    files = (place.with_suffix(".py"), place / "__init__.py") if path else (Path(spec.origin),)
    return next((file for file in files if file.is_file()), None)


@lru_cache(maxsize=256)
def module(name: str) -> Module:
    """The module called `name`, read from its file once; CodeError where there is none."""
    file = origin(name)
    if file is None:
        raise CodeError(f"there is no module {name}")
    return take_apart(name, file.read_text(encoding="utf-8"))


def take_apart(name: str, source: str) -> Module:
    """A module from its source; CodeError for what a single script cannot hold."""
    tree = ast.parse(source)
    lines = tuple(source.encode().split(b"\n"))
    definitions: dict[str, Definition] = {}
    imports: dict[str, Import] = {}
    rest, again = [], set()
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for item in imported(node, name):
                imports[item.bound] = item
            continue
        names = _defined(node)
        if not names:
            if not _is_text(node):
                rest.append(node)
            continue
        documented = isinstance(node, ast.Assign | ast.AnnAssign) and _is_text(after)
        end = after if documented and after is not None else node
        made = Definition(names, node, _first_line(node, lines), end.end_lineno or node.lineno)
        again |= set(names) & set(definitions)
        definitions |= {own: made for own in names}
    doc = ast.get_docstring(tree) or ""
    return Module(name, doc, lines, definitions, imports, tuple(rest), frozenset(again))


def imported(node: ast.Import | ast.ImportFrom, where: str) -> Iterator[Import]:
    """What an import statement binds; CodeError for relative and starred ones."""
    if isinstance(node, ast.ImportFrom):
        if node.level or node.module is None:
            raise CodeError(f"{where} imports relatively; write the whole name of the module")
        for alias in node.names:
            if alias.name == "*":
                raise CodeError(f"{where} imports * from {node.module}; name what it needs")
            if node.module != "__future__":
                yield Import(node.module, alias.name, alias.asname or alias.name)
        return
    for alias in node.names:
        yield Import(alias.name, "", alias.asname or alias.name.partition(".")[0])


def _is_text(node: ast.AST | None) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _defined(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    parts = [part for target in targets for part in ast.walk(target)]
    stored = (part for part in parts if isinstance(part, ast.Name))
    return tuple(part.id for part in stored if isinstance(part.ctx, ast.Store))


def _first_line(node: ast.stmt, lines: tuple[bytes, ...]) -> int:
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    while first > 1 and lines[first - 2].startswith(b"#"):
        first -= 1
    return first
