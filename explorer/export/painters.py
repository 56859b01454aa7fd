"""From a layer to what paints it at a moment: pictures, bars, curves, arrows and cursors.

Particles and their trails are in `particles.py`. A painter is called with a renderer, whose paper
is pixels (Agg) or vectors (SVG), and the clock's position.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from PIL import Image

from explorer.export.look import rgb
from explorer.export.moments import blend, locate
from explorer.export.view import View, pen, segments, stroke
from explorer.figures.layers import Arrows, Bars, Cursor, Curve, Density, Images, Range, Tint
from explorer.figures.palette import OKABE_ITO

Painter: TypeAlias = Callable[[RendererBase, float], None]

BANDS = 8
DASHES = {"": None, "dash": (6.0, 4.0), "dot": (2.0, 3.0)}
_RGBA: TypeAlias = np.ndarray


def colour_of(index: int | None, otherwise: str) -> str:
    return otherwise if index is None else OKABE_ITO[index]


def _spread(
    picture: _RGBA, x: Range, y: Range, view: View, *, sharp: bool = False
) -> tuple[_RGBA, float, float] | None:
    """A grid's picture (H, W, 4), rows from below, as large as it lies in the view, and where.

    The outer cells' centres lie at the ends of x and y. Returns the part inside the view, top row
    first, with its left and lower edge in pixels.
    """
    rows, columns = picture.shape[:2]
    left, right = view.across(x[0]), view.across(x[1])
    bottom, top = view.up(y[0]), view.up(y[1])
    box = view.box
    x0, x1 = (round(v) for v in (max(left, box.x0), min(right, box.x1)))
    y0, y1 = (round(v) for v in (max(bottom, box.y0), min(top, box.y1)))
    if x1 <= x0 or y1 <= y0:
        return None
    cell = ((columns - 1) / (right - left), (rows - 1) / (top - bottom))
    part = (
        *(0.5 + (x0 - left) * cell[0], 0.5 + (top - y1) * cell[1]),
        *(0.5 + (x1 - left) * cell[0], 0.5 + (top - y0) * cell[1]),
    )
    kept = tuple(min(max(v, 0.0), n) for v, n in zip(part, (columns, rows) * 2, strict=True))
    upright = Image.fromarray(np.ascontiguousarray(picture[::-1]))
    between = Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR
    resized = upright.resize((x1 - x0, y1 - y0), between, box=kept)
    return np.asarray(resized), x0, y0


def _remembering(draw: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`draw(moment)`, kept for as long as the moment stays the same: a still layer is made once."""
    kept: list[Any] = [None, None]

    def drawn(moment: Any) -> Any:
        if kept[0] != moment:
            kept[:] = [moment, draw(moment)]
        return kept[1]

    return drawn


def density(layer: Density, view: View) -> Painter:
    hue = colour_of(layer.colour, view.page.density)

    @_remembering
    def picture(moment: Any) -> Any:
        values = blend(layer.values, moment)
        spread = _spread(np.rint(values * 255).astype(np.uint8), layer.x, layer.y, view)
        if spread is None:
            return None
        level, left, bottom = spread
        shown = np.empty((*level.shape, 4), np.uint8)
        shown[..., :3] = rgb(hue)
        shown[..., 3] = shades[level]
        return shown, left, bottom, _contours(values, layer, view)

    level = np.arange(256) / 255
    if layer.bands:
        level = np.floor(level * BANDS + 0.02) / BANDS
    shades = np.rint(255 * layer.opacity * level**0.75).astype(np.uint8)

    def paint(renderer: RendererBase, position: float) -> None:
        found = picture(locate(layer.times, position))
        if found is None:
            return
        shown, left, bottom, contours = found
        _lay(renderer, view, shown, left, bottom)
        with pen(renderer, view, hue, width=1, alpha=0.7) as gc:
            for path in contours:
                stroke(renderer, gc, path)

    return paint


def _contours(values: np.ndarray, layer: Density, view: View) -> list[Path]:
    if not layer.contours:
        return []
    from contourpy import contour_generator  # matplotlib's own

    rows, columns = values.shape
    generator = contour_generator(
        np.linspace(*layer.x, columns), np.linspace(*layer.y, rows), values
    )
    lines = [line for level in layer.contours for line in generator.lines(level)]
    return [Path(view.place(np.asarray(line))) for line in lines]


def _lay(renderer: RendererBase, view: View, picture: _RGBA, left: float, bottom: float) -> None:
    """A picture, top row first, with its lower left corner there."""
    with pen(renderer, view, "#000000") as gc:
        renderer.draw_image(gc, left, bottom, np.ascontiguousarray(picture[::-1]))


