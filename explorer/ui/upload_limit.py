"""What one session may upload in all: Streamlit keeps every upload in memory until it ends.

Streamlit limits the size of one file; without this, one browser tab could fill the server's memory
with many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import PlainTextResponse

from explorer.ui.headers import Asgi, Message, Receive, Send

MOST = 256 << 20
"""Bytes that a session may hold."""
SESSIONS = 4096
"""Sessions that are remembered, those that uploaded last."""
_PLACE = "/_stcore/upload_file/"


@dataclass(eq=False)
class _Held:
    """What a session holds, in bytes: of each file, and of each upload that is under way."""

    files: dict[str, int] = field(default_factory=dict)
    coming: dict[object, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(self.files.values()) + sum(self.coming.values())


class UploadLimit:
    """ASGI middleware that refuses an upload for which its session has no room left."""

    def __init__(self, app: Asgi, most: int = MOST) -> None:
        self._app, self._most = app, most
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _PLACE in scope["path"]:
            session, _, file = scope["path"].partition(_PLACE)[2].partition("/")
            if scope["method"] == "PUT":
                await self._put(self._of(session), file, scope, receive, send)
                return
            if scope["method"] == "DELETE":
                files = self._of(session).files
                send = _once_done(send, lambda: files.pop(file, None))
        await self._app(scope, receive, send)

    async def _put(
        self, held: _Held, file: str, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Pass on the upload of a file that fits: on its way it counts, and once it has arrived in
        place of the one before. What the app refuses changes nothing."""
        size, on_its_way = _length(scope), object()
        if held.bytes - held.files.get(file, 0) + size > self._most:
            refusal = PlainTextResponse("This tab has uploaded too much; reload it.", 413)
            await refusal(scope, receive, send)
            return
        held.coming[on_its_way] = size
        arrived = _once_done(send, lambda: held.files.update({file: size}))
        try:
            await self._app(scope, receive, arrived)
        finally:
            del held.coming[on_its_way]

    def _of(self, session: str) -> _Held:
        held = self._held.setdefault(session, _Held())
        self._held.move_to_end(session)
        if len(self._held) > SESSIONS:
            self._held.popitem(last=False)
        return held


def _once_done(send: Send, note: Callable[[], object]) -> Send:
    """`send`, which notes that the app has done as it was asked."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start" and 200 <= message["status"] < 300:
            note()
        await send(message)

    return noting


def _length(scope: Message) -> int:
    """What a request says it brings; as much as there can be where it does not say."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return max(int(said), 1) if said.isdigit() and len(said) < 16 else MOST
