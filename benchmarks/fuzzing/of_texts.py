"""Targets that read text: what stands in links, stories, names, codes and titles."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from benchmarks.fuzzing.mutations import of_json, of_text
from benchmarks.fuzzing.target import Reader, Target, text
from benchmarks.serving import ROOT


def _params() -> list:
    from explorer.data.distributions import DISTRIBUTIONS
    from explorer.diffusion.processes import PROCESSES
    from explorer.diffusion.samplers import SAMPLERS
    from explorer.mcmc.kernels import KERNELS
    from explorer.networks.mlp import NETWORKS
    from explorer.training.config import CONFIG_PARAMS

    registries = (DISTRIBUTIONS, PROCESSES, SAMPLERS, KERNELS, NETWORKS)
    found = [param for each in registries for entry in each.values() for param in entry.params]
    return [*found, *CONFIG_PARAMS.values()]


def _numbers(folder: Path) -> Reader:
    """The first byte picks a parameter, the lines after it are what the link gives it."""
    from explorer.ui import decoding

    params = _params()

    def reader(data: bytes) -> None:
        param = params[data[0] % len(params)] if data else params[0]
        raw = text(data[1:]).split("\n")
        start = param.checked(param.default)
        stops = decoding.series(param, start)
        value, note = decoding.number(param, "key", raw, start, stops)
        assert param.low <= value <= param.high
        assert not param.is_integer or isinstance(value, int)
        assert len(note) < 600
        assert "\n" not in note
        if param.is_integer:
            whole, _ = decoding.whole(param, "key", raw[0], int(start))
            assert param.low <= whole <= param.high
        name, note = decoding.choice(("one", "two"), "key", raw[0], "one")
        assert name in ("one", "two")
        assert (not note) == (raw[0] in ("one", "two"))
        assert note.isprintable()

    return reader


def _number_seeds() -> tuple[bytes, ...]:
    values = (b"1", b"0.5", b"1e-4", b"nan", b"inf", b"-1", b"10.0", b"0x1f", b"1_0", b"a\nb", b"")
    return tuple(bytes([k]) + value for k in range(0, 40, 3) for value in values)


def _mixture(folder: Path) -> Reader:
    import torch

    from explorer.data.mixture_spec import MixtureSpec
    from explorer.data.spec import DistributionSpec

    def reader(data: bytes) -> None:
        for dim in (1, 2):
            try:
                mixture = MixtureSpec.parse(text(data), dim)
            except ValueError:
                if dim == 2:
                    raise
                continue
            known = DistributionSpec(f"custom-{dim}d", (), mixture).build()
            x = torch.linspace(-25, 25, 3 * dim).reshape(3, dim)
            assert known.noised(0.5, 0.5).score(x).isfinite().all()
            assert known.sample(4, torch.Generator().manual_seed(0)).isfinite().all()
            again = MixtureSpec.parse(mixture.format(), dim)
            assert again.format() == mixture.format()
            return

    return reader


def _story(folder: Path) -> Reader:
    from explorer.stories.reading import read
    from explorer.stories.story import Fault, StoryError
    from explorer.ui.stories import PAGES

    def reader(data: bytes) -> None:
        faults: tuple[Fault, ...] = ()
        try:
            read(data, PAGES)
        except StoryError as problem:
            faults = problem.faults
            if not faults:
                raise
        assert len(faults) <= 100, f"{len(faults)} faults"
        assert all(len(str(fault)) <= 700 for fault in faults), max(map(str, faults), key=len)[:99]
        if faults:
            raise ValueError(str(faults[0]))

    return reader


def _story_seeds() -> tuple[bytes, ...]:
    from explorer.stories.template import TEMPLATE

    bundled = tuple(file.read_bytes() for file in sorted((ROOT / "stories").glob("*.md")))
    long_name = b"## A\nx\ncode: explorer." + b"a" * 300 + b".b\nlink: /score_field\n"
    many = b"## A\nx\nlink: /score_field?" + b"&".join(b"k%d=1" % k for k in range(2000)) + b"\n"
    head = b"---\ntitle: T\nsubject: S\nminutes: 5\n---\n"
    return (TEMPLATE.encode(), *bundled, head + long_name, head + many)


def _names(folder: Path) -> Reader:
    from explorer.training.folders import checked_code, is_code
    from explorer.training.runs import checked_name
    from explorer.ui.decoding import plain
    from explorer.ui.exporting import slug

    def reader(data: bytes) -> None:
        said = text(data)
        assert len(plain(said)) <= 40
        assert plain(said).isprintable()
        name = slug([said, said], "gif")
        assert set(name.removesuffix(".gif")) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert 5 <= len(name) <= 100
        if is_code(said):
            assert not set(said) & set("/\\.\0\n")
        for check in (checked_name, checked_code):
            check(said)

    return reader


def _qr(folder: Path) -> Reader:
    from explorer.ui.qr import svg

    def reader(data: bytes) -> None:
        drawn = svg(text(data))
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(drawn).iter()}
        assert tags <= {"svg", "path"}

    return reader


def _json(folder: Path) -> Reader:
    import json

    from explorer.training.files import json_bytes, read_json

    def reader(data: bytes) -> None:
        assert json.loads(json_bytes(read_json(data))) is not Ellipsis

    return reader


JSON_SEEDS = (b'{"a": [1, 2.5, {"b": null}], "c": "[[[", "d": true}', b"[[[[[[[[]]]]]]]]", b"1e308")

TARGETS = (
    Target(
        "numbers",
        _numbers,
        _number_seeds,
        of_text,
        30,
        ("explorer.ui.decoding", "explorer.registry"),
    ),
    Target(
        "mixture",
        _mixture,
        lambda: (b"1_-5_1~1_5_1", b"1_0_1_1_1_0~1_2_-1_1.4_1_0.35", b"0_0_1~1_1e-2_20"),
        of_text,
        15,
        ("explorer.data.mixture_spec",),
    ),
    Target(
        "story",
        _story,
        _story_seeds,
        of_text,
        10,
        ("explorer.stories.reading", "explorer.stories.scanning", "explorer.stories.pointers"),
        100_001,
    ),
    Target("names", _names, lambda: (b"moons, 8,000 steps", b"abcd2345"), of_text, 15),
    Target("qr", _qr, lambda: (b"http://127.0.0.1/score_field?t=1",), of_text, 3, largest=2000),
    Target("json", _json, lambda: JSON_SEEDS, of_json, 15, ("explorer.training.files",)),
)
