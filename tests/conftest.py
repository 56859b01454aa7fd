"""Puts the repository on the path, so that `pytest` works from a plain clone; one thread."""

import os
import sys
from pathlib import Path

# before torch is imported: on small tensors, with other processes busy, a second thread mostly
# waits (measured: 40 times slower)
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test is not named by a whole file that it reads."""
    return argname if isinstance(val, bytes | str) and len(val) > 60 else None
