"""What link parameters may be called, told without running a page: by the words of the sources.

A page's controls depend on what is chosen on it, so no list of them is complete. But each part of
a parameter's name (`mcmc1.hmc.step` has three) stands somewhere in the sources: as a text, as one
with a number behind it, or as the name of an entry or of a number in a registry.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.mcmc.kernels import KERNELS
from explorer.networks.mlp import NETWORKS
from explorer.networks.unet import IMAGE_NETWORKS
from explorer.training.config import CONFIG_PARAMS
from explorer.training.vae import VAE_PARAMS

_ROOT = Path(__file__).parents[2]
_WORD = re.compile(r"[A-Za-z][\w-]{0,30}")
_OF_A_PLAYER = ("at", "speed", "loop", "trails", "pane", *(f"zoom{k}" for k in range(1, 9)))
_REGISTRIES = (DISTRIBUTIONS, PROCESSES, SAMPLERS, KERNELS, NETWORKS)


def nearest(name: str) -> str | None:
    """None if a page may know the parameter `name`, else the nearest name, or an empty text."""
    parts = name.split(".")
    meant = []
    for before, part in zip(["", *parts], parts, strict=False):
        known = _numbers().get(before) or _words()
        near = [part] if part in known else get_close_matches(part, known, 1, 0.6)
        meant.append(near[0] if near else "")
    if meant == parts:
        return None
    return ".".join(meant) if all(meant) else ""


@cache
def _numbers() -> dict[str, tuple[str, ...]]:
    """The numbers of every entry that has any; entries of one name in two registries share them."""
    found: dict[str, tuple[str, ...]] = {}
    for registry in _REGISTRIES:
        for name, entry in registry.items():
            found[name] = (*found.get(name, ()), *(param.name for param in entry.params))
    return found


@cache
def _words() -> frozenset[str]:
    words = {*_OF_A_PLAYER, *CONFIG_PARAMS, *VAE_PARAMS, *_numbers()}
    words |= {entry.kind for entry in IMAGE_NETWORKS.values()}
    for file in (*(_ROOT / "pages").glob("*.py"), *(_ROOT / "explorer" / "ui").rglob("*.py")):
        words |= set(_texts(ast.parse(file.read_text(encoding="utf-8"))))
    return frozenset(words)


def _texts(tree: ast.AST) -> Iterator[str]:
    """Every text of the code that may be part of a name; `lane{place}` gives lane1 to lane9."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (part for part in node.value.split(".") if _WORD.fullmatch(part))
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "\0" for p in node.values)
            for part in "".join(map(str, parts)).split("."):
                if part.count("\0") == 1 and part.endswith("\0") and _WORD.fullmatch(part[:-1]):
                    yield from (f"{part[:-1]}{k}" for k in range(1, 10))
