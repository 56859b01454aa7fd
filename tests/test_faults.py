"""Every fault is told apart by its kind, and told in words that say what to do."""

from __future__ import annotations

import errno

import pytest
import torch

from explorer.training.faults import KINDS, kind_of, plain_words
from explorer.training.folders import StoreUnavailable
from explorer.training.history import Diverged


def raised_by_torch() -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 52)
    return caught.value


FAULTS = [
    (MemoryError(), "memory", "memory of the server is used up; try a smaller"),
    (raised_by_torch(), "memory", "memory of the server is used up; try a smaller"),
    (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        "memory",
        "memory of the GPU is used up; try a smaller",
    ),
    (
        RuntimeError("CUDA error: unspecified launch failure\nCUDA kernel errors might be"),
        "device",
        "The GPU fails. What was saved last can be gone on with",
    ),
    (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "device", "The GPU fails"),
    (RuntimeError("No CUDA GPUs are available"), "device", "The GPU fails"),
    (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "bug", "RuntimeError: mat1"),
    (OSError(errno.ENOSPC, "No space left on device"), "disk", "No space left"),
    (StoreUnavailable("The folder of saved runs fails: x."), "disk", "The folder of saved runs"),
    (Diverged("the loss left all bounds"), "diverged", "The loss left all bounds."),
    (ZeroDivisionError("division by zero"), "bug", "ZeroDivisionError: division by zero"),
    (ValueError("rate=0 must be above 0"), "refused", "rate=0 must be above 0"),
    (KeyError("mean"), "bug", "KeyError: 'mean'"),
]


@pytest.mark.parametrize(("problem", "kind", "words"), FAULTS)
def test_a_fault_has_a_kind_and_words(problem: BaseException, kind: str, words: str):
    assert kind_of(problem) == kind
    assert kind in KINDS
    assert words in plain_words(problem)
