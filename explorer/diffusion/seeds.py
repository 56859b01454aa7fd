"""The plane of seeds x_T: a mesh of them, and how often neighbours end apart."""

from __future__ import annotations

import torch
from torch import Tensor


def seed_mesh(side: int, reach: float) -> Tensor:
    """(side², 2) float32 points of [−reach, reach]², row by row from the lowest x₂."""
    axis = torch.linspace(-reach, reach, side)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)


def disagreement(ends: Tensor) -> float:
    """The share of neighbours, beside or above each other, whose labels (H, W) differ.

    For K labels drawn at random it is 1 − Σ p_k², three quarters for four of one size; for clean
    regions it is the length of their borders in cells.
    """
    beside, above = ends[:, 1:] != ends[:, :-1], ends[1:] != ends[:-1]
    return float((beside.sum() + above.sum()) / (beside.numel() + above.numel()))


def chance(ends: Tensor) -> float:
    """The disagreement of the same labels (any shape) in random order: 1 − Σ p_k²."""
    shares = torch.bincount(ends.flatten().long()) / ends.numel()
    return float(1 - shares.square().sum())
