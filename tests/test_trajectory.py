"""The one loop: shapes, counts, randomness and the forward paths."""

import itertools
import math

import pytest
import torch
from torch import Generator

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.process import Process, expand
from explorer.diffusion.processes import PROCESSES, LambdaVE, LinearDDPM
from explorer.diffusion.samplers import SAMPLERS, race, race_together
from explorer.diffusion.trajectory import exact_score, forward, sample, simulate, walk

every_sampler = pytest.mark.parametrize("name", SAMPLERS)
every_process = pytest.mark.parametrize("process_name", PROCESSES)


def gaussian_score(process: Process, mean: float = 0.5, std: float = 0.8):
    """The exact score of a Gaussian of any shape."""

    def score(x, t):
        alpha, sigma = expand(process.alpha(t), x), expand(process.sigma(t), x)
        return (alpha * mean - x) / (alpha**2 * std**2 + sigma**2)

    return score


@every_sampler
@pytest.mark.parametrize("shape", [(6, 1), (6, 2), (6, 3, 8, 8), (6,)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_sampler_runs_on_every_shape(name, shape, dtype):
    process, entry = LinearDDPM(100), SAMPLERS[name]
    x = process.prior(shape, Generator().manual_seed(0)).to(dtype)
    runs = [
        race(entry, entry.build(), process, gaussian_score(process), x, 10, seed)
        for seed in (1, 1, 2)
    ]
    path = runs[0]
    assert path.xs.shape == (len(path.ts), *shape)
    assert path.steps == len(path.ts) - 1
    assert path.xs.dtype == dtype
    assert path.xs.isfinite().all()
    assert torch.equal(path.xs[0], x)
    assert torch.equal(path.xs, runs[1].xs)
    assert torch.equal(path.xs, runs[2].xs) != entry.stochastic
    if not entry.adaptive:
        assert path.steps == 10
        assert path.x0_hats.shape == (10, *shape)
        assert path.x0_hats.dtype == dtype


@every_sampler
def test_cost_is_what_the_entry_says(name):
    """A full step costs `cost`; the last, to no noise, needs no second look."""
    process, entry = LinearDDPM(100), SAMPLERS[name]
    x = process.prior((4, 2), Generator().manual_seed(0))
    path = race(entry, entry.build(), process, gaussian_score(process), x, 10, 0)
    if entry.adaptive:
        assert path.evaluations > 6
    else:
        assert path.evaluations == 10 * entry.cost - (entry.cost - 1)


@every_sampler
@pytest.mark.parametrize("most", [2, 4, 9, 100])
def test_few_states_are_those_of_all_evenly_over_the_steps(name, most):
    process, entry = LinearDDPM(100), SAMPLERS[name]
    x = process.prior((6, 2), Generator().manual_seed(0))
    given = (entry, entry.build(), process, gaussian_score(process), x, 10, 0)
    whole, few = race(*given), race(*given, most=most)
    assert few.taken == whole.steps
    assert few.evaluations == whole.evaluations
    assert few.steps == min(most - 1, whole.steps)
    places = [whole.ts.tolist().index(t) for t in few.ts.tolist()]
    assert torch.equal(few.xs, whole.xs[places])
    assert places[0] == 0
    assert places[-1] == whole.steps
    gaps = [b - a for a, b in itertools.pairwise(places)]
    assert max(gaps) - min(gaps) <= 1
    assert few.x0_hats is None


@every_sampler
@every_process
@pytest.mark.parametrize("count", [1, 2])
def test_every_sampler_runs_on_every_process(name, process_name, count):
    process, entry = PROCESSES[process_name].build(), SAMPLERS[name]
    x = process.prior((8, 2), Generator().manual_seed(0))
    path = race(entry, entry.build(), process, gaussian_score(process), x, count, 0)
    assert path.xs.isfinite().all()


EXTREME_PROCESSES = [
    (name, {param.name: value})
    for name, entry in PROCESSES.items()
    for param in entry.params
    for value in (param.low, param.high)
]


@every_sampler
@pytest.mark.parametrize(("process_name", "values"), EXTREME_PROCESSES, ids=str)
def test_every_sampler_stays_finite_at_the_ends_of_every_parameter(name, process_name, values):
    process, entry = PROCESSES[process_name].build(values), SAMPLERS[name]
    x = process.prior((8, 2), Generator().manual_seed(0))
    path = race(entry, entry.build(), process, gaussian_score(process), x, 40, 0)
    assert path.xs.isfinite().all()
    assert path.x0_hats is None or path.x0_hats.isfinite().all()


@every_sampler
def test_every_sampler_builds_at_both_ends_of_its_parameters(name):
    process, entry = LambdaVE(10.0), SAMPLERS[name]
    for param in entry.params:
        for value in (param.low, param.high, *param.choices):
            step = entry.build({param.name: value})
            x = process.prior((4, 2), Generator().manual_seed(0))
            path = race(entry, step, process, gaussian_score(process), x, 4, 0)
            assert path.xs.isfinite().all()


def test_loop_forms_agree():
    """`walk`, `simulate` and `sample` take one path."""
    process, step = LinearDDPM(50), SAMPLERS["ddpm"].build()
    x, score, ts = (
        torch.randn(4, 2, generator=Generator()),
        gaussian_score(process),
        process.grid(50),
    )
    path = simulate(process, score, step, x, ts, Generator().manual_seed(1))
    end = sample(process, score, step, x, ts, Generator().manual_seed(1))
    walked = list(walk(process, score, step, x, ts, Generator().manual_seed(1)))
    assert torch.equal(path.xs[-1], end)
    assert torch.equal(torch.stack([r.x for _, r in walked]), path.xs[1:])
    assert torch.equal(torch.stack([s for s, _ in walked]), path.ts[1:])
    assert torch.equal(torch.stack([r.info["x0_hat"] for _, r in walked]), path.x0_hats)


def test_the_last_estimate_of_a_flow_is_where_it_ends():
    process = LinearDDPM(50)
    x = process.prior((4, 2), Generator().manual_seed(0))
    path = race(
        SAMPLERS["ddim"], SAMPLERS["ddim"].build(), process, gaussian_score(process), x, 9, 0
    )
    torch.testing.assert_close(path.x0_hats[-1], path.xs[-1])


@pytest.mark.parametrize(("label", "process"), [(n, e.build()) for n, e in PROCESSES.items()])
@pytest.mark.parametrize("count", [3, 60])
def test_forward_paths_have_the_right_marginals_on_any_grid(label, process, count):
    ring, n = DISTRIBUTIONS["ring"].build(), 8000
    ts = process.t_max * torch.linspace(0, 1, count + 1, dtype=torch.float64)
    x0 = ring.sample(n, Generator().manual_seed(0))
    path = forward(process, x0, ts, Generator().manual_seed(1))
    assert torch.equal(path.xs[0], x0)
    assert path.xs.dtype == torch.float32
    for t, x in zip(ts[1 :: max(1, count // 3)], path.xs[1 :: max(1, count // 3)], strict=True):
        marginal = ring.noised(process.alpha(t), process.sigma(t))
        centred = x.double() - marginal.mean
        error = (marginal.covariance.diagonal() / n).sqrt()
        assert (centred.mean(dim=0).abs() < 4.5 * error).all()
        products = torch.einsum("nd,ne->nde", centred, centred)
        error = products.std(dim=0) / math.sqrt(n)
        assert ((products.mean(dim=0) - marginal.covariance).abs() < 4.5 * error).all()


def test_forward_paths_have_independent_increments():
    process = LambdaVE(1.0)
    ts = torch.linspace(0, 1, 5, dtype=torch.float64)
    path = forward(process, torch.zeros(20_000, 1), ts, Generator().manual_seed(0))
    increments = path.xs.diff(dim=0)[:, :, 0]
    torch.testing.assert_close(
        torch.cov(increments), 0.25 * torch.eye(4), rtol=0, atol=4.5 * 0.25 * math.sqrt(2 / 20_000)
    )


def test_exact_score_is_that_of_the_diffused_distribution():
    ring, process = DISTRIBUTIONS["ring"].build(), LinearDDPM()
    t = torch.tensor(0.3, dtype=torch.float64)
    x = torch.randn(20, 2, generator=Generator().manual_seed(0), dtype=torch.float64)
    expected = ring.noised(process.alpha(t), process.sigma(t)).score(x)
    torch.testing.assert_close(exact_score(ring, process)(x, t), expected, rtol=1e-12, atol=1e-12)


@every_process
@pytest.mark.parametrize("names", [list(SAMPLERS), ["ddpm", "heun", "pc", "edm", "ddim"]], ids=len)
def test_samplers_in_lock_step_go_as_each_alone(process_name, names):
    """Where their grids differ, too; all samplers, those among them that ask more than once."""
    process = PROCESSES[process_name].build()
    score = exact_score(DISTRIBUTIONS["tutorial"].build(), process)
    x = process.prior((40, 2), Generator().manual_seed(0)).double()
    entries = [SAMPLERS[name] for name in names]
    together = race_together(entries, process, score, x, 12, 3)
    for entry, found in zip(entries, together, strict=True):
        alone = race(entry, entry.build(), process, score, x, 12, 3)
        assert found.evaluations == alone.evaluations
        torch.testing.assert_close(found.ts, alone.ts)
        torch.testing.assert_close(found.xs, alone.xs, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(found.x0_hats, alone.x0_hats, rtol=1e-9, atol=1e-9)


def test_samplers_in_lock_step_ask_once_for_all_of_them():
    process, asked = LinearDDPM(100), []
    score = exact_score(DISTRIBUTIONS["tutorial"].build(), process)

    def counting(x, t):
        asked.append(len(x))
        return score(x, t)

    x = process.prior((7, 2), Generator().manual_seed(0))
    entries = [SAMPLERS[name] for name in ("ddpm", "ddim", "no-noise")]
    race_together(entries, process, counting, x, 10, 0)
    assert asked == [7] + 9 * [21]
