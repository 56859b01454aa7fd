"""A finished training as a run and back: it goes on as if it had never been put away."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from explorer.training.film import Progress, filmed
from explorer.training.kept import STATE, progress_of, run_of
from explorer.training.presets import DEFAULT
from explorer.training.runs import Run, pack, unpack
from explorer.training.spec import ModelSpec
from explorer.training.train import train


def short(steps: int) -> ModelSpec:
    return replace(DEFAULT, config=replace(DEFAULT.config, steps=steps, batch=32))


def trained(steps: int) -> Progress:
    *_, progress = filmed(train(short(steps), device="cpu"))
    return progress


@pytest.fixture(scope="module")
def progress() -> Progress:
    return trained(40)


@pytest.fixture(scope="module")
def run(progress: Progress) -> Run:
    return unpack(pack(run_of(progress, "A run", {"distance": 0.1})))


def test_a_run_gives_its_training_back(progress: Progress, run: Run):
    back = progress_of(run)
    assert back.step == back.steps == 40
    assert torch.equal(back.state.losses, progress.state.losses)
    assert [shot.step for shot in back.film] == [shot.step for shot in progress.film]
    assert back.state.seconds == pytest.approx(progress.state.seconds)
    for name, weight in progress.state.weights().items():
        assert torch.equal(back.state.weights()[name], weight)


def test_it_goes_on_as_if_it_had_never_been_put_away(progress: Progress, run: Run):
    """Bit for bit what the training itself makes of more steps, at another learning rate too."""
    more = replace(progress.state.spec.config, steps=60, lr=1e-3)
    spec = replace(progress.state.spec, config=more)
    for own, back in [(progress, progress_of(run))]:
        *_, straight = train(spec, own.state.resume_state(), device="cpu")
        *_, again = train(spec, back.state.resume_state(), device="cpu")
        assert again.step == 60
        assert torch.equal(straight.losses, again.losses)


def without(run: Run, start: str) -> Run:
    history = {name: part for name, part in run.history.items() if not name.startswith(start)}
    return replace(run, history=history)


def test_a_run_without_its_state_is_said_to_be_one_to_look_at(run: Run):
    with pytest.raises(ValueError, match="looked at"):
        progress_of(without(run, STATE))


CHANGES = {
    "another network's": (f"{STATE}parameters", torch.zeros(7)),
    "no random numbers": (f"{STATE}rng", torch.zeros(3)),
    "a table of losses": ("losses", torch.zeros(4, 4)),
    "no losses": ("losses", torch.zeros(0)),
    "a few sums": (f"{STATE}sums", torch.zeros(2)),
    "steps that fall": ("film.step", torch.tensor([40, 20])),
    "one snapshot's steps": ("film.step", torch.arange(1, 30)),
    "another centre": (f"{STATE}centre", torch.zeros(5)),
    "another scale": (f"{STATE}scale", torch.zeros(2, 2)),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_strangers_history_is_refused_in_words(change: str, run: Run):
    name, tensor = CHANGES[change]
    assert name in run.history
    with pytest.raises(ValueError, match=r"\w"):
        progress_of(replace(run, history={**run.history, name: tensor}))


def test_a_part_that_is_missing_is_named(run: Run):
    with pytest.raises(ValueError, match="moment1"):
        progress_of(without(run, f"{STATE}moment1"))
