"""With the exact score every sampler gives back the mixture; noise left out does not.

Particles start from the true distribution at t_max, so that only the sampler is judged.
"""

import math

import pytest
import torch
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.shapes import tutorial_mixture
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import exact_score, sample
from explorer.metrics import mode_coverage, within_modes

N = 3000
STEPS = {"sde": 200, "ddpm": 200, "ddpm-posterior": 200, "pc": 200}
OPTIONS = {"ddim": [{"eta": 0.0}, {"eta": 1.0}], "pc": [{"snr": 0.05}, {"snr": 0.16}]}
RUNS = [
    (name, options, process)
    for name in SAMPLERS
    if name != "no-noise"
    for options in OPTIONS.get(name, [{}])
    for process in PROCESSES
]


def end_of(distribution, process, name: str, options=None, count: int = 100) -> Tensor:
    entry = SAMPLERS[name]
    t = torch.tensor(process.t_max, dtype=torch.float64)
    x = distribution.noised(process.alpha(t), process.sigma(t)).sample(
        N, Generator().manual_seed(0)
    )
    ts = entry.grid(process, count)
    score = exact_score(distribution, process)
    with torch.inference_mode():
        return sample(process, score, entry.build(options), x, ts, Generator().manual_seed(1))


@pytest.mark.parametrize(("name", "options", "process_name"), RUNS, ids=str)
def test_samplers_give_back_mean_and_covariance(name, options, process_name):
    mixture, process = tutorial_mixture(), PROCESSES[process_name].build()
    x = end_of(mixture, process, name, options, STEPS.get(name, 100)).double()
    centred = x - mixture.mean
    error = (mixture.covariance.diagonal() / N).sqrt()
    assert (centred.mean(dim=0).abs() < 4 * error).all()
    # fourth moments of the mixture itself: Var[(xᵢ − mᵢ)(xⱼ − mⱼ)]/n from many true draws
    true = mixture.sample(200_000, Generator().manual_seed(2)).double() - mixture.mean
    error = torch.einsum("nd,ne->nde", true, true).std(dim=0) / math.sqrt(N)
    covariance = centred.T @ centred / N
    assert ((covariance - mixture.covariance).abs() < 4 * error).all()


@pytest.mark.parametrize("name", ["ve", "ddpm", "cosine", "edm", "straight"])
def test_noise_left_out_collapses_onto_the_centres(name):
    blobs, process = DISTRIBUTIONS["blobs"].build({"std": 0.5}), PROCESSES[name].build()
    x = end_of(blobs, process, "no-noise", count=200)
    assert within_modes(x, blobs) < 0.3 * (2 * 0.5**2)
    assert within_modes(end_of(blobs, process, "ddim"), blobs) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("name", ["ve", "ddpm"])
@pytest.mark.parametrize("sampler", ["sde", "ddpm", "ddim", "dpm"])
def test_modes_keep_their_shares(name, sampler):
    mixture, process = DISTRIBUTIONS["mixture-1d"].build(), PROCESSES[name].build()
    share = mode_coverage(end_of(mixture, process, sampler, count=200), mixture).shares[0]
    assert abs(share - 0.3) < 4 * math.sqrt(0.3 * 0.7 / N)


def test_exact_score_of_points_memorises_them():
    points, process = DISTRIBUTIONS["points"].build(), PROCESSES["ddpm"].build()
    x = end_of(points, process, "ddim", count=50)
    nearest = torch.cdist(x.double(), points.means).min(dim=1).values
    assert float(nearest.median()) < 0.01
    assert mode_coverage(x, points).found == 12
