"""Where data lie on the paper, and the pens that draw there, on pixels or as vectors alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform

from explorer.export.look import Page
from explorer.figures.layers import Floats

PHASES = 2  # sub-pixel places per axis for a mark: Agg itself knows whole pixels only


@dataclass(frozen=True, eq=False)
class View:
    """A plotting area: `box` in pixels from the lower left corner, and the axes' ranges.

    scale: of lines, marks and type, 1 on a desk.  paper: the whole picture's height in pixels.
    """

    box: Bbox
    x: tuple[float, float]
    y: tuple[float, float]
    scale: float
    paper: int
    page: Page

    def place(self, xy: Floats) -> Floats:
        """Points (…, 2) in units of the data as pixels from the lower left corner."""
        return np.stack([self.across(xy[..., 0]), self.up(xy[..., 1])], axis=-1)

    def across(self, x: Any) -> Any:
        low, high = self.x
        return self.box.x0 + (x - low) * (self.box.width / (high - low))

    def up(self, y: Any) -> Any:
        low, high = self.y
        return self.box.y0 + (y - low) * (self.box.height / (high - low))

    @property
    def pixels(self) -> tuple[int, int, int, int]:
        """The box in whole pixels, (left, top, right, bottom), rows counted from the top."""
        box = self.box
        return (
            *(round(box.x0), round(self.paper - box.y1)),
            *(round(box.x1), round(self.paper - box.y0)),
        )


@contextmanager
def pen(
    renderer: RendererBase,
    view: View,
    colour: str,
    *,
    width: float = 0.0,
    alpha: float = 1.0,
    dash: tuple[float, ...] | None = None,
    clipped: bool = True,
) -> Iterator[GraphicsContextBase]:
    """A graphics context for one colour; `width` and `dash` in CSS pixels, to be scaled."""
    gc = renderer.new_gc()
    gc.set_foreground(colour)
    gc.set_linewidth(width * view.scale)
    gc.set_alpha(alpha)
    gc.set_snap(False)
    gc.set_capstyle("butt" if dash else "round")
    gc.set_joinstyle("round")
    if dash:
        gc.set_dashes(0, [length * view.scale for length in dash])
    if clipped:
        gc.set_clip_rectangle(view.box)
    try:
        yield gc
    finally:
        gc.restore()


def segments(starts: Floats, ends: Floats) -> Path:
    """Separate lines from starts to ends (N, 2), as one path."""
    points = np.stack([starts, ends], axis=1).reshape(-1, 2)
    return Path(points, np.tile(np.array([Path.MOVETO, Path.LINETO], np.uint8), len(starts)))


def stroke(renderer: RendererBase, gc: GraphicsContextBase, path: Path) -> None:
    """The lines of a path that is in pixels."""
    renderer.draw_path(gc, path, IdentityTransform())


def marks(
    renderer: RendererBase,
    view: View,
    xy: Floats,
    outline: Path,
    radius: float,
    colour: str,
    alpha: float,
    *,
    edge: tuple[str, float] | None = None,
) -> None:
    """The same mark at every one of xy (N, 2) in pixels; what is not finite is left out.

    outline: of radius 1.  radius: in CSS pixels.  edge: its colour and width.
    """
    xy = xy[np.isfinite(xy).all(axis=1)]
    reach = 3 * radius * view.scale + 2
    box = view.box
    inside = (xy > (box.x0 - reach, box.y0 - reach)) & (xy < (box.x1 + reach, box.y1 + reach))
    xy = xy[inside.all(axis=1)]
    whole = np.floor(xy + 0.5)
    phases = np.floor((xy - whole + 0.5) * PHASES).astype(int)
    kind = phases[:, 1] * PHASES + phases[:, 0]
    size = radius * view.scale
    edge_colour, edge_width = edge or (colour, 0.0)
    with pen(renderer, view, edge_colour, width=edge_width, alpha=alpha) as gc:
        for k in range(PHASES**2):
            members = whole[kind == k]
            if len(members):
                row, column = divmod(k, PHASES)
                # Agg puts a marker's centre half a pixel right of and below where it is told
                shift = ((column + 0.5) / PHASES - 1, (row + 0.5) / PHASES)
                renderer.draw_markers(
                    *(gc, outline, Affine2D.from_values(size, 0, 0, -size, *shift)),
                    *(Path(members), IdentityTransform(), to_rgb(colour)),
                )
