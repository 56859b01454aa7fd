"""Every reader of strangers' bytes on broken and hostile inputs, as the fuzzer finds them.

`python -m benchmarks fuzz [INPUTS]`, 100,000 if not given. Each target runs in a process of its
own, which may add 1 GiB at most and is watched for what it opens (`benchmarks/fuzzing/guard.py`).
Inputs that break a promise are kept in `runs/fuzz`.
Needs `pip install -r requirements-fuzz.txt`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import targets
from benchmarks.fuzzing.lines import covered
from benchmarks.fuzzing.target import Target
from benchmarks.serving import ROOT

KEPT = ROOT / "runs" / "fuzz"
PATIENCE = 1800
"""Seconds for one target."""


def run(inputs: int = 100_000) -> dict[str, Any]:
    """How many inputs each target took and refused, what it broke, and which lines were reached."""
    if importlib.util.find_spec("atheris") is None:
        sys.exit("the fuzzer needs Atheris: pip install -r requirements-fuzz.txt")
    whole = sum(target.share for target in targets.ALL.values())
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, target in targets.ALL.items():
            part = -(-inputs * target.share // whole)
            found[name] = _tried(target, part, Path(folder) / name)
            print(name, json.dumps(found[name], ensure_ascii=False), file=sys.stderr, flush=True)
    done = [each for each in found.values() if "inputs" in each]
    return {
        "inputs": sum(each["inputs"] for each in done),
        "broken": sum(len(each["broken"]) for each in found.values()),
        "slowest_input_seconds": max(each["slowest"] for each in done),
        "targets": found,
    }


def _tried(target: Target, inputs: int, folder: Path) -> dict[str, Any]:
    """One target in a process of its own, and what that has said."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.fuzzing"]
    with (folder / "errors").open("wb") as errors:
        done = subprocess.run(
            [*command, target.name, str(inputs), str(folder), "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            timeout=PATIENCE,
            check=False,
        )
    said = [json.loads(line) for line in done.stdout.decode().splitlines() if line[:1] == "{"]
    log = (folder / "errors").read_text(encoding="utf-8", errors="replace")
    broken = [f"{each['broken']}: {each['text']}" for each in said if "broken" in each]
    if done.returncode:
        broken.append(f"the process ended with {done.returncode}: {log[-500:]}")
    for path in [*folder.glob("broken-*"), *folder.glob("crash-*")]:
        KEPT.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, KEPT / f"{target.name}-{path.name}")
    edges = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log)
    result: dict[str, Any] = {"broken": broken}
    for each in said:
        if "taken" in each:
            result |= {"inputs": each["taken"] + each["refused"] + each["broken_inputs"], **each}
    if edges:
        result |= dict(zip(("edges", "features", "corpus"), map(int, edges[-1]), strict=True))
    if target.modules and not done.returncode:
        result["lines"] = covered(target, folder)
    return result
