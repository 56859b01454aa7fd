"""Orders of convergence on a Gaussian, whose probability flow is known in closed form."""

import math

import pytest
import torch
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.diffusion import flows, steps
from explorer.diffusion.process import Process
from explorer.diffusion.processes import EDM, CosineVP, LambdaVE, StraightPath
from explorer.diffusion.trajectory import exact_score, sample, simulate
from explorer.metrics import Truth

MEAN, STD = 1.5, 0.7
GAUSSIAN = GaussianMixture.isotropic(torch.ones(1), torch.tensor([[MEAN]]), STD)
PROCESSES = [LambdaVE(10.0), LambdaVE(0.5), CosineVP(), StraightPath(), EDM(sigma_max=20.0)]


def flow(process: Process, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Where the probability flow takes x from t to s: it keeps x's distance in deviations."""
    spread_t, spread_s = (
        (process.alpha(u) ** 2 * STD**2 + process.sigma(u) ** 2).sqrt() for u in (t, s)
    )
    return process.alpha(s) * MEAN + spread_s / spread_t * (x - process.alpha(t) * MEAN)


def error(process: Process, step, count: int) -> float:
    """Largest error at t = 0.05 from 0.9 in `count` even steps; both ends away from the edges."""
    ts = torch.linspace(0.9, 0.05, count + 1, dtype=torch.float64)
    spread = float(process.sigma(ts[0]))
    x = spread * torch.linspace(-2, 2, 21, dtype=torch.float64)[:, None]
    score = exact_score(GAUSSIAN, process)
    end = sample(process, score, step, x, ts, Generator().manual_seed(0))
    return float((end - flow(process, x, ts[0], ts[-1])).abs().max())


def order(process: Process, step, count: int) -> float:
    return math.log2(error(process, step, count) / error(process, step, 2 * count))


every_process = pytest.mark.parametrize("process", PROCESSES, ids=repr)


@every_process
def test_euler_is_of_first_order(process):
    assert 0.85 < order(process, flows.euler(), 200) < 1.15


@every_process
def test_ddim_is_of_first_order(process):
    assert 0.85 < order(process, steps.ddim(), 200) < 1.15


@every_process
@pytest.mark.parametrize("step", [flows.heun(), steps.edm(0.0)], ids=["heun", "edm"])
def test_heun_is_of_second_order(process, step):
    assert 1.8 < order(process, step, 100) < 2.4


@every_process
def test_dpm_solver_is_of_second_order(process):
    assert 1.7 < order(process, steps.dpm_solver_2m(), 200) < 2.4


@every_process
def test_adaptive_solver_obeys_its_tolerance(process):
    errors = [error(process, flows.rk45(rtol), 1) for rtol in (1e-3, 1e-5, 1e-7)]
    assert errors[0] > 5 * errors[1] > 25 * errors[2]
    # per step and absolute; the flow contracts, so a few dozen steps add up to little
    assert errors[1] < 1e-5 * 30 * max(1.0, float(process.sigma(torch.tensor(0.9))))


@every_process
def test_adaptive_solver_takes_the_whole_way_to_the_data(process):
    ts = process.grid(1)
    x = process.prior((50, 1), Generator().manual_seed(0)).double()
    path = simulate(
        process, exact_score(GAUSSIAN, process), flows.rk45(1e-6, 1e-3), x, ts, Generator()
    )
    assert float(path.ts[0]) == process.t_max
    assert float(path.ts[-1]) == 0
    assert (path.ts.diff() < 0).all()
    assert path.xs.shape == (len(path.ts), 50, 1)
    assert path.x0_hats is None
    middle = len(path.ts) // 2
    expected = flow(process, x, ts[0], path.ts[middle])
    torch.testing.assert_close(path.xs[middle], expected, rtol=1e-4, atol=1e-4)
    # the last thousandth of the way is x̂_0, right to O(σ²)
    expected = flow(process, x, ts[0], ts[1])
    last = float(process.sigma(path.ts[-2])) / STD
    torch.testing.assert_close(path.xs[-1], expected, rtol=last**2, atol=4 * last**2)


@pytest.mark.parametrize("process", [LambdaVE(10.0), EDM(), CosineVP()])
def test_rk45_keeps_the_spread_of_narrow_modes(process):
    """What noise is left at its end becomes a mean, and a mode's spread with it."""
    data = DISTRIBUTIONS["blobs"].build({"std": 0.05})
    truth = Truth.of(data, 1000)
    start = process.prior((1000, 2), Generator().manual_seed(1))
    score = exact_score(data, process)
    run = simulate(process, score, flows.rk45(1e-5), start, process.grid(1), Generator())
    assert truth.spread(run.xs[-1]) == pytest.approx(1, abs=4 * (2 / 2000) ** 0.5)
