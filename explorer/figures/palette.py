"""The colours of every picture: Okabe and Ito's eight, told apart by colour-blind readers too."""

from __future__ import annotations

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
GREY = "#808080"
"""Stands where Okabe and Ito have black, which would vanish on a dark page."""

OKABE_ITO = (BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, YELLOW, GREY)
"""In the order in which modes and samplers take them: strongest contrasts first."""

GRID = "rgba(128, 138, 148, 0.22)"
AXIS = "rgba(128, 138, 148, 0.65)"


def colour(i: int) -> str:
    """The colour of the i-th mode or sampler, as a hex string; after eight they repeat."""
    return OKABE_ITO[i % len(OKABE_ITO)]


def translucent(hex_colour: str, opacity: float) -> str:
    """`#RRGGBB` as an `rgba(…)` string of this opacity, for bands and fills."""
    red, green, blue = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
