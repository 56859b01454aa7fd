"""A distribution at many noise levels, worked out at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch

from explorer.data.distributions import ExactDistribution
from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.quadratic_forms import QuadraticForms


def noised_at(
    distribution: ExactDistribution, levels: Sequence[tuple[float, float]]
) -> list[ExactDistribution]:
    """`distribution.noised` at each (α, σ), ready to be asked at points in float32.

    A sampler asks at hundreds of levels once each: what a mixture of few components works out
    before it answers would take longer than the answers, one level after another.
    """
    found = [distribution.noised(alpha, sigma) for alpha, sigma in levels]
    mixtures = [p for p in found if isinstance(p, GaussianMixture)]
    for _, run in groupby(mixtures, key=lambda p: (id(p.weights), id(p.axes))):
        alike = list(run)
        means = torch.stack([p.means for p in alike])
        variances = torch.stack([p.variances for p in alike])
        ready = QuadraticForms.each_of(means, variances, alike[0].axes, torch.float32)
        for mixture, forms in zip(alike, ready, strict=True):
            mixture.forms[torch.float32] = forms
    return found
