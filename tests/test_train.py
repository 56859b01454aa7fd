"""Training: it learns what it should, goes on bit for bit, keeps its states whole, says no."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Generator

from explorer.data.spec import DistributionSpec
from explorer.diffusion.losses import squared_error
from explorer.diffusion.parametrization import KINDS
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.diffusion.trajectory import exact_score, sample
from explorer.metrics import Truth
from explorer.networks.perceptron import initialise
from explorer.training.batches import BINS, draw_block, training_data
from explorer.training.config import TrainConfig
from explorer.training.history import History
from explorer.training.model import Model, build_network, weight_shapes
from explorer.training.optimiser import FlatAdam, learning_rate
from explorer.training.presets import DEFAULT, MOONS, PRESETS, SCRATCH_1D, SKIP, TUTORIAL
from explorer.training.spec import ModelSpec, NetworkSpec
from explorer.training.times import TIMES
from explorer.training.train import Diverged, TrainState, train

SMALL = replace(DEFAULT, network=NetworkSpec("level", (("width", 16), ("depth", 2))))


def with_config(spec: ModelSpec, **changes) -> ModelSpec:
    return replace(spec, config=replace(spec.config, **changes))


def last(spec: ModelSpec, resume=None, points=None) -> TrainState:
    *_, state = train(spec, resume, "cpu", points)
    return state


def same(a: TrainState, b: TrainState) -> bool:
    (tensors, _), (others, _) = a.resume_state(), b.resume_state()
    for name in ("sums", "counts"):  # added up in portions that depend on the clock
        torch.testing.assert_close(tensors.pop(name), others.pop(name), rtol=1e-6, atol=1e-6)
    return set(tensors) == set(others) and all(torch.equal(tensors[n], others[n]) for n in tensors)


GAUSSIAN = ModelSpec(
    DistributionSpec("normal-1d"),
    ProcessSpec("cosine"),
    NetworkSpec("level", (("width", 32), ("depth", 2))),
    TrainConfig(steps=1500, batch=256, ema=100.0),
)


@pytest.mark.parametrize("kind", KINDS)
def test_each_target_comes_to_the_gaussians_closed_form(kind):
    """For N(0, 1) under a variance-preserving process p_t is N(0, 1), so ε* = σ x.

    The loss above that of ε*, which is 1 − σ², is the mean of (ε̂ − ε*)². In n examples the noise
    of a target is at best averaged to P/n for P weights; a hundred of the late steps count.
    """
    state = last(with_config(GAUSSIAN, target=kind))
    model, process = state.model(), PROCESSES["cosine"].build()
    weights = sum(torch.Size(shape).numel() for shape in weight_shapes(GAUSSIAN).values())
    bound = weights / (100 * GAUSSIAN.config.batch)
    x = torch.randn(4000, 1, generator=Generator().manual_seed(1))
    for t in (0.1, 0.3, 0.5, 0.8):
        time = torch.tensor(t)
        best = float(process.sigma(time)) * x
        assert float((model.predict("eps", x, time) - best).square().mean()) < bound
        torch.testing.assert_close(
            model.predict("score", x, time), -model.predict("eps", x, time) / process.sigma(time)
        )


def test_scores_are_in_units_of_the_data():
    """Two modes at ±5: seen by the network at unit width, asked for and answered in their own."""
    spec = replace(GAUSSIAN, distribution=DistributionSpec("gaussians-1d"))
    spec = with_config(spec, steps=3000)
    model = last(spec).model()
    assert model.scale == pytest.approx(math.sqrt(26), rel=0.02)
    distribution, process = spec.distribution.build(), spec.process.build()
    exact, rng = exact_score(distribution, process), Generator().manual_seed(2)
    for t in (0.2, 0.5, 0.8):
        time = torch.tensor(t, dtype=torch.float64)
        x, _ = process.perturb(distribution.sample(4000, rng), time, rng)
        off = (model.score(x, time) - exact(x, time)).square().mean()
        assert float(off * process.sigma(time) ** 2) < 0.01  # of 1, the mean square of ε


def test_the_default_learns_the_ring_in_seconds():
    """Sliced Wasserstein near its floor after 800 of the 8,000 steps."""
    spec = replace(with_config(DEFAULT, steps=800), distribution=DistributionSpec("ring"))
    model, rng = last(spec).model(), Generator().manual_seed(1)
    truth = Truth.of(spec.distribution.build(), 3000)
    with torch.inference_mode():
        x = model.process.prior((3000, 2), rng)
        x = sample(
            model.process, model.score, SAMPLERS["heun"].build(), x, model.process.grid(20), rng
        )
    assert truth.sliced_wasserstein(x).ratio < 2.0


@pytest.mark.parametrize("kind", KINDS)
def test_conversions_of_a_model_agree(kind):
    spec = replace(SMALL, distribution=DistributionSpec("gaussians-1d"))
    model = last(with_config(spec, steps=3, target=kind)).model()
    x = torch.tensor([[-6.0], [0.0], [4.0]])
    for t in (torch.tensor(0.3), torch.tensor([0.1, 0.5, 0.9])):
        alpha, sigma = model.process.alpha(t), model.process.sigma(t)
        if t.ndim:
            alpha, sigma = alpha[:, None], sigma[:, None]
        eps, x0 = model.predict("eps", x, t), model.predict("x0", x, t)
        torch.testing.assert_close(alpha * x0 + sigma * eps, x, rtol=1e-4, atol=1e-4)
        v = alpha * eps - sigma * x0
        torch.testing.assert_close(model.predict("v", x, t), v, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(model.score(x, t), -eps / sigma, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="'noise' is no parametrization"):
        model.predict("noise", x, torch.tensor(0.3))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains(name):
    spec = with_config(PRESETS[name], steps=3)
    state = last(spec)
    assert state.step == state.steps == 3
    assert state.losses.isfinite().all()
    x = torch.zeros(4, spec.dim)
    assert state.model().score(x, torch.tensor(0.5)).shape == x.shape


@pytest.mark.parametrize("config", [{}, {"data_size": 500}, {"data_size": 100, "batch": 0}])
@pytest.mark.parametrize("stop", [1, 37, 64])
def test_stopping_and_going_on_changes_not_a_bit(config, stop):
    """In the middle of a block of 64 steps and at its end, through JSON and twice over."""
    spec = with_config(SMALL, steps=150, **config)
    whole = last(spec)
    # as if stopped: the schedule is that of the whole training
    part = next(s for s in _every_step(spec) if s.step == stop)
    tensors, meta = part.resume_state()
    gone_on = next(
        s for s in _every_step(spec, (tensors, json.loads(json.dumps(meta)))) if s.step == 100
    )
    assert same(last(spec, gone_on.resume_state()), whole)
    assert last(spec, gone_on.resume_state()).seconds > gone_on.seconds


def _every_step(spec, resume=None):
    """States after every step, by a clock that finds each of them due."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("explorer.training.train.BETWEEN", -1.0)
        yield from train(spec, resume, "cpu")


