"""Puts the repository on the path, so that `pytest` works from a plain clone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
