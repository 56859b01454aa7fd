"""A session without a browser: speaks Streamlit's websocket protocol, for many students at once.

It does what a browser does that costs the server work: it asks for runs, sets widgets, presses
buttons, and keeps the clocks of fragments. It fetches no files and draws nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.screen import Screen

PATIENCE = 60.0
"""Seconds to wait for what must come."""
_CLOSED = "the server has closed the session"


class Student:
    """Somebody who looks at the app and works its controls; `open_student` brings one in."""

    def __init__(self, socket: Any, path: str) -> None:
        self.screen = Screen()
        self.bytes = 0
        self.session = ""
        parts = urlsplit(path)
        self._socket, self._name = socket, parts.path.strip("/")
        self._query = dict(parse_qsl(parts.query))
        self._widgets: dict[str, WidgetState] = {}
        self._clocks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[asyncio.Future[None], Callable[[Screen], Any]] = {}
        self._listening = asyncio.create_task(self._listen())

    @property
    def page(self) -> str:
        """The name of the page that was asked for last, as in its address."""
        return self._name

    async def press(self, label: str) -> None:
        """Press the button whose label begins so, once it is there."""
        await self.until(lambda screen: screen.button(label) is not None)
        if (button := self.screen.button(label)) is not None:
            await self._ask(WidgetState(id=button.id, trigger_value=True), button.fragment)

    async def slide(self, key: str, value: float) -> None:
        """Move the slider of numbers with this key to `value`."""
        shown = self.screen.slider(key)
        slider, state = shown.element.slider, WidgetState(id=shown.id)
        if slider.type == Slider.SELECT_SLIDER:
            state.string_array_value.data.append(f"{value:g}")
        else:
            state.double_array_value.data.append(value)
        self._widgets[shown.id] = state
        if slider.query_param_key:
            self._query[slider.query_param_key] = f"{value:g}"
        await self._ask(None, shown.fragment)

    async def turn_to(self, path: str, query: str = "") -> None:
        """Go to another page of the same session, as by a link in the menu.

        query: goes to the server as it stands, in place of the path's own.
        """
        parts = urlsplit(path)
        self._name, self._query = parts.path.strip("/"), dict(parse_qsl(parts.query))
        self.screen.page = ""
        await self._ask(None, query=query)

    async def until(self, seen: Callable[[Screen], Any], patience: float = PATIENCE) -> float:
        """Wait until the screen is so; returns the seconds. TimeoutError tells what was shown."""
        begun = time.perf_counter()
        if seen(self.screen):
            return 0.0
        if self._listening.done():
            raise ConnectionError(_CLOSED)
        answer = asyncio.get_running_loop().create_future()
        self._asked[answer] = seen
        try:
            await asyncio.wait_for(answer, patience)
        except TimeoutError:
            shown = "\n".join(self.screen.texts)
            raise TimeoutError(f"not seen within {patience:g} s, but:\n{shown}") from None
        finally:
            del self._asked[answer]
        return time.perf_counter() - begun

    async def until_text(self, part: str, patience: float = PATIENCE) -> float:
        return await self.until(lambda screen: screen.text(part), patience)

    async def until_done(self, runs: int) -> float:
        """Wait until the script has ended more than `runs` times and rests; returns the seconds."""
        return await self.until(lambda screen: screen.runs > runs and not screen.running)

    async def leave(self) -> None:
        """Close the session, as a closed tab does."""
        for clock in self._clocks.values():
            clock.cancel()
        await self._socket.close()
        with suppress(websockets.ConnectionClosed):
            await self._listening

    async def _listen(self) -> None:
        try:
            async for data in self._socket:
                self.bytes += len(data)
                message = ForwardMsg.FromString(data)
                self._tick(message)
                if message.WhichOneof("type") == "new_session":
                    self.session = message.new_session.initialize.session_id
                if message.WhichOneof("type") == "page_info_changed":
                    self._query = dict(parse_qsl(message.page_info_changed.query_string))
                self.screen.take(message)
                self._answer()
        finally:
            for answer in self._asked:
                if not answer.done():
                    answer.set_exception(ConnectionError(_CLOSED))

    def _answer(self) -> None:
        """Wake who waits for what is there now: a page with a clock may rest for a moment only."""
        for answer, seen in self._asked.items():
            if not answer.done() and seen(self.screen):
                answer.set_result(None)

    def _tick(self, message: ForwardMsg) -> None:
        """Start and stop the clocks of fragments; a run of the whole page stops them all."""
        match message.WhichOneof("type"):
            case "new_session" if not message.metadata.run.fragment_ids:
                self._stop(list(self._clocks))
            case "stop_auto_rerun":
                self._stop(list(message.stop_auto_rerun.fragment_ids))
            case "auto_rerun":
                fragment, every = message.auto_rerun.fragment_id, message.auto_rerun.interval
                self._stop([fragment])
                self._clocks[fragment] = asyncio.create_task(self._run_every(fragment, every))

    def _stop(self, fragments: list[str]) -> None:
        for fragment in fragments:
            if fragment in self._clocks:
                self._clocks.pop(fragment).cancel()

    async def _run_every(self, fragment: str, seconds: float) -> None:
        with suppress(websockets.ConnectionClosed):  # of which whoever listens learns
            while True:
                await asyncio.sleep(seconds)
                await self._ask(None, fragment, by_clock=True)

    async def _ask(
        self,
        trigger: WidgetState | None = None,
        fragment: str = "",
        by_clock: bool = False,
        query: str = "",
    ) -> None:
        """Ask for a run of the page, or of a fragment of it."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = query or urlencode(self._query), fragment
        state.is_auto_rerun = by_clock
        if self.screen.page:
            state.page_script_hash = self.screen.page
        else:
            state.page_name = self._name
        state.widget_states.widgets.extend(self._widgets.values())
        if trigger is not None:
            state.widget_states.widgets.append(trigger)
        await self._socket.send(message.SerializeToString())


@asynccontextmanager
async def open_student(
    url: str, path: str, session: str = "", cookie: str = ""
) -> AsyncIterator[Student]:
    """A session of the server at `url` that has opened `path`, say /train?steps=500.

    session: of one whose connection was lost, to go on with it; a new one if not given.
    cookie: what the browser says of itself, as "name=value".
    """
    stream = f"ws{url.removeprefix('http')}/_stcore/stream"
    # a browser, too, names what it speaks, a token that is not looked at here, and its session
    named = ["streamlit", "none", session] if session else ["streamlit"]
    headers = {"Cookie": cookie} if cookie else None
    async with websockets.connect(
        stream, max_size=None, subprotocols=named, additional_headers=headers
    ) as socket:
        student = Student(socket, path)
        try:
            await student._ask()
            yield student
        finally:
            await student.leave()