def test_going_on_longer_and_with_another_rate():
    begun = last(with_config(SMALL, steps=100, schedule="constant"))
    longer = with_config(SMALL, steps=200, schedule="constant")
    assert same(last(longer, begun.resume_state()), last(longer))
    slower = last(with_config(longer, lr=1e-5), begun.resume_state())
    assert slower.lr == 1e-5
    moved = slower.resume_state()[0]["parameters"] - begun.resume_state()[0]["parameters"]
    assert 0 < float(moved.abs().max()) <= 100 * 1e-5 * 10  # Adam's steps are about lr each
    assert last(longer, last(longer).resume_state()).step == 200


def test_a_state_that_was_handed_out_stays_as_it_was():
    states = list(_every_step(with_config(SMALL, steps=70)))
    kept = [(s, {n: v.clone() for n, v in s.resume_state()[0].items()}) for s in states[:3]]
    assert [s.step for s in states] == list(range(1, 71))
    for state, before in kept:
        assert all(torch.equal(v, before[n]) for n, v in state.resume_state()[0].items())
    assert all(a.seconds < b.seconds for a, b in pairwise(states))


def test_a_seed_decides_the_weights_and_the_global_seed_does_not():
    spec = with_config(SMALL, steps=20)
    torch.manual_seed(1)
    one = last(spec)
    torch.manual_seed(2)
    assert same(one, last(spec))
    other = last(replace(spec, seed=1)).weights()
    assert not any(torch.equal(w, other[name]) for name, w in one.weights().items() if w.ndim)


