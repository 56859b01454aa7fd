"""The paper of an export: panes in a grid, their words and the clock, painted at any moment."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox, IdentityTransform
from PIL import Image

from explorer.export import axes, words
from explorer.export.look import Look, grid
from explorer.export.moments import clock_text, positions
from explorer.export.painting import painter
from explorer.figures.layers import Bars, Clock, Density, Images, Pane, Tint

DOTS = 72  # per inch: one point is one pixel
HEAD, NOTE, WORD = 24.0, 19.0, 15.0  # heights of lines in CSS pixels
_USUAL = 1.6  # wider than high, where a pane takes any room
_BACK = (Density, Tint, Images, Bars)  # under the figure's own traces


class _Moving(Artist):
    """Everything that changes, as one artist, so that vectors are drawn by the same code."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.set_zorder(10)

    def draw(self, renderer: RendererBase) -> None:
        self._stage.paint(renderer)


class Stage:
    """`panes` on one clock as `look` asks; `frame`, `png` and `svg` show them at a position.

    Not for several threads at once. Raises ValueError for a pane that cannot be painted.
    """

    def __init__(self, panes: Sequence[Pane], clock: Clock, look: Look) -> None:
        if not panes:
            raise ValueError("no pane to export; choose at least one")
        self.look = look
        self.clock = clock
        self._position = 0.0
        size = (look.width / DOTS, look.height / DOTS)
        self._figure = Figure(size, dpi=DOTS, facecolor=look.page.background)
        self._canvas = FigureCanvasAgg(self._figure)
        columns, rows = grid([axes.shape_of(pane) or _USUAL for pane in panes], look)
        cell = (look.width / columns, look.height / rows)
        self._scale = scale = min(max((cell[0] * cell[1]) ** 0.5 / 560, 0.62), 2.6)
        room = self._write(scale)
        self._layers: list[Any] = []
        for k, pane in enumerate(panes):
            row, column = divmod(k, columns)
            gap = 8 * scale
            wide, high = room.width / columns, room.height / rows
            left, top = room.x0 + column * wide, room.y1 - row * high
            frame = (left + gap / 2, top - high + gap / 2, left + wide - gap / 2, top - gap / 2)
            self._place(pane, Bbox.from_extents(*frame))
        self._canvas.draw()
        self._renderer = self._canvas.get_renderer()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._pixels = np.asarray(self._renderer.buffer_rgba())
        moving = _Moving(self)
        self._figure.add_artist(moving)

    def frame(self, position: float) -> npt.NDArray[np.uint8]:
        """The picture at a clock position, (height, width, 4) bytes, good until the next."""
        self._position = position
        self._canvas.restore_region(self._background)
        self.paint(self._renderer)
        return self._pixels

    def png(self, position: float) -> bytes:
        out = io.BytesIO()
        Image.fromarray(self.frame(position)[..., :3]).save(out, "PNG")
        return out.getvalue()

    def svg(self, position: float) -> bytes:
        """The picture as vectors; only a density's shades are pixels."""
        self._position = position
        out = io.BytesIO()
        self._figure.savefig(
            out,
            format="svg",
            dpi=DOTS,
            facecolor=self.look.page.background,
            metadata={"Date": None},
        )
        return out.getvalue()

    def paint(self, renderer: RendererBase) -> None:
        for paint in self._layers:
            paint(renderer, self._position)
        self._time.set_text(clock_text(self.clock, self._position))
        self._time.draw(renderer)

    def _text(self, x: float, y: float, text: str, size: float, **looks: Any) -> Any:
        looks = {"color": self.look.page.text, "va": "center", "parse_math": False, **looks}
        place = (x / self.look.width, y / self.look.height)
        return self._figure.text(*place, text, fontsize=size, **looks)

    def _write(self, scale: float) -> Bbox:
        """Title, clock and equation; returns what is left for the panes."""
        look, pad = self.look, 10 * scale
        line = look.height - pad - 11 * scale
        room = 0.0
        for position in positions(5):
            room = max(room, words.width(clock_text(self.clock, position), WORD * scale))
        self._time = self._text(0, line, "", WORD * scale)
        self._time.set_x((look.width - pad - 1.1 * room) / look.width)
        self._time.set_figure(self._figure)
        self._time.remove()  # it is painted with what moves
        self._time.set_figure(self._figure)
        if look.title:
            wide = look.width - 4 * pad - 1.1 * room
            title = words.fitted(look.title, 17 * scale, wide, bold=True)
            self._text(pad, line, title, 17 * scale, weight="bold")
        bottom = pad / 2
        if look.equation:
            text = words.typeset(look.equation)
            if text is None:
                raise ValueError("this equation cannot be set in a picture; leave it out")
            bottom += self._equation(text, scale, pad)
        return Bbox.from_extents(
            pad / 2, bottom, look.width - pad / 2, look.height - pad - 24 * scale
        )

    def _equation(self, text: str, scale: float, pad: float) -> float:
        """The equation at the foot, as large as fits; returns the height that it takes."""
        said = self._text(self.look.width / 2, pad, text, 17 * scale, ha="center", va="bottom")
        said.set_parse_math(True)
        said.set_math_fontfamily("cm")
        extent = said.get_window_extent(self._canvas.get_renderer())
        over = extent.width / (self.look.width - 4 * pad)
        if over > 1:
            said.set_fontsize(17 * scale / over)
            extent = said.get_window_extent(self._canvas.get_renderer())
        return float(extent.height + pad)

    def _place(self, pane: Pane, frame: Bbox) -> None:
        scale = self._scale
        spare = max(
            0.0, frame.height - axes.height_for(pane, frame.width, scale) - 3 * HEAD * scale
        )
        frame = Bbox.from_extents(
            *(frame.x0, frame.y0 + spare / 2, frame.x1, frame.y1 - spare / 2)
        )  # words stay beside a picture that cannot use all its room
        top, foot = frame.y1, frame.y0
        if pane.title or axes.chips(pane):
            top = self._head(pane, frame, top)
        if pane.note:
            text = words.fitted(pane.note, 12 * scale, frame.width - 8 * scale)
            self._text(frame.x0 + 4 * scale, foot + NOTE * scale / 2, text, 12 * scale, alpha=0.7)
            foot += NOTE * scale
        inner = Bbox.from_extents(frame.x0, foot, frame.x1, top)
        if min(inner.width, inner.height) < 60 * scale:
            raise ValueError("so many panes do not fit; choose fewer, or a larger size")
        paper = (self.look.width, self.look.height)
        plots = axes.plots(pane, inner, scale, paper, self.look.page, self._figure.add_axes)
        made = [
            (layer, painter(layer, plots[layer.xaxis, layer.yaxis].view)) for layer in pane.layers
        ]
        back = [paint for layer, paint in made if paint and isinstance(layer, _BACK)]
        front = [paint for layer, paint in made if paint and not isinstance(layer, _BACK)]
        still = [draw for plot in plots.values() for draw in (plot.grid, *plot.traces)]
        figure = [lambda renderer, position, draw=draw: draw(renderer) for draw in still]
        self._layers += [*back, *figure, *front]

    def _head(self, pane: Pane, frame: Bbox, top: float) -> float:
        """Title at the left, the legend after it, on lines of its own where it is wide."""
        scale = self._scale
        size = 14 * scale
        title = words.fitted(pane.title, size, frame.width - 8 * scale, bold=True)
        at, line = frame.x0 + 4 * scale, top - HEAD * scale / 2
        if title:
            self._text(at, line, title, size, weight="bold")
            at += words.width(title, size, bold=True) + 18 * scale
        for name, colour, kind in axes.chips(pane):
            text = words.fitted(name, 12 * scale, frame.width - 34 * scale)
            wide = words.width(text, 12 * scale) + 34 * scale
            if at + wide > frame.x1 + 12 * scale and at > frame.x0 + 4 * scale:
                at, line = frame.x0 + 4 * scale, line - HEAD * scale
            self._chip(at, line, colour, kind)
            self._text(at + 20 * scale, line, text, 12 * scale, alpha=0.8)
            at += wide
        return line - HEAD * scale / 2

    def _chip(self, x: float, y: float, colour: str, kind: str) -> None:
        scale = self._scale
        mark: Artist
        if kind == "box":
            mark = Rectangle((x + 4 * scale, y - 5 * scale), 10 * scale, 10 * scale, color=colour)
        else:
            dash = (0, (3, 2)) if kind == "dash" else "-"
            mark = Line2D([x, x + 15 * scale], [y, y], color=colour, lw=2 * scale, ls=dash)
        self._figure.add_artist(mark)
        mark.set_transform(IdentityTransform())  # placed in pixels
