"""Densities on meshes are those of the distributions themselves, however they are had."""

import torch

from explorer.data import mesh
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.mixture_stack import FEW


def by_points(distributions, x):
    """(F, S, S) point by point, in float64."""
    points = [torch.cartesian_prod(row, row).flip(1) for row in x]  # y over rows
    rows = [p.log_prob(xy) for p, xy in zip(distributions, points, strict=True)]
    return torch.stack(rows).unflatten(1, (x.shape[1], x.shape[1]))


def test_log_densities_on_a_mesh_are_those_at_its_points():
    moons = DISTRIBUTIONS["moons"].build()
    # products of matrices, one by one, and a stack of few components
    of = [moons.noised(1.0, 0.1), DISTRIBUTIONS["tutorial"].build(), moons.noised(0.3, 1.0)]
    assert len(of[0].weights) > FEW
    x = torch.stack([torch.linspace(-r, r, 17, dtype=torch.float64) for r in (2.0, 4.0, 3.0)])
    found, expected = mesh.log_probs(of, x).double(), by_points(of, x)
    seen = expected > expected.amax(dim=(1, 2), keepdim=True) - 30  # nats, of which 7 are drawn
    assert seen.float().mean() > 0.2
    torch.testing.assert_close(found[seen], expected[seen], atol=2e-4, rtol=2e-5)


def test_a_mesh_far_coarser_than_the_components_keeps_its_digits():
    means = torch.linspace(-1, 1, FEW + 3, dtype=torch.float64)[:, None].expand(-1, 2)
    narrow = GaussianMixture.of(
        torch.ones(FEW + 3), means + 0.013, 1e-8 * torch.eye(2).expand(FEW + 3, 2, 2)
    )
    x = torch.linspace(-1, 1, 9, dtype=torch.float64)[None]
    found, expected = mesh.log_probs([narrow], x).double(), by_points([narrow], x)
    torch.testing.assert_close(found, expected, atol=0, rtol=1e-4)
