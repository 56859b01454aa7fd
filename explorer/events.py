"""What happens on the server, a line for each event and a count of it, without personal data.

An event holds names that the program chose, numbers and short random tags, never what somebody
wrote, a link or an address. `EXPLORER_LOG` says how the lines look.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

LOG_VARIABLE = "EXPLORER_LOG"
FORMS = ("json", "text", "off")
"""How lines may look; the default is text."""
_FRAMES = 8
"""Innermost calls that are told of an error."""

log = logging.getLogger(__name__)
_SALT = secrets.token_bytes(16)
_counts: Counter[tuple[str, str]] = Counter()
_counting = threading.Lock()


def tell(
    event: str,
    level: int = logging.INFO,
    *,
    kind: str = "",
    problem: BaseException | None = None,
    **fields: str | float,
) -> None:
    """Log and count an event.

    event, kind: words of the program, which metrics have as labels.  problem: of it the type and
    the calls are told, and not its message, which may quote a user.  fields: numbers and tags.
    """
    with _counting:
        _counts[event, kind] += 1
    said: dict[str, object] = {"event": event}
    if kind:
        said["kind"] = kind
    said |= fields
    if problem is not None:
        said |= {"error": type(problem).__name__, "calls": _calls(problem)}
    log.log(level, event, extra={"said": said})


def counts() -> Mapping[tuple[str, str], int]:
    """How often each event was told in this process, by its name and its kind."""
    with _counting:
        return dict(_counts)


def tag(secret: str) -> str:
    """Six characters that stand for a session: the same while this server runs, and no way back."""
    return hashlib.blake2b(secret.encode(), key=_SALT, digest_size=3).hexdigest()


def set_up(environment: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Write events, and whatever else the explorer logs, to `stream`, which is stderr by default.

    Raises ValueError where EXPLORER_LOG is none of `FORMS`. A second call replaces the first.
    """
    form = environment.get(LOG_VARIABLE) or "text"
    if form not in FORMS:
        raise ValueError(f"{LOG_VARIABLE}={form!r}; choose one of {', '.join(FORMS)}, or unset it")
    room = logging.getLogger("explorer")
    for handler in [each for each in room.handlers if each.get_name() == LOG_VARIABLE]:
        room.removeHandler(handler)
    made: logging.Handler = logging.NullHandler()
    if form != "off":
        made = logging.StreamHandler(stream or sys.stderr)
        made.setFormatter(_Json() if form == "json" else _Text())
    made.set_name(LOG_VARIABLE)
    room.addHandler(made)
    room.setLevel(logging.INFO)


def _calls(problem: BaseException) -> list[str]:
    """The innermost calls as file:line:function, without the folders of this machine."""
    return [
        f"{os.path.basename(call.filename)}:{call.lineno}:{call.name}"
        for call in traceback.extract_tb(problem.__traceback__)[-_FRAMES:]
    ]


def _said(record: logging.LogRecord) -> dict[str, object]:
    """What a record says: an event's fields; of any other its words before they were filled in."""
    when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said = getattr(record, "said", None) or {"event": "message", "text": str(record.msg)}
    return {"time": when.replace("+00:00", "Z"), "level": record.levelname.lower(), **said}


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_said(record), ensure_ascii=True)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = _said(record)
        calls = said.pop("calls", None)
        time, level, event, *rest = said.items()
        line = " ".join(
            [str(time[1]), str(level[1]), str(event[1]), *(f"{k}={v}" for k, v in rest)]
        )
        if isinstance(calls, list):
            line += "".join(["\nTraceback, innermost call last:", *(f"\n  {c}" for c in calls)])
        return line
