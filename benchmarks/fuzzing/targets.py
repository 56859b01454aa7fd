"""All targets by name."""

from __future__ import annotations

from benchmarks.fuzzing import of_files, of_texts, of_uploads
from benchmarks.fuzzing.target import Target

ALL: dict[str, Target] = {
    target.name: target for target in (*of_texts.TARGETS, *of_uploads.TARGETS, *of_files.TARGETS)
}
