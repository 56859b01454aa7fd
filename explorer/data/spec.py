"""A distribution as names and numbers alone: it can be hashed, compared, stored, kept in a link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from explorer.data.distributions import DISTRIBUTIONS, ExactDistribution, from_spec
from explorer.data.mixture_spec import MixtureSpec
from explorer.registry import Values, pick


@dataclass(frozen=True)
class DistributionSpec:
    """An entry of `DISTRIBUTIONS` with its numbers, or a mixture that somebody edited."""

    name: str
    values: Values = ()
    mixture: MixtureSpec | None = None

    def build(self) -> ExactDistribution:
        """What it stands for, built once and shared, read-only; ValueError on unusable numbers."""
        return _built(self)


@lru_cache(maxsize=64)
def _built(spec: DistributionSpec) -> ExactDistribution:
    if spec.mixture is not None:
        return from_spec(spec.mixture)
    return pick(DISTRIBUTIONS, spec.name).build(dict(spec.values))
