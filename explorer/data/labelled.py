"""Data in classes: mixtures whose modes are classes, so that p(x | c) is exact at any noise level.

A mode of a `GaussianMixture` may have many components. Here it is a class: `mode_weights` are the
classes' shares, `responsibilities` are p(c | x), and `of_class` is p(x | c) on its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.registry import Entry


@dataclass(frozen=True)
class Classes(Entry[GaussianMixture]):
    """An entry of `LABELLED`: two classes in `dim` coordinates."""

    dim: int = 2


def of_class(mixture: GaussianMixture, label: int) -> GaussianMixture:
    """p(x | c = label), each of whose components is a mode; ValueError where there is no such c."""
    inside = mixture.groups == label
    if not bool(inside.any()):
        count = len(mixture.mode_weights)
        raise ValueError(f"there is no class {label}; choose one of 0 to {count - 1}")
    weights = mixture.weights[inside]
    return replace(
        mixture,
        weights=weights / weights.sum(),
        means=mixture.means[inside],
        variances=mixture.variances[inside],
        axes=None if mixture.axes is None else mixture.axes[inside],
        groups=torch.arange(int(inside.sum())),
    )


def neighbours_1d(std: float = 0.35) -> GaussianMixture:
    """A class of two modes, one of them close to the other class's only one."""
    means = torch.tensor([[-1.8], [0.2], [1.4]])
    return GaussianMixture.isotropic(
        torch.tensor([0.25, 0.25, 0.5]), means, std, torch.tensor([0, 0, 1])
    )


def overlapping(distance: float = 0.7, std: float = 0.7) -> GaussianMixture:
    means = torch.tensor([[-distance, 0.0], [distance, 0.0]])
    return GaussianMixture.isotropic(torch.ones(2), means, std)


def alternating_ring(modes: int = 8, std: float = 0.22) -> GaussianMixture:
    """A ring on which the classes take turns: each mode has the other class at both sides."""
    angle = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    means = 1.5 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return GaussianMixture.isotropic(torch.ones(modes), means, std, torch.arange(modes) % 2)


BRANCHINGS = 4
"""How often a tree divides in two."""
PIECES = 3
"""Gaussians along a branch."""


def branches(width: float = 0.03) -> GaussianMixture:
    """Two trees that grow into each other, thin beside their length: as data on a manifold are.

    Like figure 1 of Karras et al. 2024, of our own making.
    """
    weights, means, covariances, groups = [], [], [], []
    for label, lean in enumerate((0.5, -0.5)):
        for start, angle, length, weight in _tree(math.pi / 2 + lean, label):
            along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
            piece = length / PIECES
            cov = width**2 * torch.eye(2, dtype=torch.float64) + (piece / 2) ** 2 * along.outer(
                along
            )
            for k in range(PIECES):
                weights.append(weight / PIECES)
                means.append(start + (k + 0.5) * piece * along)
                covariances.append(cov)
                groups.append(label)
    centre = torch.stack(means).mean(dim=0)
    return GaussianMixture.of(
        torch.tensor(weights),
        torch.stack(means) - centre,
        torch.stack(covariances),
        torch.tensor(groups),
    )


def _tree(angle: float, label: int) -> Iterator[tuple[torch.Tensor, float, float, float]]:
    """The branches of one tree: where each starts, its angle in radians, length and weight."""
    mirror = 1 if label == 0 else -1
    shoots = [(torch.zeros(2, dtype=torch.float64), angle, 1.1)]
    for level in range(BRANCHINGS + 1):
        grown = []
        for i, (start, heading, length) in enumerate(shoots):
            yield start, heading, length, 1.0 / len(shoots)
            end = start + length * torch.tensor([math.cos(heading), math.sin(heading)])
            for side, shrink in ((1, 0.78), (-1, 0.66)):
                turn = side * mirror * (0.62 - 0.05 * level) + 0.12 * mirror * (-1) ** i
                grown.append((end, heading + turn, length * shrink))
        shoots = grown


LABELLED: dict[str, Classes] = {
    "branches": Classes(
        branches,
        "Two trees",
        source="after Karras et al. 2024, figure 1",
    ),
    "overlap": Classes(
        overlapping,
        "Two overlapping Gaussians",
        r"\tfrac12\mathcal N(\mp d,\sigma^2I)",
    ),
    "ring": Classes(alternating_ring, "Ring, every other mode"),
    "neighbours-1d": Classes(neighbours_1d, "1D: two modes, one beside the other class", dim=1),
}
