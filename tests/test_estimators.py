"""Histogram and kernel estimate against scipy and NumPy, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import gaussian_kde
from torch import Generator, Tensor

from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.estimators import (
    cross_validated,
    histogram,
    kernel_density,
    leave_one_out,
    scott,
    silverman,
)
from explorer.figures.density import Drawn, curves_chart
from explorer.figures.density_panes import panes_chart


def points(name: str, n: int, seed: int = 0) -> Tensor:
    return DISTRIBUTIONS[name].build().sample(n, Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ["mixture-1d", "tutorial"])
@pytest.mark.parametrize("rule", ["scott", "silverman", 0.15])
def test_kernels_are_scipys(name, rule):
    x, at = points(name, 300), points(name, 50, seed=1)
    known = gaussian_kde(x.double().numpy().T, bw_method=rule)
    rules = {"scott": scott, "silverman": silverman}
    factor = rules[rule](*x.shape) if rule in rules else rule
    assert factor == pytest.approx(known.factor)
    ours = kernel_density(x, factor).log_prob(at)
    assert np.allclose(ours, known.logpdf(at.double().numpy().T), atol=2e-4)


def test_draws_of_kernels_have_the_moments_of_points_and_kernel():
    x = points("tutorial", 400).double()
    made = kernel_density(x.float(), 0.5)
    drawn = made.sample(40_000, Generator().manual_seed(2)).double()
    wanted = torch.cov(x.T, correction=0) + 0.25 * torch.cov(x.T)
    assert torch.allclose(drawn.mean(0), x.mean(0), atol=4 * float(wanted.max() / 40_000) ** 0.5)
    assert torch.allclose(torch.cov(drawn.T), wanted, rtol=0.04, atol=0.03)


@pytest.mark.parametrize("name", ["mixture-1d", "tutorial"])
def test_the_counts_are_numpys(name):
    x = points(name, 500)
    made = histogram(x, 7)
    lows, highs = x.double().amin(0), x.double().amax(0)
    edges = [np.linspace(a, b, 8) for a, b in zip(lows.tolist(), highs.tolist(), strict=True)]
    assert np.array_equal(made.counts, np.histogramdd(x.double().numpy(), edges)[0])
    assert float(made.counts.sum()) == 500


def test_scotts_width_is_numpys_in_one_dimension():
    x = points("mixture-1d", 700)
    edges = np.histogram_bin_edges(x[:, 0].double().numpy(), "scott")
    assert histogram(x).bins == (len(edges) - 1,)


def test_a_histograms_density_by_hand():
    x = torch.tensor([[0.0], [0.1], [0.2], [1.0]])
    made = histogram(x, 2)
    spread = 2 * float(x.double().std())
    mean = float(x.mean())
    for at, count in ((0.25, 3), (0.75, 1), (1.0, 1), (5.0, 0)):
        bell = math.exp(-0.5 * ((at - mean) / spread) ** 2) / (spread * (2 * math.pi) ** 0.5)
        wanted = math.log((count / 0.5 + bell) / 5)
        assert float(made.log_prob(torch.tensor([[at]]))[0]) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("make", [histogram, lambda x: kernel_density(x, scott(*x.shape))])
@pytest.mark.parametrize("name", ["mixture-1d", "tutorial"])
def test_an_estimate_integrates_to_one_and_its_draws_follow_it(make, name):
    x = points(name, 400)
    made = make(x)
    dim = x.shape[1]
    reach = 6 * float(x.std()) + float(x.abs().max())
    axis = torch.linspace(-reach, reach, 4001 if dim == 1 else 401)
    mesh = torch.cartesian_prod(*[axis] * dim).reshape(-1, dim)
    cell = float(axis[1] - axis[0]) ** dim
    density = made.log_prob(mesh).double().exp()
    assert float(density.sum() * cell) == pytest.approx(1, abs=0.02)
    drawn = made.sample(20_000, Generator().manual_seed(3)).double()
    mean = (density[:, None] * mesh).sum(0) * cell
    error = drawn.std(dim=0) / 20_000**0.5
    assert float(((drawn.mean(0) - mean) / error).abs().max()) < 4 + 0.02 / float(error.min())


def test_leaving_one_out_by_hand():
    x = points("tutorial", 30)
    found = leave_one_out(x, [0.3, 0.8])
    root = torch.linalg.cholesky(torch.cov(x.double().T))
    for factor, mean in zip((0.3, 0.8), found.tolist(), strict=True):
        logs = []
        for i in range(30):
            others = torch.cat([x[:i], x[i + 1 :]]).double()
            kernel = torch.distributions.MultivariateNormal(others, scale_tril=factor * root)
            logs.append(float(kernel.log_prob(x[i].double()).logsumexp(0)) - math.log(29))
        assert mean == pytest.approx(sum(logs) / 30, abs=1e-4)


def test_the_cross_validated_bandwidth_serves_thin_curves_better_than_scotts():
    x, test = points("moons", 500), points("moons", 1000, seed=9)
    width = cross_validated(x)
    assert width < 0.5 * scott(*x.shape)
    ours, rule = (kernel_density(x, f).log_prob(test).mean() for f in (width, scott(*x.shape)))
    assert float(ours) > float(rule) + 0.3


@pytest.mark.parametrize("name", ["mixture-1d", "moons"])
def test_no_estimate_does_better_than_the_truth_on_new_draws(name):
    data, x, test = DISTRIBUTIONS[name].build(), points(name, 500), points(name, 4000, seed=9)
    for made in (histogram(x), kernel_density(x, cross_validated(x))):
        gap = (data.log_prob(test) - made.log_prob(test)).double()
        assert float(gap.mean()) > 2 * float(gap.std()) / 4000**0.5


def test_what_cannot_be_is_refused():
    x = points("tutorial", 5)
    with pytest.raises(ValueError, match="above 0"):
        kernel_density(x, 0.0)
    with pytest.raises(ValueError, match="no spread"):
        kernel_density(torch.zeros(5, 2), 0.3)
    with pytest.raises(ValueError, match="1 or more"):
        histogram(x, -1)


def test_panes_share_one_scale_that_ends_at_the_truths_peak():
    axis = np.linspace(-1, 1, 4)
    drawn = [Drawn("truth", "Truth", np.zeros(16)), Drawn("kernel", "Kernels", np.ones(16))]
    chart = panes_chart(axis, drawn, np.zeros((3, 2)), height=400)
    heat = [trace for trace in chart.data if trace.type == "heatmap"]
    assert {trace.coloraxis for trace in heat} == {"coloraxis"}
    assert chart.layout.coloraxis.cmax == pytest.approx(1.0)
    assert np.allclose(heat[1].z, math.e)
    line = curves_chart(axis, drawn_1d(), np.zeros(3), height=400)
    assert [trace.name for trace in line.data] == ["Truth", "Histogram", "training points"]


def drawn_1d() -> list[Drawn]:
    return [Drawn("truth", "Truth", np.zeros(4)), Drawn("histogram", "Histogram", np.zeros(4))]
