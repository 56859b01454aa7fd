"""An MP4 through ffmpeg, where the machine has it: raw frames into its pipe."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from explorer.export.colours import Bytes

PATIENCE = 60.0  # seconds that ffmpeg may take to end once it has all frames


def ffmpeg() -> str | None:
    """Where ffmpeg is, or None."""
    return shutil.which("ffmpeg")


class Mp4Writer:
    """Hands frames to ffmpeg, which writes `file`. As a context it ends ffmpeg in any case.

    Raises RuntimeError with ffmpeg's own last words where it fails.
    """

    def __init__(self, program: str, file: Path, width: int, height: int, fps: int) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  a pipe that nobody reads would block
        command = [
            *(program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"),
            *("-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{height}", "-r", str(fps)),
            *("-i", "pipe:0", "-an", "-threads", "1"),
            # players want this colour format, and the index at the file's head
            *("-pix_fmt", "yuv420p", "-movflags", "+faststart", str(file)),
        ]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said
        )

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # what it has not read is of no use now
                self._process.stdin.close()
        self._said.close()

    def add(self, pixels: Bytes) -> None:
        """Add a frame, (H, W, 4) bytes."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(pixels.data)
        except BrokenPipeError:
            raise RuntimeError(self._last_words()) from None

    def close(self) -> None:
        """Wait until the file is whole."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            code = self._process.wait(PATIENCE)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            raise RuntimeError(self._last_words()) from None
        if code != 0:
            raise RuntimeError(self._last_words())

    def _last_words(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return f"ffmpeg failed: {lines[-1] if lines else 'it gave no reason'}"
