"""Addresses for whoever runs the server: `/metrics` to measure it, `/ready` to ask if it can work.

Both answer in a thread of their own, and import what pages need only when they are asked.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import os
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from explorer.events import tell
from explorer.ui.inquiry import Inquiry

TOKEN = "EXPLORER_METRICS_TOKEN"
_READY_FOR = 5.0
"""Seconds for which an answer holds: whoever asks more often costs the disk nothing."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_known: tuple[float, dict[str, str]] = (float("-inf"), {})


def routes(base: str = "") -> list[Route]:
    """`BASE/metrics` and `BASE/ready`, for an app that lives under the path `base`."""
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    return [Route(f"{root}/metrics", _metrics), Route(f"{root}/ready", _ready)]


def page_failed(problem: Exception) -> None:
    """Tell of an error that a page did not expect; Streamlit shows it on the page."""
    from explorer.training.faults import kind_of

    tell("page_failed", logging.ERROR, kind=kind_of(problem), problem=problem)


def problems() -> dict[str, str]:
    """What keeps the server from its work, by what it is of: runs, checkpoints, workers.

    In words without paths, since anybody may ask.
    """
    from explorer.training import health, image_folder
    from explorer.ui import learning
    from explorer.ui.shelf import store

    found = {}
    if health.unwritable(store().root):
        found["runs"] = "the folder of runs cannot be written"
    if not health.networks(image_folder.root())[0]:
        found["checkpoints"] = "no network that comes with the program can be read"
    try:
        if learning.pool().standing().stuck:
            found["workers"] = "every worker hangs"
    except ValueError:  # at the address that the settings give
        found["workers"] = "no cluster answers"
    return found


_inquiry = Inquiry(lambda: problems())


def _ready(_: Request) -> Response:
    global _known
    at, found = _known
    if time.monotonic() - at > _READY_FOR:
        if (answer := _inquiry.answer()) is None:
            found = {"runs": "the folder of runs, or that of networks, does not answer"}
        else:
            found = answer
            _known = (time.monotonic(), found)
    return JSONResponse({"ready": not found, "problems": found}, 503 if found else 200)


def _metrics(request: Request) -> Response:
    if (refusal := _refusal(request)) is not None:
        return refusal
    from explorer.ui import measures
    from explorer.ui.exposition import CONTENT_TYPE, exposition

    return Response(exposition(measures.families()), media_type=CONTENT_TYPE)


def _refusal(request: Request) -> Response | None:
    """The answer to whoever may not see the metrics."""
    if token := os.environ.get(TOKEN):
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return None
        return Response(
            "Give the token that the server was started with.\n",
            401,
            {"www-authenticate": "Bearer"},
            "text/plain",
        )
    forwarded = any(name in request.headers for name in _FORWARDED)
    if not forwarded and request.client is not None and _is_this_machine(request.client.host):
        return None
    said = f"Metrics are for this machine alone; start the server with {TOKEN} to read them here.\n"
    return Response(said, 403, media_type="text/plain")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
