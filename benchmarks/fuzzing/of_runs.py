"""Targets that read what a training keeps: specs, weights, whole runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.fuzzing.mutations import (
    of_json,
    of_safetensors,
)
from benchmarks.fuzzing.target import Reader, Target


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _spec(folder: Path) -> Reader:
    from explorer.training.files import read_json
    from explorer.training.spec import from_json, to_json

    def reader(data: bytes) -> None:
        spec = from_json(read_json(data))
        assert from_json(json.loads(json.dumps(to_json(spec)))) == spec
        assert spec.dim in (1, 2)
        spec.process.build()
        spec.network.factory()

    return reader


def _spec_seeds() -> tuple[bytes, ...]:
    import numpy as np

    from explorer.data.mixture_spec import DEFAULTS
    from explorer.data.own_codec import encode_points
    from explorer.data.spec import DistributionSpec
    from explorer.training.presets import DEFAULT
    from explorer.training.pretrain import PRETRAINED
    from explorer.training.spec import ModelSpec, to_json

    specs = [entry.spec for entry in PRETRAINED.values()]
    own = DistributionSpec("custom-2d", (), DEFAULTS[2])
    specs.append(ModelSpec(own, DEFAULT.process, DEFAULT.network))
    drawn = DistributionSpec("own-1d", (), own=encode_points(np.array([[0.0], [1.0], [1.5]])))
    specs.append(ModelSpec(drawn, DEFAULT.process, DEFAULT.network))
    return tuple(_dumped(to_json(spec)) for spec in specs)


def _tensors(folder: Path) -> Reader:
    from explorer.training.files import read_metadata, read_tensors

    file = folder / "t.safetensors"

    def reader(data: bytes) -> None:
        file.write_bytes(data)
        read_metadata(file)
        tensors, _ = read_tensors(data)
        assert sum(t.numel() for t in tensors.values()) <= len(data)

    return reader


def _small_tensors() -> tuple[bytes, ...]:
    import torch

    from explorer.training.files import tensor_bytes

    plain = {"a": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3), "none": torch.zeros(0, 2)}
    return (tensor_bytes(plain, {"k": "v"}), tensor_bytes({"h": torch.ones(4).half()}, {}))


def _run(folder: Path) -> Reader:
    """All that *My runs* does with an upload: read, build, sample, draw a picture, list, tell."""
    import torch

    from explorer.diffusion.samplers import SAMPLERS, race
    from explorer.figures.stamps import stamp
    from explorer.training.kept import from_stranger
    from explorer.training.store import Card
    from explorer.ui.learning import in_short
    from explorer.ui.resuming import link_of

    def reader(data: bytes) -> None:
        run, model = from_stranger(data)
        start = model.process.prior((20, model.spec.dim), torch.Generator().manual_seed(0))
        entry = SAMPLERS["dpm"]
        end = race(entry, entry.build(), model.process, model.score, start, 4, 0).xs[-1]
        stamp(model.spec.distribution.build(), end)
        in_short(Card("abcd", "abcd", run.name, run.created, run.spec, run.metrics))
        link_of("abcd", run.spec)

    return reader


def _run_seeds() -> tuple[bytes, ...]:
    """A run that is kept with the state of its training, and one without."""
    from dataclasses import replace

    from explorer.training.film import filmed
    from explorer.training.kept import run_of
    from explorer.training.presets import DEFAULT
    from explorer.training.runs import Run, pack
    from explorer.training.spec import NetworkSpec
    from explorer.training.train import train

    config = replace(DEFAULT.config, steps=25, batch=16)
    network = NetworkSpec("mlp", (("width", 16), ("depth", 1)))
    spec = replace(DEFAULT, network=_smallest(network), config=config)
    *_, last = filmed(train(spec))
    whole = run_of(last, "moons", {"distance": 0.2, "floor": 0.1})
    return pack(whole), pack(Run("bare", whole.spec, whole.weights))


def _smallest(network: Any) -> Any:
    """The same kind of network at its least size."""
    from explorer.networks.mlp import NETWORKS
    from explorer.training.presets import DEFAULT
    from explorer.training.spec import NetworkSpec

    name = DEFAULT.network.name
    return NetworkSpec(name, tuple((p.name, p.low) for p in NETWORKS[name].params))


TARGETS = (
    Target("spec", _spec, _spec_seeds, of_json, 25, ("explorer.training.spec",)),
    Target("tensors", _tensors, _small_tensors, of_safetensors, 15, ("explorer.training.files",)),
    Target(
        "run",
        _run,
        _run_seeds,
        of_safetensors,
        10,
        ("explorer.training.runs", "explorer.training.kept", "explorer.training.film"),
        200_000,
    ),
)
