"""A film of an animation, made frame by frame into a file while somebody watches it grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explorer.export.colours import Palette, palette
from explorer.export.gif import GifWriter, delays
from explorer.export.look import Look, rgb
from explorer.export.moments import positions
from explorer.export.mp4 import Mp4Writer, ffmpeg
from explorer.export.stage import Stage
from explorer.figures.layers import Clock, Pane
from explorer.figures.palette import OKABE_ITO

GIF_FPS, MP4_FPS = 20, 30
LINGER = 0.7  # seconds at the end of a GIF before it starts over, as in the player
SECONDS = (1.0, 20.0)  # the shortest and the longest film
MAX_BYTES = 96 * 2**20
_SAMPLED = 6  # frames from which the palette is made


@dataclass(frozen=True)
class Film:
    """How a film looks and how many seconds it takes, or exactly how many frames."""

    look: Look = field(default_factory=Look)
    seconds: float = 5.0
    frames: int | None = None

    def __post_init__(self) -> None:
        shortest, longest = SECONDS
        if not shortest <= self.seconds <= longest:
            raise ValueError(f"{self.seconds:g} s: a film takes {shortest:g} to {longest:g} s")

    def count(self, fps: int) -> int:
        return self.frames or round(self.seconds * fps)


def gif(panes: Sequence[Pane], clock: Clock, film: Film, file: Path) -> Iterator[float]:
    """Write a GIF to `file`; yields the share that is done, after every frame.

    Raises ValueError where it grows beyond `MAX_BYTES` or a pane cannot be painted.
    """
    stage = Stage(panes, clock, film.look)
    yield 0.0
    colours = _palette(stage)
    at = positions(film.count(GIF_FPS))
    with file.open("wb") as out:
        writer = GifWriter(out, film.look.width, film.look.height, colours)
        shown = delays(len(at), film.seconds, LINGER)
        for k, (position, delay) in enumerate(zip(at, shown, strict=True), start=1):
            writer.add(stage.frame(float(position)), delay)
            if out.tell() > MAX_BYTES:
                raise ValueError(
                    f"the film grows beyond {MAX_BYTES >> 20} MB; make it shorter or smaller"
                )
            yield k / len(at)
        writer.close()


def mp4(panes: Sequence[Pane], clock: Clock, film: Film, file: Path) -> Iterator[float]:
    """Write an MP4 to `file`; yields the share that is done, after every frame.

    Raises RuntimeError where there is no ffmpeg or it fails. The film stops at its end.
    """
    program = ffmpeg()
    if program is None:
        raise RuntimeError("ffmpeg is not installed where the app runs")
    stage = Stage(panes, clock, film.look)
    yield 0.0
    at = positions(film.count(MP4_FPS))
    with Mp4Writer(program, file, film.look.width, film.look.height, MP4_FPS) as writer:
        for k, position in enumerate(at, start=1):
            writer.add(stage.frame(float(position)))
            yield k / len(at)
        writer.close()


def _palette(stage: Stage) -> Palette:
    page = stage.look.page
    sampled = [stage.frame(float(p)).copy() for p in positions(_SAMPLED)]
    return palette(sampled, [rgb(c) for c in (page.background, page.text, *OKABE_ITO)])
