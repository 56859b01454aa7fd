"""A distribution as names and numbers alone: it can be hashed, compared, stored, kept in a link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from explorer.data.distributions import DISTRIBUTIONS, ExactDistribution
from explorer.data.mixture_spec import MixtureSpec
from explorer.data.shapes import from_spec
from explorer.registry import Values, pick


@dataclass(frozen=True)
class DistributionSpec:
    """An entry of `DISTRIBUTIONS` with its numbers, an edited mixture, or somebody's own data.

    own: a text of `explorer.data.own_codec`, for the entries own-1d and own-2d.
    """

    name: str
    values: Values = ()
    mixture: MixtureSpec | None = None
    own: str | None = None

    def build(self) -> ExactDistribution:
        """What it stands for, built once and shared, read-only; ValueError on unusable numbers."""
        return _built(self)


@lru_cache(maxsize=64)
def _built(spec: DistributionSpec) -> ExactDistribution:
    if spec.mixture is not None:
        return from_spec(spec.mixture)
    entry = pick(DISTRIBUTIONS, spec.name)
    if spec.own is not None:
        return entry.make(**entry.checked(dict(spec.values)), text=spec.own)
    return entry.build(dict(spec.values))
