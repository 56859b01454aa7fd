"""The scripts of pages: their settings as Python text, in front of a body that computes.

A recipe (`explorer/code/recipes/`) is a function from a page's specs, numbers and seed to a
script. Its body is plain Python that imports from this package; `bundle` writes out what it needs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from typing import Any

from explorer.code.bundle import bundle
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.mixture_spec import DEFAULTS, MixtureSpec
from explorer.data.own import own_data
from explorer.data.spec import DistributionSpec
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.registry import Entry, Values

WIDTH = 88
ONE_THREAD = "torch.set_num_threads(1)  # sums in the app's order, for the app's digits"


@dataclass(frozen=True)
class Text:
    """An expression as Python text, and the (module, name) pairs that it asks for."""

    text: str
    names: frozenset[tuple[str, str]] = frozenset()


def script(
    doc: str,
    body: str,
    settings: Mapping[str, Any],
    *,
    keep: Mapping[str, Collection[str]] | None = None,
) -> str:
    """A self-contained script: docstring, all it needs of this package, `settings`, `body`.

    settings: name → a `Text` (see `distribution`, `process`, `made`), or a value that `literal`
    can write. body: Python text whose own imports come first; it may import from `explorer`.
    keep: see `bundle`.
    """
    texts = {name: literal(value) for name, value in settings.items()}
    asked = sorted(set().union(*(text.names for text in texts.values())))
    lines = [f"from {module} import {name}" for module, name in asked]
    imports, rest = _parted(body)
    given = [f"{name} = {text.text}" for name, text in texts.items()]
    source = "\n".join([f'"""{doc}"""', "", *lines, *imports, "", *given, "", rest])
    return bundle(source, keep=keep)


def _parted(body: str) -> tuple[list[str], str]:
    """A body's import lines, which come first, and all after them."""
    lines = body.strip("\n").split("\n")
    count = 0
    while count < len(lines) and (
        not lines[count] or lines[count].startswith(("import ", "from "))
    ):
        count += 1
    return lines[:count], "\n".join(lines[count:])


def literal(value: Any, indent: int = 0) -> Text:
    """A number, a text, a tuple, a list or dictionary of such, or a frozen dataclass, as Python.

    A `Text` stands for itself, alone or inside one of these.
    """
    if isinstance(value, Text):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        given = {f.name: getattr(value, f.name) for f in fields(value) if not _is_empty(value, f)}
        parts = {name: literal(part, indent + 4) for name, part in given.items()}
        names = frozenset({(kind.__module__, kind.__name__)})
        items = [f"{name}={part.text}" for name, part in parts.items()]
        return _row(f"{kind.__name__}(", items, ")", indent, names, parts.values())
    if isinstance(value, tuple | list):
        inner = [literal(part, indent + 4) for part in value]
        items = [part.text for part in inner]
        if isinstance(value, tuple) and len(items) == 1:
            return _row("(", [f"{items[0]},"], ")", indent, frozenset(), inner)
        ends = "()" if isinstance(value, tuple) else "[]"
        return _row(ends[0], items, ends[1], indent, frozenset(), inner)
    if isinstance(value, Mapping):
        inner = [literal(part, indent + 4) for part in value.values()]
        keys = [literal(key).text for key in value]
        items = [f"{key}: {part.text}" for key, part in zip(keys, inner, strict=True)]
        return _row("{", items, "}", indent, frozenset(), inner)
    if isinstance(value, float):  # NumPy's too, which call themselves otherwise
        return Text(repr(float(value)) if math.isfinite(value) else f'float("{value}")')
    if isinstance(value, str) and value.isprintable() and not set(value) & set('"\\'):
        room = WIDTH - indent - 6
        strings = [f'"{value[k : k + room]}"' for k in range(0, len(value), room)]
        if len(strings) < 2:
            return Text(f'"{value}"')
        inner_lines = "\n".join(f"{' ' * (indent + 4)}{part}" for part in strings)
        return Text(f"(\n{inner_lines}\n{' ' * indent})")
    return Text(repr(value))


def _is_empty(value: Any, field: Field[Any]) -> bool:
    """Whether a field holds nothing, as it does by default."""
    return getattr(value, field.name) in (None, ()) and field.default in (None, ())


def _row(start: str, items: list[str], end: str, indent: int, names: frozenset, parts: Any) -> Text:
    """Items in one line, or one a line where they are too long for one."""
    names = names.union(*(part.names for part in parts))
    line = f"{start}{', '.join(items)}{end}"
    if indent + len(line) <= WIDTH or not items:
        return Text(line, names)
    inner = " " * (indent + 4)
    rows = [f"{inner}{item.removesuffix(',')}," for item in items]
    return Text("\n".join([start, *rows, " " * indent + end]), names)


def made(entry: Entry[Any], values: Values | Mapping[str, Any] = ()) -> Text:
    """How a registry's entry makes its thing from these values: `ddim(eta=0.5)`."""
    numbers = dict(values)
    full = {p.name: p.checked(numbers.get(p.name, p.default)) for p in entry.params}
    return call(entry.make, **full)


def call(make: Callable[..., Any], /, **values: Any) -> Text:
    """A call of a function, a class or a partial of one, by name."""
    first: tuple[Any, ...] = ()
    if isinstance(make, functools.partial):
        first, values, make = make.args, {**make.keywords, **values}, make.func
    owner, _, method = make.__qualname__.rpartition(".")
    if "<" in make.__qualname__ or "." in owner:
        raise ValueError(f"{make.__qualname__} has no name that a script could call")
    given = [literal(value, 4) for value in first]
    named = {name: literal(value, 4) for name, value in values.items()}
    items = [part.text for part in given] + [f"{name}={part.text}" for name, part in named.items()]
    names = frozenset({(make.__module__, owner or method)})
    return _row(f"{make.__qualname__}(", items, ")", 0, names, [*given, *named.values()])


def distribution(spec: DistributionSpec) -> Text:
    """How a spec's distribution is made; a mixture by its numbers, own data by their text."""
    if spec.own is not None:
        values = DISTRIBUTIONS[spec.name].checked(dict(spec.values))
        return call(own_data, text=spec.own, **values)
    mixture = _mixture(spec)
    if mixture is None:
        return made(DISTRIBUTIONS[spec.name], spec.values)
    return call(
        GaussianMixture.of,
        weights=mixture.weights,
        means=mixture.means,
        covariances=mixture.covariances,
    )


def maker(spec: DistributionSpec) -> Callable[..., Any]:
    """The function that `distribution` calls."""
    if spec.own is not None:
        return own_data
    return DISTRIBUTIONS[spec.name].make if _mixture(spec) is None else GaussianMixture.of


def _mixture(spec: DistributionSpec) -> MixtureSpec | None:
    """The mixture that somebody edits, from where the editor starts."""
    if spec.name.startswith("custom"):
        return spec.mixture or DEFAULTS[DISTRIBUTIONS[spec.name].dim]
    return spec.mixture


def process(spec: ProcessSpec) -> Text:
    return made(PROCESSES[spec.name], spec.values)
