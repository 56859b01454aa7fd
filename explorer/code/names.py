"""Which names of the module a piece of code asks for, by Python's own rules of scope."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Use:
    """A name of the module's own scope that is read at `node`.

    attribute: the `name.attr` around it, if there is one.  hidden: the names that the scopes
    around it bind, which nothing global may be called there.  in_text: inside an f-string.
    """

    name: str
    node: ast.Name
    attribute: ast.Attribute | None
    hidden: frozenset[str]
    in_text: bool


def uses(nodes: Iterable[ast.AST]) -> list[Use]:
    """All uses of the module's names in `nodes`, annotations included, in the order of the text."""
    finder = _Finder()
    for node in nodes:
        finder.visit(node)
    return finder.found


def bound(body: Iterable[ast.AST]) -> frozenset[str]:
    """The names that statements bind in their own scope."""
    found: set[str] = set()
    elsewhere: set[str] = set()
    for node in _own(body):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere |= set(node.names)
    return frozenset(found - elsewhere)


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of one scope: those of functions, classes and comprehensions inside it are not."""
    for node in body:
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, _COMPREHENSIONS):  # only := reaches out of one
            yield from (
                inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)
            )
            continue
        yield from _own(ast.iter_child_nodes(node))


class _Finder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[Use] = []
        self._scopes: list[tuple[bool, frozenset[str]]] = []  # whether a class, and what it binds
        self._texts = 0

    def _hidden(self) -> frozenset[str]:
        """A class's names are seen in its own body and not from the functions inside it."""
        last = len(self._scopes) - 1
        seen = [
            names for i, (is_class, names) in enumerate(self._scopes) if not is_class or i == last
        ]
        return frozenset().union(*seen)

    def _inside(
        self, names: Iterable[str], nodes: Iterable[ast.AST], is_class: bool = False
    ) -> None:
        self._scopes.append((is_class, frozenset(names)))
        for node in nodes:
            self.visit(node)
        self._scopes.pop()

    def _note(self, node: ast.Name, attribute: ast.Attribute | None) -> None:
        hidden = self._hidden()
        if isinstance(node.ctx, ast.Load) and node.id not in hidden:
            self.found.append(Use(node.id, node, attribute, hidden, self._texts > 0))

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node, None)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name):
            self._note(node.value, node)
        else:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._texts += 1
        self.generic_visit(node)
        self._texts -= 1

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        given = node.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        every += [arg for arg in (given.vararg, given.kwarg) if arg is not None]
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        if not isinstance(node, ast.Lambda):
            for part in (*node.decorator_list, *([node.returns] if node.returns else ())):
                self.visit(part)
        for arg in every:
            if arg.annotation is not None:
                self.visit(arg.annotation)
        for default in (*given.defaults, *given.kw_defaults):
            if default is not None:
                self.visit(default)
        self._inside({arg.arg for arg in every} | bound(body), body)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self._inside(bound(node.body), node.body, is_class=True)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        own = bound(loop.target for loop in node.generators)
        parts: list[ast.AST] = [first.target, *first.ifs, *others]
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._inside(own, parts)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension
