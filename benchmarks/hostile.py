"""Every page opened by links that nobody means well with, on a real server.

`python -m benchmarks hostile [LINKS]`, 1,000 if not given. Each link holds some of a page's own
parameters, or all, with hostile values. Wanted: no traceback on a page or in the server's log, no
hostile text as Markdown or HTML, no path that comes from a link, a server that stays well.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote_plus

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks import serving
from benchmarks.client import Student, open_student
from benchmarks.fuzzing.watch.sitecustomize import MARK
from benchmarks.process import resident
from benchmarks.screen import Screen
from explorer.ui.menu import MENU

HOSTILE = (
    *("nan", "inf", "-inf", "1e999", "-1", "0", "1e9", "0x1f", "9" * 400, "1_000", "½", "١٢"),
    *("", " ", "abc", "None", "true", "[1, 2]", "{}", "null", "'; DROP TABLE runs; --"),
    f"<script>alert('{MARK}')</script>",
    f'<img src=x onerror="alert(`{MARK}`)">',
    f"[{MARK}](javascript:alert(1)) ![{MARK}](http://127.0.0.1:9/{MARK}.png)",
    f"**{MARK}** $\\href{{javascript:1}}{{x}}$ :red[{MARK}] `x`",
    *(f"../../../../tmp/{MARK}", f"..%2f..%2f{MARK}", f"/etc/{MARK}", f"C:\\{MARK}", f"~/{MARK}"),
    *(f"run-../../{MARK}", f"run-{MARK}abcd", f"{MARK}abcd", f"\x00{MARK}", f"☃\u202e🌀{MARK}"),
    *("1_0_1_1_1_0~" * 40, "1_1e308_1~0_0_1", "1pAAAA", "1g" + "A" * 3000, "x" * 30_000),
)
"""Values, most with a mark by which they are known again wherever they turn up."""
ALWAYS = (
    *("story", "step", "answer", "projector", "run", "shelf", "model", "find", "mix1", "mix2"),
    *("own1", "own2", "own", "dist1", "dist2", "proc", "seed", "embed", "embed_options", "page"),
)
"""Parameters that are tried on every page beside its own."""
LEAST = {
    name: "1"
    for name in ("n", "steps", "iters", "starts", "unrolled", "evaluations", "chains", "rows")
}
TURNS = 8
"""Links that one session opens."""
_RAISED = re.compile(r"<script|onerror=|!\[" + MARK + r"|\]\(javascript")
_FORMATTED = ("markdown", "heading", "alert", "html", "button", "page_link", "metric")


def run(links: int = 1_000) -> dict[str, Any]:
    """What was opened, how long it took, and all that went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        watched = Path(folder) / "touched"
        watched.touch()
        told = {"FUZZ_WATCH": str(watched), "FUZZ_FOLDER": tempfile.gettempdir()}
        watch = Path(__file__).parent / "fuzzing" / "watch"
        with patch.dict(os.environ, told), serving.serve(ahead=watch) as server:
            result = asyncio.run(_walked(server, links))
        touched = Counter(watched.read_text(encoding="utf-8").splitlines())
        return result | {"touched": dict(touched.most_common(20))}


async def _walked(server: serving.Server, links: int) -> dict[str, Any]:
    keys = await _keys(server.url)
    before, rng = resident(server.process.pid), random.Random(0)
    problems: list[str] = []
    waits: list[float] = []
    noted = 0
    begun = time.perf_counter()
    while len(waits) < links:
        first = rng.choice(MENU).path
        try:
            async with open_student(server.url, first) as student:
                await student.until_done(0)
                for _ in range(TURNS):
                    path = rng.choice(MENU).path
                    query = _query(keys[path], rng)
                    waits.append(await _opened(student, path, query))
                    noted += bool(student.screen.text("in the link is not usable"))
                    problems += _wrong(student.screen, f"{path}?{query}")
        except Exception as problem:
            problems.append(f"{type(problem).__name__}: {str(problem)[:300]}")
            if len(problems) > 50:
                break
    log = server.log()
    return {
        "links": len(waits),
        "links_with_a_note": noted,
        "pages": len(keys),
        "parameters": sum(map(len, keys.values())),
        "seconds": round(time.perf_counter() - begun),
        "median_wait": round(statistics.median(waits), 3),
        "worst_wait": round(max(waits), 1),
        "memory_before": before,
        "memory_after": resident(server.process.pid),
        "problems": len(problems),
        "first_problems": sorted(set(problems))[:10],
        "garbage": await _garbage(server.url, rng),
        "tracebacks_in_log": log.count("Traceback") + log.count("page_failed"),
        "log": _errors(log),
    }


