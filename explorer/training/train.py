"""Training as a generator: a few milliseconds of work, then a state that can be shown or resumed.

Every state is whole and never changes again, so that other threads may read it at any time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Generator, Tensor

from explorer.networks.mlp import Network
from explorer.networks.perceptron import initialise
from explorer.training.batches import Block, draw_block, training_data
from explorer.training.history import Diverged, History
from explorer.training.model import CENTRE, NETWORK, SCALE, Model, best_device, build_network
from explorer.training.optimiser import STATE, FlatAdam, learning_rate
from explorer.training.spec import ModelSpec, to_json

__all__ = ["Diverged", "Model", "TrainState", "best_device", "train"]

BETWEEN = 0.02
"""Seconds of work after which a state is due."""
SHOWN = 100
"""Steps over which the loss that is shown is averaged."""

Resume = tuple[Mapping[str, Tensor], Mapping[str, Any]]
"""What `TrainState.resume_state` gives: tensors by name, and what JSON can hold."""


@dataclass(frozen=True, eq=False)
class TrainState:
    """A training after `step` of `steps` updates.

    losses: (step,) float32, the loss of every step.  t_edges: (21,) times between which equal
    shares of the examples fall; loss_by_t: (20,) the running loss between them, NaN where there
    was none yet.  seconds: of work, all parts of the training together.  lr: of the last step.
    """

    spec: ModelSpec
    step: int
    losses: Tensor
    t_edges: Tensor
    loss_by_t: Tensor
    seconds: float
    lr: float
    _tensors: Mapping[str, Tensor] = field(repr=False)
    _shapes: Mapping[str, torch.Size] = field(repr=False)

    @property
    def steps(self) -> int:
        return self.spec.config.steps

    @property
    def loss(self) -> float:
        """The mean over the last steps; NaN before the first."""
        return float(self.losses[-SHOWN:].mean())

    def weights(self) -> dict[str, Tensor]:
        """The mean weights as float32 tensors on the CPU, for `Model.of`."""
        parts = self._tensors["mean"].cpu().split([s.numel() for s in self._shapes.values()])
        named = zip(self._shapes.items(), parts, strict=True)
        network = {NETWORK + name: part.reshape(shape) for (name, shape), part in named}
        return {CENTRE: self._tensors[CENTRE], SCALE: self._tensors[SCALE], **network}

    def model(self) -> Model:
        """The model as it stands, on the CPU."""
        return Model.of(self.spec, self.weights())

    def on_cpu(self) -> TrainState:
        """The same, for whoever has no such device."""
        return replace(self, _tensors={name: part.cpu() for name, part in self._tensors.items()})

    def resume_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that `train` needs to go on as if it had never stopped."""
        return dict(self.on_cpu()._tensors), {"spec": to_json(self.spec), "seconds": self.seconds}


def train(
    spec: ModelSpec,
    resume: Resume | None = None,
    device: torch.device | str | None = None,
    points: Tensor | None = None,
) -> Iterator[TrainState]:
    """Train `spec` and yield after a few hundredths of a second of work each, and at the end.

    `resume` goes on from a state, whose spec may have had another config. `points` (N, D) are a
    training set in place of the distribution's draws. `device` is the best there is if not given.
    On the CPU equal arguments give equal weights bit for bit, however often the training was
    stopped. Raises Diverged, and ValueError for a state that does not fit.
    """
    device, config = torch.device(device) if device else best_device(), spec.config
    setup, rng = Generator().manual_seed(spec.seed), Generator().manual_seed(spec.seed + 1)
    past = None if resume is None else _checked(*resume)
    units = None if past is None else (past[CENTRE], past[SCALE])
    data = training_data(spec, points, setup, units)
    network, process = build_network(spec, len(data.centre), float(data.scale))
    initialise(network, setup)
    adam, history, seconds = FlatAdam(network.to(device)), History(config, process), 0.0
    if past is not None and resume is not None:
        adam.load(past)
        history.load(past)
        _set_state(rng, past["rng"])
        seconds = float(resume[1]["seconds"])

    def state() -> TrainState:
        return TrainState(
            spec,
            step,
            history.losses[:step],
            history.edges,
            history.by_time,
            handed_out - begun,
            learning_rate(config, max(step - 1, 0)),
            {
                **adam.tensors(),
                **history.tensors(),
                CENTRE: data.centre,
                SCALE: data.scale,
                "rng": before if step % length else rng.get_state(),
            },
            {name: parameter.shape for name, parameter in network.named_parameters()},
        )

    step, length, before = history.step, 1, rng.get_state()
    handed_out = time.perf_counter()
    begun = handed_out - seconds
    if step >= config.steps:
        yield state()
    while step < config.steps:
        before = rng.get_state()
        block = draw_block(data, network, process, config, rng, device)
        length, first = len(block), step % len(block)
        due, noted = time.perf_counter() + BETWEEN, first
        residuals = torch.zeros_like(block.target)
        idle = float(block.losses(block.target).mean())
        for k in range(first, length):
            _slopes(network, block, k, residuals[k])
            step += 1
            adam.step(learning_rate(config, step - 1), step, config.ema)
            last = k == length - 1 or step == config.steps
            if last or time.perf_counter() > due:
                new = slice(noted, k + 1)
                history.add(block.losses(residuals)[new], block.bins[new], idle)
                handed_out = time.perf_counter()
                yield state()
                now = time.perf_counter()
                noted, due, begun = k + 1, now + BETWEEN, begun + now - handed_out
            if step == config.steps:
                break


_STATE = (*STATE, "losses", "sums", "counts", CENTRE, SCALE, "rng")


def _checked(tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """The tensors, if they can be a state; ValueError where something is missing or not finite."""
    if set(tensors) != set(_STATE) or "seconds" not in meta:
        raise ValueError(f"the state holds {sorted(tensors)}; it needs {', '.join(_STATE)}")
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} of the state is not finite; go on from an earlier state")
    return tensors


def _set_state(rng: Generator, state: Tensor) -> None:
    try:
        rng.set_state(state)
    except (RuntimeError, TypeError) as problem:
        raise ValueError(
            f"the state's random numbers cannot be gone on with ({problem}); start anew"
        ) from problem


def _slopes(network: Network, block: Block, k: int, residual: Tensor) -> None:
    """The gradient of step k's loss, into the network; the residuals (B, D) into `residual`."""

    def slope(output: Tensor) -> Tensor:
        torch.sub(output, block.target[k], out=residual)
        return residual * block.slope[k]

    network.backpropagate(block.inputs[k], slope)
