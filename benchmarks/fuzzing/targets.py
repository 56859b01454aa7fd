"""All targets by name."""

from __future__ import annotations

from benchmarks.fuzzing import of_checkpoints, of_files, of_runs, of_texts, of_uploads
from benchmarks.fuzzing.target import Target

ALL: dict[str, Target] = {
    target.name: target
    for room in (of_texts, of_uploads, of_runs, of_files, of_checkpoints)
    for target in room.TARGETS
}
