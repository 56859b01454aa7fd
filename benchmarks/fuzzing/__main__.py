"""`python -m benchmarks.fuzzing TARGET INPUTS FOLDER SEED`: one target, in a process of its own.

It prints lines of JSON: what was found, and at the end what was done. libFuzzer, by way of Atheris,
keeps the inputs that reach new code and spoils them further, by its own means and by the target's.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from benchmarks.fuzzing import targets
from benchmarks.fuzzing.guard import Broken, Guard
from benchmarks.fuzzing.target import Target, warm

ROOM = 1 << 30
"""Bytes that all inputs together may add to the process's address space."""
HANGS = 60
"""Seconds after which an input that does not return ends the process."""


def main(name: str, inputs: int, folder: Path, seed: int) -> NoReturn:
    import atheris

    sys.dont_write_bytecode = True
    target = targets.ALL[name]
    corpus, work = folder / "corpus", folder / "work"
    for place in (corpus, work):
        place.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["explorer"], enable_loader_override=False):
        reader, seeds = target.reader(work), target.seeds()
    for k, data in enumerate(seeds):
        (corpus / f"seed{k}").write_bytes(data[: target.largest])
        warm(reader, data)
    guard = Guard(work)
    guard.listen()
    session = Session(target, reader, inputs, guard)
    limit_memory()
    atheris.Setup(
        [
            *(sys.argv[0], str(corpus), f"-max_len={target.largest}", f"-timeout={HANGS}"),
            *("-rss_limit_mb=0", "-malloc_limit_mb=0", f"-artifact_prefix={folder}/crash-"),
            f"-seed={seed + 1}",
        ],
        session.take,
        custom_mutator=session.spoil,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()
    raise SystemExit("the fuzzer has ended before its time")


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


class Session:
    """Counts what was taken and refused, and says once what was broken, by kind and place."""

    def __init__(self, target: Target, reader: Any, inputs: int, guard: Guard) -> None:
        self._target, self._reader, self._guard = target, reader, guard
        self._folder = guard.folder.parent
        self._left, self._taken, self._refused, self._broken = inputs, 0, 0, 0
        self._messages: set[str] = set()
        self._found: set[str] = set()
        self._slowest, self._begun = 0.0, time.perf_counter()

    def take(self, data: bytes) -> None:
        begun = time.process_time()
        try:
            said = self._guard.call(self._reader, data)
            self._taken += not said
            self._refused += bool(said)
            self._messages.add(said[:12])
        except Broken as broken:
            self._broken += 1
            self._tell(broken, data)
        self._slowest = max(self._slowest, time.process_time() - begun)
        self._left -= 1
        if self._left <= 0:
            self._end()

    def spoil(self, data: bytes, longest: int, seed: int) -> bytes:
        import atheris

        rng = Random(seed)
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(data, longest))
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            data = self._target.mutation(bytes(data), rng)
        return data[:longest]

    def _tell(self, broken: Broken, data: bytes) -> None:
        mark = f"{broken.kind} {str(broken)[:60]}"
        if mark in self._found or len(self._found) > 40:
            return
        self._found.add(mark)
        file = self._folder / f"broken-{hashlib.sha256(data).hexdigest()[:12]}"
        file.write_bytes(data)
        say({"broken": broken.kind, "text": str(broken)[:300], "input": str(file)})

    def _end(self) -> NoReturn:
        say(
            {
                "taken": self._taken,
                "refused": self._refused,
                "messages": len(self._messages),
                "broken_inputs": self._broken,
                "slowest": round(self._slowest, 2),
                "seconds": round(time.perf_counter() - self._begun),
            }
        )
        os._exit(0)  # libFuzzer has no other way to end in good order


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
