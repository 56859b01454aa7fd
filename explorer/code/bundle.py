"""One script out of many modules: what it asks for of a package is written out in front of it.

Only the functions, classes and constants that are needed come along, whole, with their docstrings,
in the order in which Python would have run their modules.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from explorer.code.modules import CodeError, Definition, Import, Module, module, take_apart
from explorer.code.names import Use, bound, uses
from explorer.code.pruning import Edit, edited, kept_parts, pruned
from explorer.code.resolving import GIVEN, Key, Meant, meaning
from explorer.code.writing import heading, import_lines, joined

MAIN = "script"


def bundle(
    source: str, *, package: str = "explorer", keep: Mapping[str, Collection[str]] | None = None
) -> str:
    """`source`, a script that imports from `package`, as one that does without it.

    keep: of the dictionaries with these names, such as registries, only these entries come along.
    A name that two modules use, or that means something else here, gets its module's name as well.
    Raises CodeError where that cannot be done, and for what cannot be written into one file.
    """
    script = take_apart(MAIN, source)
    own = [*_nodes(script), *script.rest]
    if twice := bound(own) & set(script.imports):
        raise CodeError(f"the script imports {', '.join(sorted(twice))} and assigns it; rename one")
    kept = {name: frozenset(entries) for name, entries in (keep or {}).items()}
    work = _Bundle(package, kept, bound(own))
    work.gather(script, own)
    work.name_all()
    asked = {name for name, entries in kept.items() if entries}
    if unused := asked - {name for _, name in work.needed}:
        raise CodeError(f"the script does not use {', '.join(sorted(unused))}; do not keep of it")
    parts = [work.section(name) for name in work.order() if work.wanted(name)]
    body = work.text(script, _first_after_imports(script), len(script.lines), own)
    return joined(script.doc, import_lines(work.imports.values()), parts, body)


def _nodes(code: Module) -> list[ast.stmt]:
    """Each definition's statement once, in order."""
    return list({id(made): made.node for made in code.definitions.values()}.values())


def _first_after_imports(script: Module) -> int:
    """The line after the script's own docstring and imports, which must come first."""
    tree = ast.parse(b"\n".join(script.lines))
    body = tree.body[1:] if script.doc else tree.body
    heads = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node.lineno for node in body if node not in heads]
    if heads and others and max(node.lineno for node in heads) > min(others):
        raise CodeError("the script's imports must come before all else")
    before = heads or tree.body[: len(tree.body) - len(body)]
    return (before[-1].end_lineno or 0) + 1 if before else 1


