"""What is trained, as names and numbers alone: hashable, comparable, and JSON that can be trusted.

A spec may come with an upload from a stranger, so that reading one checks every name and number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.mixture_spec import MAX_MODES, MixtureSpec
from explorer.data.own_codec import decode
from explorer.data.spec import DistributionSpec
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.mlp import NETWORKS, Factory
from explorer.registry import Entry, Values, pick, shown
from explorer.training.config import TrainConfig, checked_choice, checked_number

LARGEST = 1e6
"""No number of a mixture is larger, so that arithmetic on a stranger's numbers cannot overflow."""


@dataclass(frozen=True)
class NetworkSpec:
    """An entry of `NETWORKS` with its numbers."""

    name: str
    values: Values = ()

    def factory(self) -> Factory:
        """(dim, process) → the network; ValueError on unusable numbers."""
        return pick(NETWORKS, self.name).build(dict(self.values))


@dataclass(frozen=True)
class ModelSpec:
    """All that a training depends on."""

    distribution: DistributionSpec
    process: ProcessSpec
    network: NetworkSpec
    config: TrainConfig = field(default_factory=TrainConfig)
    seed: int = 0

    @property
    def dim(self) -> int:
        """The number of coordinates of the data."""
        return self.distribution.build().dim


def to_json(spec: ModelSpec) -> dict[str, Any]:
    """The spec as JSON can hold it, for `from_json`."""
    distribution: dict[str, Any] = _named(spec.distribution)
    if spec.distribution.mixture is not None:
        distribution["mixture"] = asdict(spec.distribution.mixture)
    if spec.distribution.own is not None:
        distribution["own"] = spec.distribution.own
    return {
        "distribution": distribution,
        "process": _named(spec.process),
        "network": _named(spec.network),
        "config": asdict(spec.config),
        "seed": spec.seed,
    }


def from_json(obj: Any) -> ModelSpec:
    """The spec that `to_json` wrote; ValueError that says which name or number is not usable."""
    parts = _members(obj, "the spec", ("distribution", "process", "network", "config", "seed"))
    config = _members(parts["config"], "config", [f.name for f in fields(TrainConfig)])
    seed = parts["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << 53:
        raise ValueError(f"seed is {shown(seed)}; give an integer from 0 to 2⁵³ − 1")
    process = ProcessSpec(*_named_values(parts["process"], "process", PROCESSES))
    process.build()  # numbers may each be in bounds and yet not fit together
    return ModelSpec(
        _distribution(parts["distribution"]),
        process,
        NetworkSpec(*_named_values(parts["network"], "network", NETWORKS)),
        TrainConfig(**config),
        seed,
    )


def _named(spec: DistributionSpec | ProcessSpec | NetworkSpec) -> dict[str, Any]:
    return {"name": spec.name, "values": dict(spec.values)}


def _members(obj: Any, what: str, names: Any, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """`obj` if it is a JSON object with just these members."""
    if not isinstance(obj, Mapping):
        raise ValueError(f"{what} is {shown(obj)}; give an object with {', '.join(names)}")
    missing, surplus = set(names) - set(obj), set(obj) - set(names) - set(optional)
    if missing or surplus:
        wrong = [f"lacks {name}" for name in sorted(missing)]
        wrong += [f"has {shown(name)}, which is unknown" for name in surplus]
        raise ValueError(f"{what} {' and '.join(wrong[:3])}; give {', '.join(names)}")
    return dict(obj)


def _values(obj: Any, what: str, registry: Mapping[str, Entry]) -> tuple[str, Values]:
    """A name of `registry`, and its values in the order of the entry's parameters."""
    entry = registry[checked_choice(f"the {what}'s name", obj["name"], registry)]
    params = {param.name: param for param in entry.params}
    values = _members(obj["values"], f"the {what}'s values", (), tuple(params))
    return obj["name"], tuple(
        (name, checked_number(param, values[name]))
        for name, param in params.items()
        if name in values
    )


def _named_values(obj: Any, what: str, registry: Mapping[str, Entry]) -> tuple[str, Values]:
    return _values(_members(obj, f"the {what}", ("name", "values")), what, registry)


def _distribution(obj: Any) -> DistributionSpec:
    parts = _members(obj, "the distribution", ("name", "values"), ("mixture", "own"))
    name, values = _values(parts, "distribution", DISTRIBUTIONS)
    if "own" in parts:
        return DistributionSpec(name, values, own=_own(parts["own"], name))
    if "mixture" not in parts:
        return DistributionSpec(name, values)
    return DistributionSpec(name, values, _mixture(parts["mixture"], DISTRIBUTIONS[name].dim))


def _own(obj: Any, name: str) -> str:
    if not isinstance(obj, str) or f"own-{decode(obj).dim}d" != name:
        raise ValueError(f"{shown(name)} cannot have the own data {shown(obj)}")
    return obj


def _mixture(obj: Any, dim: int) -> MixtureSpec:
    parts = _members(obj, "the mixture", [f.name for f in fields(MixtureSpec)])
    if parts["dim"] != dim or isinstance(parts["dim"], bool):
        raise ValueError(f"the mixture has dim {shown(parts['dim'])}; give {dim}")
    modes = len(parts["weights"]) if isinstance(parts["weights"], list | tuple) else 0
    if not 1 <= modes <= MAX_MODES:
        raise ValueError(f"the mixture has {modes} weights; give a list of 1 to {MAX_MODES}")
    mixture = MixtureSpec(
        dim,
        _numbers(parts["weights"], "weights", (modes,)),
        _numbers(parts["means"], "means", (modes, dim)),
        _numbers(parts["covariances"], "covariances", (modes, dim, dim)),
    )
    for covariance in mixture.covariances:
        symmetric = all(covariance[i][j] == covariance[j][i] for i in range(dim) for j in range(i))
        if not symmetric or min(covariance[i][i] for i in range(dim)) <= 0:
            raise ValueError(f"{shown(covariance)} is no covariance; make it positive definite")
    mixture.check()
    return mixture


def _numbers(obj: Any, what: str, shape: tuple[int, ...]) -> Any:
    """Nested tuples of finite numbers, of this shape."""
    if shape:
        if not isinstance(obj, list | tuple) or len(obj) != shape[0]:
            raise ValueError(f"the mixture's {what} are {shown(obj)}; give a list of {shape[0]}")
        return tuple(_numbers(part, what, shape[1:]) for part in obj)
    if isinstance(obj, bool) or not isinstance(obj, int | float) or not abs(obj) <= LARGEST:
        raise ValueError(f"the mixture's {what} hold {shown(obj)}; give finite numbers up to 10⁶")
    return obj
