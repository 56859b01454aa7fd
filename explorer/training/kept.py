"""A finished training as a run to keep, and the run as a training that can go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Generator

from explorer.training.batches import BINS
from explorer.training.film import Progress, Snapshot, film_from, film_tensors
from explorer.training.model import CENTRE, Model
from explorer.training.runs import Run, unpack
from explorer.training.spec import ModelSpec, from_json, to_json
from explorer.training.train import TrainState, train

STATE = "state."
"""What comes before the names, in a run's history, of the tensors that a training goes on from."""


def run_of(progress: Progress, name: str, metrics: Mapping[str, float]) -> Run:
    """The training as it stands, with its losses, its snapshots, and all that it needs to go on."""
    state = progress.state
    tensors, _ = state.resume_state()
    history = {"losses": tensors.pop("losses"), **film_tensors(progress.film)}
    history |= {STATE + name: tensor for name, tensor in tensors.items()}
    seconds = {"seconds": state.seconds}
    return Run(name, to_json(state.spec), state.weights(), history, {**seconds, **metrics})


def from_stranger(data: bytes) -> tuple[Run, Model]:
    """The run in an uploaded file, and its model, once all of it has been seen to fit together.

    ValueError says what does not, or that the model's score is not finite where its data lie.
    """
    run = unpack(data)
    spec = from_json(run.spec)
    if (dim := run.weights[CENTRE].numel() if CENTRE in run.weights else spec.dim) != spec.dim:
        raise ValueError(f"the weights are for {dim} coordinates, and its data have {spec.dim}")
    model = Model.of(spec, run.weights)
    x = spec.distribution.build().sample(64, Generator().manual_seed(0))
    times = model.process.grid(8)[:-1]
    if not all(model.score(x, t).isfinite().all() for t in times):
        raise ValueError("the network's score is not finite where the data lie; train it anew")
    if any(name.startswith(STATE) for name in run.history):
        progress_of(run)
    return run, model


def progress_of(run: Run) -> Progress:
    """The training that `run_of` kept, as if it had just ended.

    A stranger may have made the run: ValueError where it holds no state, or one that does not fit.
    """
    tensors = {
        name.removeprefix(STATE): tensor
        for name, tensor in run.history.items()
        if name.startswith(STATE)
    }
    if not tensors or "losses" not in run.history:
        raise ValueError(
            "the run was kept without the state of its training: it can be looked at, but not "
            "gone on with"
        )
    losses = run.history["losses"]
    if losses.ndim != 1:
        raise ValueError("the run's losses are not those of a training")
    spec = from_json(run.spec)
    spec = replace(spec, config=replace(spec.config, steps=max(len(losses), 1)))
    meta = {"seconds": run.metrics.get("seconds", 0.0)}
    try:
        state = next(train(spec, ({**tensors, "losses": losses}, meta), device="cpu"))
        return _checked(state, film_from(run.history), spec)
    except (RuntimeError, IndexError, KeyError, TypeError, ArithmeticError) as problem:
        raise ValueError(
            f"the run's history does not fit its network ({problem}); it cannot be gone on with"
        ) from problem


def _checked(state: TrainState, film: tuple[Snapshot, ...], spec: ModelSpec) -> Progress:
    steps = [shot.step for shot in film]
    if steps != sorted(set(steps)) or (steps and not 0 < steps[-1] <= state.step):
        raise ValueError(f"the run's snapshots are of the steps {steps[:5]}, which do not rise")
    if state.loss_by_t.shape != (BINS,):
        raise ValueError("the run's losses are not those of a training")
    state.model()
    for shot in film:
        shot.model(spec)
    return Progress(state, film)
