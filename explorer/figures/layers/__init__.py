"""What a player paints: layers of frames over a Plotly figure's axes, and the clock they share.

Every layer carries its own `times` (F,), increasing clock coordinates in [0, 1]; between two of its
frames the player interpolates linearly, before the first and after the last it holds them. Layers
are laid over linear axes, `x` and `y` unless named otherwise (as Plotly names them, "x2"); curves
also over logarithmic ones.
"""

from explorer.figures.layers.grids import Density, Images, Readout, Tint
from explorer.figures.layers.layer import PALETTE_SIZE, Floats, Layer, Range
from explorer.figures.layers.lines import Bars, Cursor, Curve
from explorer.figures.layers.marks import SHAPES, Arrows, Particles
from explorer.figures.layers.panes import Clock, Pane

__all__ = [
    "PALETTE_SIZE",
    "SHAPES",
    "Arrows",
    "Bars",
    "Clock",
    "Cursor",
    "Curve",
    "Density",
    "Floats",
    "Images",
    "Layer",
    "Pane",
    "Particles",
    "Range",
    "Readout",
    "Tint",
]
