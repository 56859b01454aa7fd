"""A distribution at many noise levels at once says what it says at each alone."""

import pytest
import torch
from torch import Generator

from explorer.contest import common_start, first_states
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.noising import noised_at
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.trajectory import exact_score

LEVELS = [(1 - 0.09 * i, 0.02 + 0.1 * i) for i in range(11)]


@pytest.mark.parametrize("name", ["ring", "moons", "spiral", "checkerboard", "points", "ramp-1d"])
def test_many_levels_at_once_are_each_level_alone(name: str) -> None:
    data = DISTRIBUTIONS[name].build()
    x = torch.randn(30, data.dim, generator=Generator().manual_seed(0))
    together = noised_at(data, LEVELS)
    assert len(together) == len(LEVELS)
    for (alpha, sigma), found in zip(LEVELS, together, strict=True):
        alone = data.noised(alpha, sigma)
        torch.testing.assert_close(found.score(x), alone.score(x), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found.log_prob(x), alone.log_prob(x), rtol=1e-4, atol=1e-4)


def test_a_score_told_its_times_is_the_score() -> None:
    data, process = DISTRIBUTIONS["ring"].build(), PROCESSES["ddpm"].build()
    ts = process.grid(10)
    told, asked = exact_score(data, process, ts), exact_score(data, process)
    x = torch.randn(30, 2, generator=Generator().manual_seed(0))
    for t in (*ts[:-1], torch.tensor(0.123, dtype=torch.float64)):
        torch.testing.assert_close(told(x, t), asked(x, t), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("in_one_mode", [True, False])
def test_chains_begin_where_the_contest_begins_whatever_the_process(in_one_mode: bool) -> None:
    data = DISTRIBUTIONS["ring"].build()
    x0, _ = first_states(data, in_one_mode, 20, Generator().manual_seed(3))
    for name in ("ddpm", "ve"):
        rng = Generator().manual_seed(3)
        start = common_start(data, PROCESSES[name].build(), in_one_mode, 20, rng)
        assert torch.equal(start.x0, x0)
