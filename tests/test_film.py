"""Snapshots of a training: when they are taken, and whether they survive the store."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch

from explorer.training.film import FIRST, film_from, film_tensors, filmed
from explorer.training.presets import DEFAULT
from explorer.training.train import train

SPEC = replace(DEFAULT, config=replace(DEFAULT.config, steps=400, batch=64))


def test_snapshots_grow_apart_and_end_with_the_last_step():
    *_, last = filmed(train(SPEC, device="cpu"))
    steps = [shot.step for shot in last.film]
    assert steps[0] >= FIRST
    assert steps[-1] == SPEC.config.steps == last.step
    assert all(b >= int(1.25 * a) for a, b in pairwise(steps[:-1]))
    assert len(steps) == len(set(steps))


def test_a_snapshot_is_what_the_network_was():
    updates = list(filmed(train(SPEC, device="cpu")))
    shot = updates[-1].film[0]
    then = next(update for update in updates if update.step == shot.step)
    x, t = torch.randn(5, 2, generator=torch.Generator().manual_seed(0)), torch.tensor(0.4)
    assert torch.equal(shot.model(SPEC).score(x, t), then.state.model().score(x, t))


def test_a_film_goes_on_where_it_stopped():
    half = replace(SPEC, config=replace(SPEC.config, steps=200))
    *_, first = filmed(train(half, device="cpu"))
    longer = replace(half, config=replace(half.config, steps=400))
    *_, second = filmed(train(longer, first.state.resume_state(), "cpu"), first.film)
    assert second.film[: len(first.film)] == first.film
    assert [s.step for s in second.film] == sorted({s.step for s in second.film})


def test_a_film_survives_as_tensors():
    *_, last = filmed(train(SPEC, device="cpu"))
    again = film_from(film_tensors(last.film))
    assert [s.step for s in again] == [s.step for s in last.film]
    for one, other in zip(again, last.film, strict=True):
        for name, weights in other.weights.items():
            assert torch.allclose(one.weights[name], weights, atol=1e-3, rtol=2e-3)
    assert film_from({}) == ()
