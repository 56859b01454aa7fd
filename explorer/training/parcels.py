"""How values pass between the server and its helpers: packed, and through a socket or a file."""

from __future__ import annotations

import io
import os
import pickle
import sys
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

INLINE = 64 << 10
"""Bytes up to which an answer goes through the socket itself."""


class _Pickler(pickle.Pickler):
    """Tensors travel as arrays: of a view its own numbers alone, and in a fraction of the time.

    By itself torch packs for each tensor all the memory that it looks into: of a network's weights,
    which are views of one vector, the whole vector each time.
    """

    def reducer_override(self, value: Any) -> Any:
        torch: Any = sys.modules.get("torch")
        if torch is None or type(value) is not torch.Tensor or not _is_plain(value, torch):
            return NotImplemented
        return _tensor, (value.numpy(),)


def _is_plain(tensor: Any, torch: Any) -> bool:
    """Whether an array can stand for it."""
    there = tensor.device.type == "cpu" and tensor.layout == torch.strided
    simple = not (tensor.requires_grad or tensor.is_complex() or tensor.is_quantized)
    return there and simple and tensor.dtype != torch.bfloat16


def _tensor(array: Any) -> Any:
    import torch

    return torch.from_numpy(array)


def packed(value: object) -> bytes:
    """What `pickle.loads` makes the value of again, with tensors of their own memory each."""
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def hand_over(line: Connection, packed: bytes) -> None:
    """Send bytes for `received`, many of them in a file in memory, and the file through the line.

    A socket takes a fifth of a megabyte, and for each such piece both sides would wait for their
    turn at a busy processor, and the server's thread for its turn at the interpreter.
    """
    if len(packed) <= INLINE:
        line.send_bytes(b"-" + packed)
        return
    file = os.memfd_create("answer")
    try:
        with open(file, "wb", buffering=0, closefd=False) as room:
            left = memoryview(packed)
            while left:
                left = left[room.write(left) :]
        line.send_bytes(b"+")
        reduction.send_handle(line, file, None)
    finally:
        os.close(file)


def received(line: Connection) -> bytes:
    """What the other end handed over; EOFError or OSError where the line breaks."""
    said = line.recv_bytes()
    if said[:1] == b"-":
        return said[1:]
    try:
        file = reduction.recv_handle(line)
    except RuntimeError as problem:  # as where this process may open no more files
        raise OSError(str(problem)) from problem
    with open(file, "rb", buffering=0) as room:
        room.seek(0)
        return room.readall()