def test_the_losses_are_those_of_the_definition():
    spec = with_config(SMALL, steps=1, batch=512, target="x0", weighting="min-snr")
    data = training_data(spec, None, Generator().manual_seed(0), None)
    network, process = build_network(spec, 2, float(data.scale))
    initialise(network, Generator().manual_seed(0))
    cpu = torch.device("cpu")
    block = draw_block(data, network, process, spec.config, Generator().manual_seed(1), cpu)

    rng = Generator().manual_seed(1)
    x0 = data.draw(len(block), rng)
    t = TIMES["log-normal"]
    u = t.draw(len(block), 512, rng).flatten()
    time = t.at(process, u, spec.config.t_min, 0)
    eps = torch.randn(x0.shape, generator=rng)
    alpha, sigma = process.alpha(time)[:, None].float(), process.sigma(time)[:, None].float()
    out = network(alpha * x0 + sigma * eps, time)
    weight = (5 * sigma**2 / alpha**2).clamp_max(1)[:, 0]
    expected = weight * squared_error("x0", out, x0, eps, alpha, sigma)
    own = block.weight * (network.body(block.inputs) - block.target).square().mean(dim=2)
    torch.testing.assert_close(own.flatten(), expected, rtol=1e-4, atol=1e-5)
    slope = 2 * block.weight / (512 * 2)
    torch.testing.assert_close(block.slope[:, :, 0], slope)


def test_the_flat_optimiser_is_adam():
    torch.manual_seed(0)
    mine, theirs = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    theirs.load_state_dict(mine.state_dict())
    adam, reference = FlatAdam(mine), torch.optim.Adam(theirs.parameters(), 0.01)
    x = torch.randn(8, 3)
    for count in range(1, 20):
        adam.gradient.zero_()
        for model in (mine, theirs):
            model(x).square().mean().backward()
        adam.step(0.01, count, half_life=0.0)
        reference.step()
        reference.zero_grad()
    torch.testing.assert_close(mine.weight, theirs.weight)
    assert torch.equal(adam.mean, adam.parameters)


def test_the_mean_weights_forget_by_halves():
    network = torch.nn.Linear(1, 1)
    adam = FlatAdam(network)
    adam.mean.zero_()
    adam.parameters.fill_(1.0)
    for count in range(1000, 1010):
        adam.step(0.0, count, half_life=10.0)
    torch.testing.assert_close(adam.mean, torch.full((2,), 0.5))


def test_the_cosine_ends_at_nothing():
    config = TrainConfig(steps=100, lr=0.5)
    assert learning_rate(config, 0) == 0.5
    assert learning_rate(config, 50) == pytest.approx(0.25)
    assert learning_rate(config, 100) == pytest.approx(0)
    assert learning_rate(replace(config, schedule="constant"), 99) == 0.5


def test_a_training_set_is_kept_and_whole_batches_are_all_of_it():
    points = torch.arange(12.0).reshape(6, 2)
    spec = with_config(SMALL, data_size=6, batch=0, steps=2, standardise=False)
    data = training_data(spec, points, Generator().manual_seed(0), None)
    batches = data.draw(2, Generator()).reshape(2, 6, 2)
    assert torch.equal(batches.sort(dim=1).values, points.expand(2, 6, 2))
    plain = training_data(with_config(spec, times="uniform"), points, Generator(), None)
    assert torch.equal(plain.draw(2, Generator()), points.repeat(2, 1))
    some = training_data(with_config(spec, batch=4), points, Generator(), None)
    drawn = some.draw(50, Generator().manual_seed(0))
    assert {tuple(row) for row in drawn.tolist()} == {tuple(row) for row in points.tolist()}
    one = last(with_config(TUTORIAL, steps=2, data_size=50))
    tensors = one.resume_state()[0]
    assert float(tensors["scale"]) == 1
    assert last(spec, points=points).step == 2


def test_points_of_any_dimension_take_the_distributions_place():
    points = 3 + 2 * torch.randn(200, 5, generator=Generator().manual_seed(0))
    model = last(with_config(SMALL, steps=20), points=points).model()
    torch.testing.assert_close(model.centre, points.mean(dim=0))
    assert model.scale == pytest.approx(2, rel=0.1)
    assert model.score(points, torch.tensor(0.5)).shape == (200, 5)


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("chain", [0, 10])
def test_times_are_in_range_and_fall_evenly_between_the_edges(name, chain):
    process = PROCESSES["ddpm"].build()
    times = TIMES[name]
    u = times.draw(50, 200, Generator().manual_seed(0)).flatten()
    t = times.at(process, u, 0.01, chain)
    assert float(t.min()) >= 0.01
    assert float(t.max()) <= process.t_max
    if chain:
        assert set(t.tolist()) == set(process.grid(10)[:-1].tolist())
        return
    edges = History(TrainConfig(times=name, t_min=0.01), process).edges
    counts = torch.histogram(t, edges).hist / len(t)
    # binomial shares of 1/20 in 10,000 draws, five standard deviations
    assert float((counts - 1 / BINS).abs().max()) < 5 * math.sqrt(1 / BINS / len(t))


