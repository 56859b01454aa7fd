"""Particles at a moment, and where they came from: a short tail behind each, or its whole path."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path

from explorer.export.ink import Ink
from explorer.export.look import rgb
from explorer.export.moments import Moment, blend, locate
from explorer.export.painters import Painter
from explorer.export.view import View, marks, pen, segments, stroke
from explorer.figures.handle import Handle
from explorer.figures.layers import Floats, Particles
from explorer.figures.palette import OKABE_ITO

PLAIN = 1  # the colour's index where a layer gives none
BUDGET = 14_000  # pieces of tails in a frame, as in the player

_CROSS = (
    *((-1.2, -0.75), (-0.75, -1.2), (0, -0.45), (0.75, -1.2), (1.2, -0.75), (0.45, 0)),
    *((1.2, 0.75), (0.75, 1.2), (0, 0.45), (-0.75, 1.2), (-1.2, 0.75), (-0.45, 0)),
)


def _closed(*corners: tuple[float, float]) -> Path:
    return Path([*corners, corners[0]], closed=True)


OUTLINES = (
    Path.unit_circle(),
    _closed((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)),
    _closed((0, -1.25), (1.15, 0.8), (-1.15, 0.8)),
    _closed(*_CROSS),
    _closed((0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)),
)
"""By the index of `explorer.figures.layers.SHAPES`, of radius 1, y downwards, as in the player."""
STAR = _closed(
    *(
        (r * math.sin(k * math.pi / 5), -r * math.cos(k * math.pi / 5))
        for k, r in enumerate([1.4, 0.56] * 5)
    )
)


def particles(layer: Particles, view: View) -> Painter:
    trail = _whole_paths(layer, view) if layer.trail == "full" else _tails(layer, view)

    def paint(renderer: RendererBase, position: float) -> None:
        moment = locate(layer.times, position)
        if layer.trail:
            trail(renderer, position)
        xy = view.place(blend(layer.xy, moment).astype(np.float64))
        for colour, shape, members in _teams(layer, moment.nearest):
            marks(
                *(renderer, view, xy[members], OUTLINES[shape]),
                *(layer.size / 2, OKABE_ITO[colour], layer.opacity),
            )

    return paint


def handle(layer: Handle, view: View) -> Painter:
    """The star that can be dragged on the page, where it stands."""
    edge = (view.page.text, 1.5)

    def paint(renderer: RendererBase, position: float) -> None:
        place = view.place(np.array([layer.at]))
        radius = layer.size / 2.8
        marks(renderer, view, place, STAR, radius, OKABE_ITO[layer.colour], 1.0, edge=edge)

    return paint


def _teams(layer: Particles, frame: int) -> Iterator[tuple[int, int, Any]]:
    """Colour, shape and members of those that look alike, as they come."""
    colours = colours_at(layer, frame)
    shapes = np.zeros_like(colours) if layer.shapes is None else layer.shapes.astype(int)
    kinds, first = np.unique(colours * 8 + shapes, return_index=True)
    for kind in kinds[np.argsort(first)]:
        colour, shape = divmod(int(kind), 8)
        yield colour, shape, np.flatnonzero((colours == colour) & (shapes == shape))


def colours_at(layer: Particles, frame: int) -> np.ndarray:
    """The palette's index (N,) of every particle in a frame."""
    if layer.colours is None:
        return np.full(layer.xy.shape[1], PLAIN)
    colours = np.asarray(layer.colours, dtype=int)
    return colours[frame] if colours.ndim == 2 else colours


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Lines from starts to ends (M, 2) in pixels from below, and how they look."""

    starts: Floats
    ends: Floats
    colours: np.ndarray
    alphas: Floats

    def draw(self, renderer: RendererBase, view: View, ink: Ink | None) -> None:
        """Into the pixels, where there are some, else as a path for each look."""
        if ink is not None:
            inks = np.array([rgb(colour) for colour in OKABE_ITO], np.float32)
            starts, ends = ((0, view.paper) + p * (1, -1) for p in (self.starts, self.ends))
            width = max(1, round(view.scale))
            alphas = self.alphas * min(1.0, view.scale)  # no line is finer than a pixel
            ink.lines(starts, ends, inks[self.colours], alphas, view.pixels, width)
            return
        there = np.isfinite(self.starts).all(axis=1) & np.isfinite(self.ends).all(axis=1)
        for colour in np.unique(self.colours):
            for alpha in np.unique(self.alphas):
                chosen = there & (self.colours == colour) & (self.alphas == alpha)
                with pen(renderer, view, OKABE_ITO[colour], width=1, alpha=float(alpha)) as gc:
                    stroke(renderer, gc, segments(self.starts[chosen], self.ends[chosen]))


def _ink(renderer: RendererBase, known: dict[int, Ink]) -> Ink | None:
    """The ink of a renderer of pixels; None for one of vectors."""
    if not hasattr(renderer, "buffer_rgba"):
        return None
    if id(renderer) not in known:
        known.clear()
        known[id(renderer)] = Ink(np.asarray(renderer.buffer_rgba()))
    return known[id(renderer)]


def _tails(layer: Particles, view: View) -> Painter:
    length = layer.trail if isinstance(layer.trail, int) else 0
    count = layer.xy.shape[1]
    shown = slice(None, None, max(1, math.ceil(count * length / BUDGET)))
    places = view.place(layer.xy[:, shown].astype(np.float64))
    inks: dict[int, Ink] = {}

    def paint(renderer: RendererBase, position: float) -> None:
        moment = locate(layer.times, position)
        first = max(0, moment.a - length)
        stops = np.concatenate([places[first : moment.a + 1], blend(places, moment)[None]])
        steps = np.arange(first, moment.a + 1)
        # in three parts that fade towards the past, as in the player
        part = np.minimum(3 * (steps - first) // max(moment.a - first, 1), 2)
        alphas = np.repeat(0.12 + 0.14 * part, stops.shape[1])
        colours = np.tile(colours_at(layer, moment.nearest)[shown], len(steps))
        pieces = _Pieces(
            stops[:-1].reshape(-1, 2), stops[1:].reshape(-1, 2), colours, alphas.astype(float)
        )
        pieces.draw(renderer, view, _ink(renderer, inks))

    return paint


def _whole_paths(layer: Particles, view: View) -> Painter:
    """Paths that grow on a sheet of their own, step by step; only a jump back draws them anew."""
    count = layer.xy.shape[1]
    alpha = min(0.5, max(0.07, 5 / math.sqrt(count)))
    places = view.place(layer.xy.astype(np.float64))
    sheet: dict[str, Any] = {"reached": 0, "renderer": None}

    def step(renderer: RendererBase, moment: Moment) -> None:
        starts, ends = places[moment.a], blend(places, moment)
        looks = colours_at(layer, moment.b), np.full(count, alpha)
        _Pieces(starts, ends, *looks).draw(renderer, view, None)

    def paint(renderer: RendererBase, position: float) -> None:
        moment = locate(layer.times, position)
        if not hasattr(renderer, "buffer_rgba"):
            for k in range(moment.a):
                step(renderer, Moment(k, k + 1, 1.0))
        else:
            if sheet["renderer"] is None or sheet["reached"] > moment.a:
                size = renderer.get_canvas_width_height()
                sheet.update(reached=0, renderer=RendererAgg(*size, 72))
            for k in range(sheet["reached"], moment.a):
                step(sheet["renderer"], Moment(k, k + 1, 1.0))
            sheet["reached"] = moment.a
            with pen(renderer, view, "#000000") as gc:
                drawn = np.asarray(sheet["renderer"].buffer_rgba())
                renderer.draw_image(gc, 0, 0, np.ascontiguousarray(drawn[::-1]))
        if moment.u > 0:
            step(renderer, moment)

    return paint
