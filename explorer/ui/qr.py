"""Links as QR codes, drawn by the server itself: nothing leaves the room, and no page runs anew."""

from __future__ import annotations

import io
import socket
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

LONGEST = 1000
"""Characters of a link: a code of 105 modules a side, which a phone still reads off a wall."""


def route(base: str = "") -> Route:
    """`BASE/qr.svg?link=…`, for an app that lives under the path `base`."""
    root = f"/{base.strip('/')}" if base.strip("/") else ""
    return Route(f"{root}/qr.svg", _answer)


@lru_cache(maxsize=64)
def svg(link: str) -> str:
    """The QR code (ISO/IEC 18004) of `link` as an SVG drawing, with the quiet zone it needs.

    Dark on white whatever the theme, since many readers fail on an inverted code. Of the four
    levels of error correction it takes the highest that needs no larger code.
    """
    if not link.startswith(("http://", "https://")):
        raise ValueError(f"{link[:40]!r} is no link; give one that begins with http:// or https://")
    if len(link) > LONGEST:
        raise ValueError(f"a link of {len(link)} characters is too long; give {LONGEST} at most")
    import segno  # the first page opens without it

    drawn = io.BytesIO()
    segno.make_qr(link, error="l").save(
        drawn, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True
    )
    return drawn.getvalue().decode()


def network_address() -> str | None:
    """This machine's address in its network, by which others reach it; None without a network.

    A datagram socket that is connected sends nothing: it only asks the system which of its
    addresses it would send from.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address kept for documentation, RFC 5737
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") or address == "0.0.0.0" else address


def _answer(request: Request) -> Response:
    try:
        drawn = svg(request.query_params.get("link", ""))
    except ValueError as error:
        return Response(str(error), 400, media_type="text/plain")
    return Response(drawn, media_type="image/svg+xml")