def test_a_chain_is_asked_at_the_levels_that_were_chosen():
    process = PROCESSES["ddpm"].build()
    u = torch.linspace(0.005, 0.995, 199, dtype=torch.float64)
    level, even = (TIMES[name].at(process, u, 1e-3, 500) for name in ("log-normal", "stratified"))
    exact = TIMES["log-normal"].at(process, u, 1e-3, 0)
    inside = exact > 1 / 500  # below it the first of the chain is the nearest
    assert float((level - exact)[inside].abs().max()) <= 0.5 / 500 + 1e-12
    assert float((level - even).abs().max()) > 0.1
    assert torch.equal(even, process.grid(500)[:-1].flip(0)[(u * 500).long()])


@pytest.mark.parametrize("times", TIMES)
def test_where_a_batch_is_the_whole_set_no_point_keeps_its_noise_level(times):
    """Stratified times come in order, and so did the points."""
    spec = with_config(SMALL, data_size=200, batch=0, times=times)
    data = training_data(spec, None, Generator().manual_seed(0), None)
    network, process = build_network(spec, 2, 1.0)
    rng = Generator().manual_seed(1)
    block = draw_block(data, network, process, spec.config, rng, torch.device("cpu"))
    order = data.draw(len(block), Generator().manual_seed(1)).reshape(len(block), 200, 2)
    first = (order == order[0, 0]).all(dim=2)
    levels = torch.stack([block.bins[k][first[k]][0] for k in range(len(block))])
    assert len(levels.unique()) > 10  # of 20, in 64 steps


def test_stratified_batches_have_one_time_in_each_share():
    u = TIMES["stratified"].draw(3, 100, Generator().manual_seed(0))
    assert torch.equal((100 * u).floor(), torch.arange(100.0).double().expand(3, 100))


def test_loss_by_time_is_the_mean_in_each_bin():
    history = History(TrainConfig(steps=10), PROCESSES["cosine"].build())
    bins = torch.tensor([[0, 0, 3, 19]])
    history.add(torch.tensor([[1.0, 3.0, 5.0, 7.0]]), bins, 1.0)
    assert history.by_time[[0, 3, 19]].tolist() == [2.0, 5.0, 7.0]
    assert int(history.by_time.isnan().sum()) == 17
    assert float(history.losses[0]) == 4.0


def test_a_rate_beyond_all_measure_diverges():
    spec = with_config(MOONS, steps=400, lr=1.0, batch=64)
    with pytest.raises(Diverged, match=r"at step \d+.*smaller learning rate"):
        last(spec)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_diverges(value):
    history = History(TrainConfig(steps=10), PROCESSES["cosine"].build())
    with pytest.raises(Diverged, match="left all bounds at step 1"):
        history.add(torch.tensor([[1.0, value]]), torch.zeros(1, 2).long(), 1.0)


def test_states_and_weights_that_do_not_fit_are_refused():
    state = last(with_config(SMALL, steps=2))
    tensors, meta = state.resume_state()
    with pytest.raises(ValueError, match="the state holds"):
        last(SMALL, ({}, meta))
    with pytest.raises(ValueError, match="mean of the state is not finite"):
        last(SMALL, ({**tensors, "mean": tensors["mean"] / 0}, meta))
    with pytest.raises(ValueError, match="go on with the network"):
        last(with_config(DEFAULT, steps=4), (tensors, meta))
    with pytest.raises(ValueError, match="random numbers cannot be gone on with"):
        last(SMALL, ({**tensors, "rng": torch.zeros(3)}, meta))
    with pytest.raises(ValueError, match="began with 2 coordinates and the data have 1"):
        last(replace(SMALL, distribution=DistributionSpec("normal-1d")), (tensors, meta))
    weights = state.weights()
    assert {name: tuple(w.shape) for name, w in weights.items()} == weight_shapes(SMALL)
    with pytest.raises(ValueError, match=r"do not fit their spec: network\.first\.bias"):
        Model.of(DEFAULT, weights)
    with pytest.raises(ValueError, match="centre has the shape None"):
        Model.of(SMALL, {name: w for name, w in weights.items() if name != "centre"})


@pytest.mark.parametrize("spec", [SKIP, SCRATCH_1D])
def test_weights_go_through_a_model_and_back(spec):
    state = last(with_config(spec, steps=2, batch=32))
    model = state.model()
    for name, tensor in model.network.state_dict().items():
        assert torch.equal(tensor, state.weights()[f"network.{name}"])
