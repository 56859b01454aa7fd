"""A training outlives its GPU, and loses no more than the steps since its last copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch

from explorer.training import model, rescue
from explorer.training.film import filmed
from explorer.training.presets import DEFAULT
from explorer.training.train import TrainState, train

SPEC = replace(DEFAULT, config=replace(DEFAULT.config, steps=400, batch=64))
LOST = RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A GPU that computes as the CPU does and fails at step 200; the devices that were asked."""
    monkeypatch.setattr(model, "_failed", set())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    asked: list[str] = []

    def trained(spec: Any, resume: Any, device: Any) -> Iterator[TrainState]:
        asked.append(torch.device(device).type)
        for state in train(spec, resume, "cpu"):
            if asked[-1] == "cuda" and state.step >= 200:
                raise LOST
            yield state

    monkeypatch.setattr("explorer.training.train.BETWEEN", 0.0)  # a state of every step
    monkeypatch.setattr(rescue, "train", trained)
    return asked


def test_a_training_goes_on_on_the_cpu_where_its_gpu_fails(gpu: list[str]):
    ticks = iter(range(10**6))
    going = rescue.enduring(SPEC, clock=lambda: float(next(ticks)))  # a second a state
    *updates, last = filmed(going)
    steps = [update.step for update in updates]
    back = [b for a, b in pairwise(steps) if b < a]
    assert len(back) == 1  # gone back once, to the last copy, and not to the start
    assert 0 < back[0] < 200
    assert gpu == ["cuda", "cpu"]
    *_, undisturbed = train(SPEC, device="cpu")
    assert last.step == 400
    assert torch.equal(last.state.losses, undisturbed.losses)
    for name, weights in undisturbed.weights().items():
        assert torch.equal(last.state.weights()[name], weights)
    shots = [shot.step for shot in last.film]
    assert shots == sorted(set(shots))
    assert model.has_failed()
    assert model.best_device().type == "cpu"  # it is not tried again
    *_, last = rescue.enduring(SPEC)
    assert gpu[-1] == "cpu"


def test_a_gpu_whose_memory_is_used_up_is_tried_again_by_the_next(
    gpu: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(f"{__name__}.LOST", torch.OutOfMemoryError("CUDA out of memory."))
    *_, last = rescue.enduring(SPEC)
    assert (last.step, gpu) == (400, ["cuda", "cpu"])
    assert model.best_device().type == "cuda"


def test_what_is_no_fault_of_the_device_ends_the_training(
    gpu: list[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(f"{__name__}.LOST", RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        list(rescue.enduring(SPEC))
    assert gpu == ["cuda"]


def test_what_was_shown_before_a_gpu_was_lost_lies_on_the_cpu(
    gpu: list[str], monkeypatch: pytest.MonkeyPatch
):
    moved, real = [], TrainState.on_cpu

    def on_cpu(state: TrainState) -> TrainState:
        moved.append(real(state))
        return moved[-1]

    monkeypatch.setattr(TrainState, "on_cpu", on_cpu)
    for state in rescue.enduring(SPEC):
        if len(gpu) == 2:
            break
        assert state is moved[-1]
    assert len(moved) > 100
