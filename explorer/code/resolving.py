"""What a name in a module means: a definition of the package, an import, or Python's own."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from explorer.code.modules import CodeError, Import, Module, inside, module, origin
from explorer.code.names import Use

GIVEN = frozenset(dir(builtins)) | {"__name__"}
"""The names that Python itself gives."""

Key = tuple[str, str]
"""A definition: its module and its name there."""


@dataclass(frozen=True)
class Meant:
    """A definition of the package, and what stands for it: `name` or `module.name`."""

    key: Key
    node: ast.expr


def meaning(code: Module, use: Use, package: str) -> Meant | Import | None:
    """What `use` in `code` means; None for what Python gives. CodeError where nothing is meant."""
    if use.name in code.definitions:
        return Meant((code.name, use.name), use.node)
    item = code.imports.get(use.name)
    if item is None:
        if use.name in GIVEN:
            return None
        raise CodeError(f"{code.name} uses {use.name}, which it neither defines nor imports")
    if not inside(item.module, package):
        return item
    whole = f"{item.module}.{item.name}" if item.name else item.module
    if item.name and not origin(whole):
        return Meant(_defined(item.module, item.name, code, package), use.node)
    if use.attribute is None or item.bound == package:
        raise CodeError(f"{code.name} uses the module {whole} as a value or by its path")
    return Meant(_defined(whole, use.attribute.attr, code, package), use.attribute)


def _defined(where: str, name: str, asking: Module, package: str) -> Key:
    """Where a name that a module offers is defined, for one module may hand on another's."""
    while name not in module(where).definitions:
        onward = module(where).imports.get(name)
        if onward is None or not onward.name or not inside(onward.module, package):
            raise CodeError(f"{where} does not define {name}, which {asking.name} asks for")
        where, name = onward.module, onward.name
    if name in module(where).again:
        raise CodeError(f"{where} defines {name} more than once; give each its own name")
    return where, name
