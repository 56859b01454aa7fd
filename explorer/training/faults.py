"""What goes wrong in long work: of which kind it is, and what to tell whoever waits for it."""

from __future__ import annotations

import re

import torch

_MEMORY = re.compile(r"can't allocate memory|out of memory", re.IGNORECASE)
_DEVICE = re.compile(
    r"\b(CUDA|HIP|MPS|cuDNN|cuBLAS)\b.*\b(error|failed|failure)|CUBLAS_STATUS|CUDNN_STATUS"
    r"|device-side assert|no CUDA GPUs|unspecified launch failure",
    re.IGNORECASE,
)
KINDS = ("memory", "device", "disk", "diverged", "refused", "hang", "bug")
"""All kinds of faults; a hang raises nothing, it is seen by the pool's watchdog."""


def kind_of(problem: BaseException) -> str:
    """One of `KINDS`, by the type of the error, and for PyTorch's RuntimeErrors by their words."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return "memory"
    if isinstance(problem, RuntimeError):
        if _MEMORY.search(str(problem)):
            return "memory"
        return "device" if _DEVICE.search(str(problem)) else "bug"
    if isinstance(problem, OSError):
        return "disk"
    slip = isinstance(problem, ZeroDivisionError | OverflowError)
    if isinstance(problem, ArithmeticError) and not slip:
        return "diverged"
    return "refused" if isinstance(problem, ValueError) else "bug"


def plain_words(problem: BaseException) -> str:
    """An error as a sentence for a page: our own errors speak for themselves, others get a name."""
    text = str(problem).strip() or "no reason given"
    kind = kind_of(problem)
    if kind == "memory":
        whose = "GPU" if isinstance(problem, RuntimeError) and _on_gpu(text) else "server"
        return f"The memory of the {whose} is used up; try a smaller network or batch."
    if kind == "device":
        return "The GPU fails. What was saved last can be gone on with; it then runs on the CPU."
    if kind == "diverged":
        return f"{text[:1].upper()}{text[1:]}."
    if isinstance(problem, ValueError | OSError):
        return text
    return f"{type(problem).__name__}: {text}"


def _on_gpu(text: str) -> bool:
    return any(name in text for name in ("CUDA", "HIP", "MPS"))
