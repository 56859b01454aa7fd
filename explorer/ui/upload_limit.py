"""What one session may upload in all: Streamlit keeps every upload in memory until it ends.

Streamlit limits the size of one file; without this, one browser tab could fill the server's memory
with many.
"""

from __future__ import annotations

from collections import OrderedDict

from starlette.responses import PlainTextResponse

from explorer.ui.headers import Asgi, Message, Receive, Send

MOST = 256 << 20
"""Bytes that a session may hold."""
SESSIONS = 4096
"""Sessions that are remembered, those that uploaded last."""
_PLACE = "/_stcore/upload_file/"


class UploadLimit:
    """ASGI middleware that refuses an upload for which its session has no room left."""

    def __init__(self, app: Asgi, most: int = MOST) -> None:
        self._app, self._most = app, most
        self._held: OrderedDict[str, dict[str, int]] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _PLACE in scope["path"]:
            session, _, file = scope["path"].partition(_PLACE)[2].partition("/")
            if scope["method"] == "DELETE":
                self._held.get(session, {}).pop(file, None)
            elif scope["method"] == "PUT" and not self._has_room(session, file, _length(scope)):
                refusal = PlainTextResponse("This tab has uploaded too much; reload it.", 413)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _has_room(self, session: str, file: str, size: int) -> bool:
        """Whether the file fits; if so it counts from now on."""
        files = self._held.setdefault(session, {})
        self._held.move_to_end(session)
        if len(self._held) > SESSIONS:
            self._held.popitem(last=False)
        if sum(files.values()) - files.get(file, 0) + size > self._most:
            return False
        files[file] = size
        return True


def _length(scope: Message) -> int:
    """What a request says it brings; as much as there can be where it does not say."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return max(int(said), 1) if said.isdigit() and len(said) < 16 else MOST
