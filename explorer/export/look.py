"""How an export looks: its size in pixels, the page's colours by day and by night, its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_PIXELS = 1920 * 1080


@dataclass(frozen=True)
class Page:
    """The colours of a page, as in the app's own theme."""

    background: str
    panel: str
    text: str
    accent: str
    density: str
    """Slate, on which every colour of the palette shows."""


LIGHT = Page("#FFFFFF", "#F2F5F8", "#1A2530", "#0072B2", "#53647D")
DARK = Page("#10151B", "#1B232C", "#E8EDF2", "#56B4E9", "#8494AB")


@dataclass(frozen=True)
class Size:
    """An export's size, by what it is for."""

    label: str
    width: int
    height: int


SIZES = {
    "small": Size("Small, 640 × 480", 640, 480),
    "square": Size("Square, 1080 × 1080", 1080, 1080),
    "slide": Size("Lecture slide, 1920 × 1080", 1920, 1080),
}


@dataclass(frozen=True)
class Look:
    """Size, theme and words of an export.

    title: over the panes, plain text.  equation: below them, LaTeX that `mathtext` can set.
    """

    width: int = 640
    height: int = 480
    dark: bool = False
    title: str = ""
    equation: str = ""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 120 or self.width * self.height > MAX_PIXELS:
            raise ValueError(
                f"{self.width} × {self.height} pixels: both sides must be at least 120, and a "
                "lecture slide of 1920 × 1080 is the most"
            )

    @property
    def page(self) -> Page:
        return DARK if self.dark else LIGHT


def rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` as three bytes."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def grid(shapes: Sequence[float], look: Look) -> tuple[int, int]:
    """(columns, rows) in which panes, so much wider than high, come out largest."""

    def size(columns: int) -> float:
        rows = -(-len(shapes) // columns)
        wide, high = look.width / columns, look.height / rows
        return sum(min(wide, high * shape) * min(high, wide / shape) for shape in shapes)

    columns = max(range(1, len(shapes) + 1), key=size)
    return columns, -(-len(shapes) // columns)
