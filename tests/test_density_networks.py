"""Networks for density estimation: whole, what they say, and their densities are densities."""

from __future__ import annotations

import pytest
import torch

from explorer.diffusion.likelihood import log_density
from explorer.training.density_networks import (
    DATA,
    FOLDER,
    KINDS,
    SIZES,
    STEPS,
    held_out,
    known,
    load,
    load_known,
    mesh,
    name_of,
    spec_of,
)
from explorer.training.files import read_json

ALL = [(data, size, kind) for data in DATA for size in SIZES for kind in KINDS]


@pytest.mark.parametrize(("data", "size", "kind"), ALL)
def test_a_network_is_what_its_name_says_and_small(data, size, kind):
    model, found = load(data, size, kind), load_known(data, size, kind)
    assert model.spec == spec_of(data, size, kind)
    place = FOLDER / name_of(data, size, kind)
    assert sum(file.stat().st_size for file in place.iterdir()) < 320_000
    made = read_json(place / "spec.json")["command"]
    assert made == f"python -m explorer.training.density_networks {data}-{size}"
    axes, points = mesh(model.spec.distribution.build())
    assert found.mesh.shape == (len(points),)
    assert found.held_out.shape == (1000,)
    assert found.held_out.isfinite().all()
    assert found.samples.isfinite().all()
    cell = torch.tensor([float(axis[1] - axis[0]) for axis in axes]).prod()
    # of a short training some lies beyond the window
    inside = float(found.mesh.exp().sum() * cell)
    assert (0.7 if kind == "short" else 0.9) < inside < 1.1


@pytest.mark.parametrize(("data", "size"), [("mixture-1d", 1000), ("moons", 100)])
def test_what_lies_beside_a_network_is_what_its_flow_says(data, size):
    model, found = load(data, size, "long"), load_known(data, size, "long")
    distribution = model.spec.distribution.build()
    spread = float((distribution.covariance.diagonal() + distribution.mean.square()).mean().sqrt())
    x = held_out(distribution)[:20]
    again = log_density(model.process, model.score, x, spread=spread, steps=40)
    # where a network has learned points by heart, its flow makes much of a processor's rounding
    off = (again - found.held_out[:20]).abs()
    assert (off < 0.001).sum() >= 18
    assert off.max() < 0.2


@pytest.mark.parametrize("data", DATA)
def test_the_long_training_is_better_on_new_draws_where_points_abound(data):
    means = [float(load_known(data, 1000, length).held_out.mean()) for length in STEPS]
    truth = spec_of(data, 1000, "long").distribution.build()
    best = float(truth.log_prob(held_out(truth)).mean())
    assert max(means) < best
    if data != "mixture-1d":  # which is learned at once
        assert means[1] > means[0]


@pytest.mark.parametrize("data", DATA)
def test_our_recipe_comes_nearer_to_the_truth_than_the_documents_with_enough_points(data):
    ours, long = (load_known(data, 1000, kind).held_out for kind in ("ours", "long"))
    gain = ours - long  # paired
    assert float(gain.mean()) > -2 * float(gain.std()) / len(gain) ** 0.5


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="choose one of mixture-1d"):
        spec_of("circles", 100, "short")
    with pytest.raises(ValueError, match="choose one of 100, 1000"):
        spec_of("moons", 7, "short")


def test_a_network_can_be_asked_for_what_lies_beside_it():
    found = known(load("ramp-1d", 100, "short"), steps=8)
    assert found.mesh.shape == (241,)
    assert found.samples.shape == (2000, 1)