def tint(layer: Tint, view: View) -> Painter:
    colours = np.array([rgb(c) for c in OKABE_ITO[: layer.weights.shape[1]]], np.float32)

    @_remembering
    def picture(moment: Any) -> Any:
        weights = blend(layer.weights, moment)
        total = weights.sum(axis=0)
        mixed = np.tensordot(colours, weights, axes=(0, 0)) / np.maximum(total, 1e-9)
        alpha = 255 * layer.opacity * np.minimum(total, 1)
        rgba = np.concatenate([mixed, alpha[None]]).transpose(1, 2, 0)
        return _spread(rgba.astype(np.uint8), layer.x, layer.y, view, sharp=layer.sharp)

    def paint(renderer: RendererBase, position: float) -> None:
        found = picture(locate(layer.times, position))
        if found is not None:
            _lay(renderer, view, *found)

    return paint


def images(layer: Images, view: View) -> Painter:
    """Each picture's pixels stay squares; one that is smaller than its pixels is averaged."""
    count, columns = layer.pixels.shape[1], layer.pixels.shape[3]

    @_remembering
    def pictures(frame: int) -> list[tuple[_RGBA, int, int]]:
        found = []
        for k in range(count):
            x = layer.corner[0] + k % layer.columns + layer.gap
            y = layer.corner[1] - k // layer.columns - layer.gap
            left, top = round(view.across(x)), round(view.up(y))
            side = max(1, round(view.across(x + 1 - 2 * layer.gap) - view.across(x)))
            way = Image.Resampling.NEAREST if side >= columns else Image.Resampling.BOX
            drawn = Image.fromarray(layer.pixels[frame, k]).resize((side, side), way)
            found.append((np.asarray(drawn.convert("RGBA")), left, top - side))
        return found

    def paint(renderer: RendererBase, position: float) -> None:
        for picture, left, bottom in pictures(locate(layer.times, position).nearest):
            _lay(renderer, view, picture, left, bottom)

    return paint


def bars(layer: Bars, view: View) -> Painter:
    across, up = (view.up, view.across) if layer.horizontal else (view.across, view.up)
    starts, ends = across(layer.edges[:-1]), across(layer.edges[1:])
    ends = np.where(ends - starts > 5, ends - 1, ends)

    def paint(renderer: RendererBase, position: float) -> None:
        heights = up(blend(layer.heights, locate(layer.times, position)))
        foot = np.full_like(heights, up(0.0))
        corners = np.stack([starts, foot, starts, heights, ends, heights, ends, foot], axis=1)
        corners = corners.reshape(-1, 4, 2)
        if layer.horizontal:
            corners = corners[..., ::-1]
        points = np.concatenate([corners, corners[:, :1]], axis=1).reshape(-1, 2)
        codes = np.tile(
            np.array([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], np.uint8), len(corners)
        )
        colour = colour_of(layer.colour, OKABE_ITO[0])
        with pen(renderer, view, colour, alpha=layer.opacity) as gc:
            renderer.draw_path(gc, Path(points, codes), IdentityTransform(), to_rgb(colour))

    return paint


def curve(layer: Curve, view: View) -> Painter:
    def paint(renderer: RendererBase, position: float) -> None:
        values = blend(layer.y, locate(layer.times, position))
        x, y = (values, layer.x) if layer.horizontal else (layer.x, values)
        colour = colour_of(layer.colour, OKABE_ITO[0])
        dash = DASHES[layer.dash]
        with pen(renderer, view, colour, width=layer.width, dash=dash) as gc:
            stroke(renderer, gc, Path(view.place(np.stack([x, y], axis=-1))))

    return paint


def cursor(layer: Cursor, view: View) -> Painter:
    box = view.box

    def paint(renderer: RendererBase, position: float) -> None:
        at = float(blend(layer.x, locate(layer.times, position)))
        if layer.horizontal:
            ends = [(box.x0, view.up(at)), (box.x1, view.up(at))]
        else:
            ends = [(view.across(at), box.y0), (view.across(at), box.y1)]
        colour = colour_of(layer.colour, view.page.text)
        with pen(renderer, view, colour, width=1.5, alpha=0.65) as gc:
            stroke(renderer, gc, Path(ends))

    return paint


def arrows(layer: Arrows, view: View) -> Painter:
    head_angle = math.atan(0.6)

    def paint(renderer: RendererBase, position: float) -> None:
        moment = locate(layer.times, position)
        feet = blend(layer.xy, moment) if layer.xy.ndim == 3 else layer.xy
        tails = view.place(feet)
        tips = view.place(feet + blend(layer.vectors, moment))
        way = tips - tails
        length = np.hypot(*way.T)
        seen = length >= 0.5 * view.scale
        tails, tips, way, length = tails[seen], tips[seen], way[seen], length[seen, None]
        head = np.minimum(6 * view.scale, 0.45 * length) / np.maximum(length, 1e-9)
        back = way * head
        aside = np.stack([-back[:, 1], back[:, 0]], axis=1) * math.tan(head_angle)
        starts = np.concatenate([tails, tips - back + aside, tips - back - aside])
        colour = colour_of(layer.colour, view.page.text)
        alpha = 0.55 if layer.colour is None else 0.9
        with pen(renderer, view, colour, width=layer.width, alpha=alpha) as gc:
            stroke(renderer, gc, segments(starts, np.tile(tips, (3, 1))))

    return paint
