"""What a reader of strangers' bytes may do: return, or raise ValueError, soon, and touch no file.

The interpreter's audit events tell every file that is opened, moved or listed, every process that
is begun, every socket, and every class that a pickle asks for.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONGEST_MESSAGE = 1500
"""Characters: what is wrong fits on a screen, whatever was sent."""
LONGEST = 2.0
"""Seconds of one core for one input."""

_ROOT = Path(__file__).resolve().parents[2]
_READABLE = tuple(
    {
        *(str(_ROOT / part) for part in ("explorer", "checkpoints", "stories", ".streamlit")),
        *(os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
        os.path.realpath(sys.base_prefix),
        *("/usr/share", "/etc/localtime", "/dev/null", "/dev/urandom", "/proc/self", "/sys"),
    }
)
"""What a program of this kind may read at any time: its own code and the system's tables."""

_PATHS = {
    *("os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link"),
    *("os.symlink", "os.chmod", "os.chown", "os.truncate", "os.utime", "os.chdir"),
    *("shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.unpack_archive"),
}
_NEVER = {
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "pickle.find_class"),
    *("urllib.Request", "webbrowser.open", "ctypes.dlopen"),
}


class Broken(Exception):
    """A promise that was not kept; `kind` says which."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Guard:
    """Watches what readers do; `folder` is the only one that may be written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = os.path.realpath(folder)
        self._seen: list[str] = []
        self._on = False

    def listen(self) -> None:
        """Hear of files, processes and sockets too: as long as this process lives."""
        sys.addaudithook(self._hear)

    def call(self, reader: Callable[[bytes], Any], data: bytes) -> str:
        """Give `data` to `reader`. What was found wrong with it, or nothing where it was taken.

        Raises Broken where the reader does anything that it may not.
        """
        self._seen.clear()
        begun, said = time.process_time(), ""
        self._on = True
        try:
            reader(data)
        except ValueError as refusal:
            said = str(refusal) or type(refusal).__name__
        except BaseException as error:
            raise Broken(type(error).__name__, _where(error)) from error
        finally:
            self._on = False
        seconds = time.process_time() - begun
        if self._seen:
            raise Broken("touched", "; ".join(self._seen[:5]))
        if len(said) > LONGEST_MESSAGE:
            raise Broken("long message", f"{len(said)} characters: {said[:80]}")
        if seconds > LONGEST:
            raise Broken("slow", f"{seconds:.1f} s for {len(data)} bytes")
        return said

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event in _NEVER:
            self._seen.append(f"{event} {str(arguments)[:120]}")
        elif event == "open":
            path, mode, flags = arguments
            writes = any(sign in (mode or "") for sign in "wax+") or bool(
                (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            )
            self._look(event, path, writes)
        elif event in _PATHS:
            for path in arguments[:2]:
                self._look(event, path, event not in ("os.listdir", "os.scandir"))

    def _look(self, event: str, path: Any, writes: bool) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a descriptor, which somebody has opened before
        place = os.path.abspath(os.fsdecode(path))
        if place == self._place or place.startswith(self._place + os.sep):
            return
        if not writes and place.startswith(_READABLE):
            return
        self._seen.append(f"{event} {place[:200]}")


def _where(error: BaseException) -> str:
    """The error's text and the last line of this program that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f"{os.sep}explorer{os.sep}" in f.filename]
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno} {own[-1].name}" if own else "?"
    return f"{place}: {str(error)[:200]}"
