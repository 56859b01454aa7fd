"""Which lines of a target's modules its corpus reaches."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from benchmarks.fuzzing.target import Target
from benchmarks.serving import ROOT


def covered(target: Target, folder: Path) -> str:
    """ "93 of 101": lines inside functions, as a fresh process counts them."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzzing.lines", target.name, str(folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=600,
        check=False,
    )
    return str(json.loads(done.stdout.splitlines()[-1])) if not done.returncode else "not counted"


def counted(target: Target, folder: Path) -> str:
    """The same in this process."""
    modules = [importlib.import_module(name) for name in target.modules]
    files = {str(module.__file__) for module in modules}
    wanted = {(file, line) for file in files for line in _inside(file)}
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in files:
            return None
        seen.add((file, frame.f_lineno))
        return trace

    reader = target.reader(folder / "work")
    for path in sorted((folder / "corpus").iterdir()):
        data = path.read_bytes()
        sys.settrace(trace)
        try:
            reader(data)
        except Exception:  # what is broken has been told by the fuzzer
            continue
        finally:
            sys.settrace(None)
    return f"{len(seen & wanted)} of {len(wanted)}"


def _inside(file: str) -> set[int]:
    """The lines of all functions of a file, without those that define them."""
    whole = compile(Path(file).read_text(encoding="utf-8"), file, "exec")
    return {line for code in _nested(whole) for line in _lines(code)}


def _nested(code: CodeType) -> list[CodeType]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    deeper = [each for code in inner for each in _nested(code)]
    return [each for each in inner if each.co_flags & 0x2] + deeper  # 0x2: no body of a class


def _lines(code: CodeType) -> set[int]:
    return {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}


if __name__ == "__main__":
    from benchmarks.fuzzing.targets import ALL

    print(json.dumps(counted(ALL[sys.argv[1]], Path(sys.argv[2]))))
