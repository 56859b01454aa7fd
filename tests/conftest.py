"""Puts the repository on the path, so that `pytest` works from a plain clone; one thread."""

import os
import sys
from pathlib import Path

import pytest

# before torch is imported: on small tensors, with other processes busy, a second thread mostly
# waits (measured: 40 times slower)
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A test is not named by a whole file that it reads."""
    return argname if isinstance(val, bytes | str) and len(val) > 60 else None


@pytest.fixture(scope="session", autouse=True)
def _no_helpers() -> None:
    """Pages that tests open count as a crowd: helpers would come, and trainings leave the process
    in which tests look at them. Servers that tests start have theirs."""
    from explorer.ui.helpers import HELPERS

    HELPERS.most = 0
