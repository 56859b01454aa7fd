"""A mixture's score as one node of a graph, by NumPy where the points are few.

Whoever descends through a sampler asks for the score of six points a thousand times. There the
calls cost more than the arithmetic, and NumPy's cost a third of torch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from explorer.data.quadratic_forms import QuadraticForms
from explorer.data.quadratic_forms import shares as shares_of

Array: TypeAlias = npt.NDArray[Any]

FEW = 4096
"""Points times components up to which NumPy is faster."""


def shares(forms: QuadraticForms, x: Array, constant: Array) -> Array | None:
    """(B, K) each component's share at x (B, D), as of `QuadraticForms.log_density`; None if far.

    constant: (K,) log-weights with the forms' own constant.
    """
    y = x - forms.centre.numpy()
    if not forms.keeps_digits(float(np.abs(y).max(initial=0.0))):
        return None
    if forms.diagonal:
        squares = y * y
    else:
        first, second = np.triu_indices(x.shape[1])
        squares = y[:, first] * y[:, second]
    found: Array = np.concatenate([y, squares], axis=1) @ forms.coefficients.numpy()
    found += constant
    found -= found.max(axis=1, keepdims=True)
    np.exp(found, out=found)
    found /= found.sum(axis=1, keepdims=True)
    return found


def pull(forms: QuadraticForms, x: Array, share: Array) -> Array:
    """(B, D) as `QuadraticForms.pull`."""
    sums, dim = share @ forms.pulls.numpy().T, x.shape[1]
    return sums[:, :dim] - _applied(forms, sums[:, dim:], x)


def pull_slope(forms: QuadraticForms, x: Array, share: Array, v: Array) -> Array:
    """(B, D) as `QuadraticForms.pull_slope`."""
    dim, pulls = x.shape[1], forms.pulls.numpy()
    products = v * x if forms.diagonal else (v[:, :, None] * x[:, None]).reshape(len(x), -1)
    along = v @ pulls[:dim] - products @ pulls[dim:]  # (B, K) s_k · v
    tilt = share * along
    tilt -= share * tilt.sum(axis=1, keepdims=True)
    return pull(forms, x, tilt) - _applied(forms, share @ pulls[dim:].T, v)


def _applied(forms: QuadraticForms, stiffness: Array, x: Array) -> Array:
    """(B, D) Σ_k share_k C_k⁻¹, (B, D or D²), applied to x (B, D)."""
    if forms.diagonal:
        return stiffness * x
    dim = x.shape[1]
    found: Array = (stiffness.reshape(-1, dim, dim) @ x[:, :, None])[..., 0]
    return found


class DifferentiableScore(torch.autograd.Function):
    """The score as one node of a graph: its slope is known, and a dozen small nodes cost far more.

    Of (x, log_joint, forms, log_weights): x (B, D), the function that gives log w_k N(x; μ_k, C_k)
    there, the components' forms, and log w_k (K,).
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        log_joint: Callable[[Tensor], Tensor],
        forms: QuadraticForms,
        log_weights: Tensor,
    ) -> Tensor:
        ctx.forms = forms
        ctx.few = x.device.type == "cpu" and len(x) * len(log_weights) <= FEW
        share = None
        if ctx.few:
            constant = forms.constant + log_weights.to(x.dtype)
            share = shares(forms, x.detach().numpy(), constant.numpy())
        found = shares_of(log_joint(x)) if share is None else torch.from_numpy(share)
        ctx.save_for_backward(x, found)
        if not ctx.few:
            return forms.pull(x, found)
        return torch.from_numpy(pull(forms, x.detach().numpy(), found.numpy()))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        x, share = ctx.saved_tensors
        if not ctx.few:
            return ctx.forms.pull_slope(x, share, grad), None, None, None
        slope = pull_slope(ctx.forms, x.detach().numpy(), share.numpy(), grad.numpy())
        return torch.from_numpy(slope), None, None, None
