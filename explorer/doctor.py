"""`python -m explorer.doctor`: is all here that the explorer needs, and how is it mended if not?

Looks and tries, and changes nothing: a file that it writes to try a folder is removed again.
"""

from __future__ import annotations

import argparse
import difflib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from explorer.settings import VARIABLES
from explorer.versions import satisfies

ROOT = Path(__file__).resolve().parents[1]
ROOM = 1 << 30
"""Bytes that should be free where runs are kept."""
MARKS = {"good": "ok  ", "note": "note", "bad": "BAD "}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `level` is good, note (works, but something is missing) or bad."""

    level: str
    what: str
    mend: str = ""


Check = Callable[[], Iterator[Finding]]


def python() -> Iterator[Finding]:
    """The interpreter."""
    version = platform.python_version()
    if satisfies(version, ">=3.11"):
        yield Finding("good", f"Python {version}")
    else:
        yield Finding("bad", f"Python {version}", "use Python 3.11 or later")


def packages(requirements: Path = ROOT / "requirements.txt") -> Iterator[Finding]:
    """What requirements.txt asks for."""
    mend = f"{sys.executable} -m pip install -r {requirements.name}"
    for line in requirements.read_text(encoding="utf-8").splitlines():
        wanted = line.split("#")[0].strip()
        if not wanted or wanted.startswith("-"):
            continue
        name = re.split(r"[<>=!~ \[]", wanted, maxsplit=1)[0]
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding("bad", f"{name} is not installed", mend)
            continue
        if satisfies(version, wanted.removeprefix(name)):
            yield Finding("good", f"{name} {version}")
        else:
            yield Finding("bad", f"{name} {version}, but {wanted} is needed", mend)


def devices() -> Iterator[Finding]:
    """Where networks are trained, and whether that computes."""
    import torch

    from explorer.training.model import best_device
    from explorer.training.threads import available_cores

    device = best_device()
    try:
        a = torch.ones(64, 64, device=device)
        right = float((a @ a)[0, 0]) == 64.0
    except RuntimeError as problem:
        yield Finding(
            "bad",
            f"{device} does not compute: {problem}",
            "set CUDA_VISIBLE_DEVICES= (empty) to train on the CPU, and mend the driver",
        )
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    level = "good" if right else "bad"
    yield Finding(level, f"networks are trained on {name}", "" if right else "it computes wrongly")
    cores = available_cores()
    workers = max(1, cores - 1)
    yield Finding("good", f"{cores} cores: {workers} trainings at once, the rest wait in line")


def settings(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Variables that begin as ours do: whether anything reads them, and what they may be."""
    from explorer import events

    ours = sorted(name for name in environment if name.startswith("EXPLORER_"))
    for name in ours:
        if name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            mend = f"{near[0]} may be meant" if near else f"there are {', '.join(VARIABLES)}"
            yield Finding("bad", f"{name} is set, and nothing reads it", mend)
    form = environment.get(events.LOG_VARIABLE, "text")
    if form not in ("", *events.FORMS):
        mend = f"choose one of {', '.join(events.FORMS)}"
        yield Finding("bad", f"{events.LOG_VARIABLE}={form} keeps the server from starting", mend)
    size = environment.get("EXPLORER_CACHE_MB", "1")
    if size and not (size.isascii() and size.isdigit() and int(size)):
        yield Finding("bad", f"EXPLORER_CACHE_MB={size} is no number of MiB", "give 1 or more")
    helpers = environment.get("EXPLORER_HELPERS", "")
    if helpers and not (helpers.isascii() and helpers.isdigit()):
        yield Finding(
            "bad", f"EXPLORER_HELPERS={helpers} is no number of processes", "give 0 or more"
        )
    if used := [name for name in ours if name in VARIABLES]:
        yield Finding("good", f"set here: {', '.join(used)}")


