"""What a browser would show of a session, kept from the messages that the server sends it."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

Path = tuple[int, ...]
_WORDS = ("markdown", "text", "heading", "alert")


@dataclass(frozen=True)
class Shown:
    """An element where it stands: of which fragment it is, and which run of the script drew it."""

    element: Element
    fragment: str
    run: str

    @property
    def kind(self) -> str:
        """The element's type, as in `Element`: markdown, button, slider, …"""
        return self.element.WhichOneof("type") or ""

    @property
    def id(self) -> str:
        """A widget's identity; empty for what is no widget."""
        return str(getattr(getattr(self.element, self.kind), "id", ""))


@dataclass
class Screen:
    """The elements of a page by their place; `page` is the hash of the page that is shown.

    running: whether the script runs.  runs: how often it has ended.
    """

    elements: dict[Path, Shown] = field(default_factory=dict)
    page: str = ""
    running: bool = False
    runs: int = 0
    _run: str = ""
    _fragments: tuple[str, ...] = ()

    def take(self, message: ForwardMsg) -> None:
        """Change the screen as the message says; what does not change it is passed over."""
        match message.WhichOneof("type"):
            case "new_session":
                self._begin(message)
            case "navigation" if message.navigation.page_script_hash != self.page:
                self.page = message.navigation.page_script_hash
                self.elements.clear()
            case "delta":
                self._draw(message)
            case "script_finished":
                self._end(message.script_finished)

    def _begin(self, message: ForwardMsg) -> None:
        run = message.metadata.run
        self._run, self._fragments, self.running = run.script_run_id, tuple(run.fragment_ids), True

    def _draw(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "new_element":
            for other in [p for p in self.elements if p[: len(path)] == path]:
                del self.elements[other]
            self.elements[path] = Shown(delta.new_element, delta.fragment_id, self._run)
        elif delta.WhichOneof("type") == "add_block":
            self.elements.pop(path, None)

    def _end(self, status: ForwardMsg.ScriptFinishedStatus.ValueType) -> None:
        """Take away what this run has not drawn again, unless it was broken off."""
        self.running = False
        self.runs += 1
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        for path, shown in list(self.elements.items()):
            concerned = not self._fragments or shown.fragment in self._fragments
            if concerned and shown.run != self._run:
                del self.elements[path]

    def all(self, *kinds: str) -> list[Shown]:
        """The elements of these types, from the top of the page to its end."""
        return [shown for _, shown in sorted(self.elements.items()) if shown.kind in kinds]

    @property
    def texts(self) -> list[str]:
        """What there is to read: Markdown, texts, headings and alerts."""
        return [str(getattr(shown.element, shown.kind).body) for shown in self.all(*_WORDS)]

    def text(self, part: str) -> str:
        """The first text that holds `part`, or nothing."""
        return next((text for text in self.texts if part in text), "")

    @property
    def metrics(self) -> dict[str, str]:
        """Label → value of the figures on the page."""
        found = [shown.element.metric for shown in self.all("metric")]
        return {metric.label: metric.body for metric in found}

    @property
    def problems(self) -> list[str]:
        """The tracebacks on the page, in short."""
        return [shown.element.exception.message for shown in self.all("exception")]

    def button(self, label: str) -> Shown | None:
        """The button whose label begins so, if it can be pressed."""
        for shown in self.all("button"):
            if shown.element.button.label.startswith(label) and not shown.element.button.disabled:
                return shown
        return None

    def slider(self, key: str) -> Shown:
        """The slider with this key; KeyError names those there are."""
        found = {shown.id.rsplit("-", 1)[-1]: shown for shown in self.all("slider")}
        if key not in found:
            raise KeyError(f"no slider {key!r}; there are {', '.join(found)}")
        return found[key]