def _errors(log: str) -> list[str]:
    """The last words of each traceback, and where in this program it was."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    told = re.findall(
        r"^\w+(?:Error|Exception)\b.*|/(?:explorer|pages)/\S+:\d+ in \w+", plain, re.M
    )
    return told[:40]


async def _garbage(url: str, rng: random.Random) -> str:
    """Messages that are none, on sessions of their own; whether the server answers the next one.

    Widgets that hold what they cannot may show their own sender a traceback, and nobody else.
    """
    stream = f"ws{url.removeprefix('http')}/_stcore/stream"
    sent = 0
    for k in range(60):
        async with websockets.connect(stream, max_size=None, subprotocols=["streamlit"]) as socket:
            message = BackMsg()
            message.rerun_script.query_string = rng.choice(HOSTILE)
            message.rerun_script.page_name = rng.choice((*HOSTILE, "score_field"))
            for _ in range(rng.choice((0, 1, 50))):
                held = message.rerun_script.widget_states.widgets.add(id=rng.choice(HOSTILE)[:300])
                held.json_value = rng.choice(HOSTILE)
            data = bytearray(message.SerializeToString())
            for _ in range(rng.choice((0, 1, 8, 100))):
                data[rng.randrange(len(data))] = rng.randrange(256)
            with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
                await socket.send(
                    bytes(data) if k % 3 else rng.randbytes(rng.choice((1, 9, 10_000)))
                )
                sent += 1
                await asyncio.wait_for(socket.recv(), 2)
    async with open_student(url, "/score_field") as student:
        await student.until_done(0)
        return f"{sent} messages, and the next session saw {len(student.screen.elements)} elements"


async def _keys(url: str) -> dict[str, list[str]]:
    """Page → the link parameters of its controls, as its widgets' keys give them away."""
    found = {}
    for page in MENU:
        async with open_student(url, page.path) as student:
            await student.until_done(0)
            ids = [shown.id for shown in student.screen.elements.values() if shown.id]
        names = {re.sub(r".*-None-|^\$\$\w+-\w+-", "", each) for each in ids}
        names = {name.removeprefix("_") for name in names if re.fullmatch(r"[\w.]+", name)}
        found[page.path] = sorted(names)
    return found


def _query(own: list[str], rng: random.Random) -> str:
    """A query string, not always a well-formed one."""
    names = list(own) + rng.sample(ALWAYS, 4)
    count = rng.choice((1, 2, 4, len(names)))
    chosen = rng.sample(names, min(count, len(names)))
    parts = [f"{quote_plus(name)}={quote_plus(rng.choice(HOSTILE))}" for name in chosen]
    parts += [f"{name}={value}" for name, value in LEAST.items() if name in own]
    match rng.randrange(10):
        case 0:
            parts *= 2  # every one repeated
        case 1:
            parts.append(quote_plus(rng.choice(HOSTILE)))
        case 2:
            parts.append("%ff%fe=%00&&&=&a%5B%5D=1&__proto__=1&constructor=2")
        case 3:
            parts += [f"p{k}=1" for k in range(2000)]
    return "&".join(parts)


async def _opened(student: Student, path: str, query: str) -> float:
    begun, runs = time.perf_counter(), student.screen.runs
    await student.turn_to(path, query)
    await student.until_done(runs)
    return time.perf_counter() - begun


def _wrong(screen: Screen, link: str) -> list[str]:
    found = [f"traceback: {problem[:200]} at {link[:300]}" for problem in screen.problems]
    for shown in screen.all(*_FORMATTED):
        if hit := _RAISED.search(str(getattr(shown.element, shown.kind))):
            found.append(f"{hit[0]} in {shown.kind} at {link[:300]}")
    return found