def folders(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """The folders that configuration names."""
    from explorer.training.health import nearest, unwritable
    from explorer.training.store import DEFAULT_ROOT, RUNS_VARIABLE

    runs = Path(environment.get(RUNS_VARIABLE) or DEFAULT_ROOT)
    if problem := unwritable(runs):
        mend = f"make it writable, or let {RUNS_VARIABLE} name another folder"
        yield Finding("bad", f"runs cannot be kept in {runs}: {problem}", mend)
    else:
        free = shutil.disk_usage(nearest(runs)).free
        roomy = free >= ROOM
        yield Finding(
            "good" if roomy else "note",
            f"runs are kept in {runs}, {free / (1 << 30):.1f} GiB free",
            "" if roomy else "a full disk keeps trainings from being saved; make room",
        )
    data = environment.get("EXPLORER_DATA")
    if data and not Path(data).is_dir():
        yield Finding(
            "bad", f"EXPLORER_DATA names {data}, which is no folder", "correct or unset it"
        )
    elif data:
        yield Finding("good", f"MNIST and CIFAR-10 are looked for in {data}")
    else:
        yield Finding(
            "note",
            "no folder with MNIST or CIFAR-10; the pages use scikit-learn's digits",
            "EXPLORER_DATA may name one; python -m explorer.data.download fetches them",
        )


def bundled(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """The networks that come with the program: each is read whole."""
    from explorer.training.files import DamagedFile, read_tensors

    mend = "fetch the program anew; a copy without Git's large files leaves stubs"
    place = Path(environment.get("EXPLORER_CHECKPOINTS") or ROOT / "checkpoints")
    files = sorted(place.rglob("*.safetensors"))
    if not files:
        yield Finding("bad", f"no networks in {place}", mend)
    broken = 0
    for file in files:
        try:
            read_tensors(file)
        except (DamagedFile, OSError, ValueError) as problem:
            broken += 1
            yield Finding("bad", f"{file.relative_to(place)}: {problem}", mend)
    if files and not broken:
        yield Finding("good", f"{len(files)} files of bundled weights can be read")


def pictures(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """The networks for pictures: whether the pages that draw by them can use them."""
    from explorer.training.image_folder import ROOT as BUNDLED
    from explorer.training.image_folder import checkpoints

    usable, problems = checkpoints(Path(environment.get("EXPLORER_CHECKPOINTS") or BUNDLED))
    for name, problem in problems.items():
        yield Finding("bad", f"{name}: {problem}", "its page leaves it out; make or fetch it anew")
    if usable:
        yield Finding("good", f"networks for pictures: {', '.join(usable)}")
    else:
        yield Finding("note", "no network for pictures", "python -m explorer.training.images")


def extras() -> Iterator[Finding]:
    """Programs that are used if they are there."""
    if shutil.which("ffmpeg"):
        yield Finding("good", "ffmpeg, for videos")
    else:
        yield Finding("note", "no ffmpeg: no MP4, but GIF and HTML", "install ffmpeg")
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))):
        yield Finding("good", "a browser, for the tests that drive one")
    else:
        yield Finding("note", "no Chromium: tests with a browser are skipped", "install chromium")


CHECKS: tuple[Check, ...] = (
    *(python, packages, settings, devices, folders, bundled, pictures, extras),
)


def examine(checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """All findings. A check that fails itself, as with a package missing, is a finding too."""
    found: list[Finding] = []
    for check in checks:
        try:
            found.extend(check())
        except Exception as problem:  # whatever is broken here is what is looked for
            what = f"{check.__name__} could not be looked at: {problem}"
            found.append(Finding("bad", what, "mend what is above first"))
    return found


def report(found: Sequence[Finding]) -> str:
    """A line for each finding, and what to do below it."""
    lines = []
    for finding in found:
        lines.append(f"{MARKS[finding.level]}  {finding.what}")
        if finding.mend:
            lines.append(f"      → {finding.mend}")
    bad = sum(finding.level == "bad" for finding in found)
    lines.append("All is well." if not bad else f"{bad} to be mended.")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; 1 if anything is bad."""
    argparse.ArgumentParser(prog="python -m explorer.doctor", description=__doc__).parse_args(
        arguments
    )
    found = examine()
    print(report(found))
    return int(any(finding.level == "bad" for finding in found))


if __name__ == "__main__":
    sys.exit(main())