@dataclass(eq=False)
class _Bundle:
    package: str
    keep: Mapping[str, frozenset[str]]
    own: frozenset[str]
    """The names that the script itself gives to things."""
    needed: dict[Key, Definition] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    in_texts: set[Key] = field(default_factory=set)
    """Definitions named inside f-strings, where Python 3.11 cannot say at which column."""
    renamed: dict[Key, str] = field(default_factory=dict)

    def gather(self, code: Module, nodes: Iterable[ast.AST]) -> None:
        """Note all that `nodes` of `code` need, and what that needs in turn."""
        queue = [(code, node) for node in nodes]
        while queue:
            at, node = queue.pop()
            for use in uses(kept_parts(node, self.keep)):
                meant = self.meant(at, use)
                if meant is None:
                    continue
                if use.in_text and meant.node is use.node:
                    self.in_texts.add(meant.key)
                if meant.key in self.needed:
                    continue
                where, name = meant.key
                made = module(where).definitions[name]
                self.needed |= {(where, own): made for own in made.names}
                queue.append((module(where), made.node))

    def meant(self, code: Module, use: Use) -> Meant | None:
        """The package's definition that is meant; None for the script's own and the others'."""
        if code.name == MAIN and use.name in self.own:
            return None
        found = meaning(code, use, self.package)
        if not isinstance(found, Import):
            return found
        known = self.imports.setdefault(found.bound, found)
        if known != found:
            raise CodeError(f"{found.bound} means {known.module} and {found.module}; rename one")
        return None

    def name_all(self) -> None:
        """Give each definition the name it has in the script: its own, if nothing else has it."""
        owners = Counter(name for _, name in self.needed)
        elsewhere = self.own | set(self.imports) | GIVEN
        taken = elsewhere | set(owners)
        in_texts = Counter(name for _, name in self.in_texts)
        if twice := [name for name, count in in_texts.items() if count > 1]:
            raise CodeError(f"two modules name their {twice[0]} inside f-strings; rename one")
        for where, name in sorted(self.needed):
            keeps = owners[name] == 1 or (where, name) in self.in_texts
            if not keeps or name in elsewhere:
                self.renamed[where, name] = self._told_apart(where, name, taken)
                taken |= {self.renamed[where, name]}
            else:
                self.renamed[where, name] = name

    @staticmethod
    def _told_apart(where: str, name: str, taken: Collection[str]) -> str:
        """The name with as much of its module's path as it takes to be the only one."""
        path = where.split(".")
        longer = ["_".join([name, *path[i:]]) for i in reversed(range(len(path)))]
        found = next((new for new in longer if new not in taken), "")
        if not found:
            raise CodeError(f"{name} of {where} clashes, and so does {longer[-1]}; rename one")
        return found

    def order(self) -> list[str]:
        """The package's modules, each after all that it imports."""
        graph: dict[str, set[str]] = {}
        queue = sorted({where for where, _ in self.needed})
        while queue:
            name = queue.pop()
            if name not in graph:
                graph[name] = module(name).needs(self.package)
                queue += sorted(graph[name])
        sorter = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
        try:
            return list(sorter.static_order())
        except CycleError as problem:
            circle = " → ".join(problem.args[1])
            raise CodeError(f"the modules import each other in a circle: {circle}") from problem

    def wanted(self, name: str) -> bool:
        return any(where == name for where, _ in self.needed)

    def section(self, name: str) -> str:
        """What is needed of a module, under a heading."""
        code, text, last = module(name), heading(name, module(name).doc), 0
        made = {id(d): d for (where, _), d in self.needed.items() if where == name}
        for one in sorted(made.values(), key=lambda d: d.first):
            plain = isinstance(one.node, ast.Assign | ast.AnnAssign)
            after_plain = plain and self._plain(code, last)
            gap = min(one.first - last - 1, 1) if after_plain else 1 if plain and not last else 2
            text += "\n" * (gap + 1) + self.text(code, one.first, one.last, [one.node])
            last = one.last
        return text

    @staticmethod
    def _plain(code: Module, line: int) -> bool:
        """Whether an assignment ends on this line."""
        ends = (made.node for made in code.definitions.values() if made.last == line)
        return any(isinstance(node, ast.Assign | ast.AnnAssign) for node in ends)

    def text(self, code: Module, first: int, last: int, nodes: Iterable[ast.AST]) -> str:
        """Lines `first` to `last`, in which `nodes` call all by their names in the script."""
        edits: list[Edit] = []
        for node in nodes:
            edits += pruned(node, self.keep, code.lines)
            for use in uses(kept_parts(node, self.keep)):
                meant = self.meant(code, use)
                if meant is not None:
                    edits += self._named(code, use, meant)
            edits += self._own_names(code, node)
        return edited(code.lines, first, last, edits)

    def _named(self, code: Module, use: Use, meant: Meant) -> list[Edit]:
        """The edit that calls what is meant by its name in the script, where it is not yet."""
        name = self.renamed[meant.key]
        if meant.node is use.node and name == use.name:
            return []
        if use.in_text:
            raise CodeError(f"{code.name} names {use.name} inside an f-string; name it before")
        if name in use.hidden:
            raise CodeError(f"{code.name} has a local {name}, which hides the one it asks for")
        return [Edit.at(meant.node, name)]

    def _own_names(self, code: Module, node: ast.AST) -> list[Edit]:
        """Where a definition itself is called otherwise than in its module."""
        if code.name == MAIN:
            return []
        found = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            new = self.renamed[code.name, node.name]
            if new != node.name:
                line = code.lines[node.lineno - 1]
                start = line.index(node.name.encode(), node.col_offset)
                end = start + len(node.name.encode())
                found.append(Edit(node.lineno, start, node.lineno, end, new))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for part in (part for target in targets for part in ast.walk(target)):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    new = self.renamed[code.name, part.id]
                    if new != part.id:
                        found.append(Edit.at(part, new))
        return found
