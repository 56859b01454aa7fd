"""Small pictures of samples, judged by their pixels."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from explorer.data.distributions import DISTRIBUTIONS
from explorer.figures.stamps import SIDE, stamp


def painted(data: bytes) -> np.ndarray:
    """(H, W) how opaque each pixel is, from 0 to 1."""
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (SIDE, SIDE)
    return np.asarray(picture)[..., 3] / 255


def draws(name: str, count: int = 1000) -> tuple:
    data = DISTRIBUTIONS[name].build()
    return data, data.sample(count, torch.Generator().manual_seed(1))


def test_points_lie_where_the_samples_do_with_y_upward():
    data, _ = draws("tutorial")
    corner = torch.tensor([[1.0, 1.0]]).repeat(50, 1) + 0.05 * torch.randn(
        50, 2, generator=torch.Generator().manual_seed(0)
    )
    rows, columns = np.nonzero(painted(stamp(data, corner)) > 0.3)
    other = np.nonzero(painted(stamp(data, corner - torch.tensor([0.0, 2.0]))) > 0.3)[0]
    assert other.mean() > rows.mean() + 5
    assert np.ptp(columns) < SIDE / 4


def test_a_ground_stays_clear_and_a_shape_is_seen():
    data, x = draws("moons")
    seen = painted(stamp(data, x)) > 0.3
    assert 0.02 < seen.mean() < 0.6
    assert not seen[0].any()
    assert not seen[:, 0].any()


def test_the_bars_of_a_histogram_follow_the_density():
    data, x = draws("mixture-1d", 20_000)
    columns = (painted(stamp(data, x)) > 0.5).sum(axis=0)
    heights = columns.reshape(-1, 3).max(axis=1)  # a bar is three pixels wide, with its gap
    low, high = data.sample(2000, torch.Generator().manual_seed(0)).quantile(
        torch.tensor([0.002, 0.998]), dim=0
    )
    centre, half = float((low + high) / 2), 0.62 * float(high - low)
    at = centre + half * np.linspace(-1, 1, len(heights))
    density = data.log_prob(torch.tensor(at, dtype=torch.float32)[:, None]).exp().numpy()
    assert np.corrcoef(heights, density)[0, 1] > 0.95


def test_samples_that_are_nowhere_leave_a_picture():
    data, x = draws("moons", 20)
    painted(stamp(data, x * float("nan")))
