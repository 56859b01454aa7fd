"""A training with its snapshots: the weights at steps that grow apart, to be looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.training.model import Model
from explorer.training.spec import ModelSpec
from explorer.training.train import TrainState

FIRST, GROWTH = 20, 1.25
"""The first snapshot's step, and how far the next lies beyond the one before."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The mean weights after `step` updates, as `Model.of` takes them."""

    step: int
    weights: Mapping[str, Tensor]

    def model(self, spec: ModelSpec) -> Model:
        return Model.of(spec, self.weights)


@dataclass(frozen=True, eq=False)
class Progress:
    """How far a training has come, its last state, and the snapshots so far."""

    state: TrainState
    film: tuple[Snapshot, ...]

    @property
    def step(self) -> int:
        return self.state.step

    @property
    def steps(self) -> int:
        return self.state.steps


def filmed(states: Iterator[TrainState], film: tuple[Snapshot, ...] = ()) -> Iterator[Progress]:
    """Pass the states on; keep one about a quarter further than the one before, and the last.

    Where the states go back, the snapshots beyond are dropped.
    """
    for state in states:
        if film and state.step < film[-1].step:
            film = tuple(shot for shot in film if shot.step < state.step)
        due = max(FIRST, int(film[-1].step * GROWTH) + 1) if film else FIRST
        if state.step >= min(due, state.steps) and not (film and film[-1].step == state.step):
            film = (*film, Snapshot(state.step, state.weights()))
        yield Progress(state, film)


def film_tensors(film: tuple[Snapshot, ...]) -> dict[str, Tensor]:
    """The film as tensors with names, in half precision but for centre and scale."""
    if not film:
        return {}
    named: dict[str, Tensor] = {"film.step": torch.tensor([s.step for s in film])}
    for name in film[0].weights:
        stacked = torch.stack([s.weights[name] for s in film])
        named[f"film.{name}"] = stacked.half() if name.startswith("network.") else stacked
    return named


def film_from(tensors: Mapping[str, Tensor]) -> tuple[Snapshot, ...]:
    """What `film_tensors` gave; other names are passed over."""
    if "film.step" not in tensors:
        return ()
    parts = {
        name.removeprefix("film."): tensor.float()
        for name, tensor in tensors.items()
        if name.startswith("film.") and name != "film.step"
    }
    steps = tensors["film.step"].tolist()
    return tuple(
        Snapshot(int(step), {name: part[i] for name, part in parts.items()})
        for i, step in enumerate(steps)
    )
