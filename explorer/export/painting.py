"""Which painter a layer has."""

from __future__ import annotations

from explorer.export import painters
from explorer.export.painters import Painter
from explorer.export.particles import handle, particles
from explorer.export.view import View
from explorer.figures.handle import Handle
from explorer.figures.layers import (
    Arrows,
    Bars,
    Cursor,
    Curve,
    Density,
    Images,
    Layer,
    Particles,
    Readout,
    Tint,
)


def painter(layer: Layer, view: View) -> Painter | None:
    """What paints a layer; None for one that only a pointer wakes."""
    match layer:
        case Particles():
            return particles(layer, view)
        case Density():
            return painters.density(layer, view)
        case Tint():
            return painters.tint(layer, view)
        case Images():
            return painters.images(layer, view)
        case Arrows():
            return painters.arrows(layer, view)
        case Bars():
            return painters.bars(layer, view)
        case Curve():
            return painters.curve(layer, view)
        case Cursor():
            return painters.cursor(layer, view)
        case Handle():
            return handle(layer, view)
        case Readout():
            return None
    raise ValueError(f"{type(layer).__name__} is no layer that an export can paint")
