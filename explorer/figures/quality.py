"""Steps against quality: a line for each sampler, down to the floor that chance sets.

As Vega-Lite, whose specification stays the same while the data grow: the chart is watched while it
is measured, and is never mounted anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import numpy as np

from explorer.diffusion.samplers import SAMPLERS
from explorer.figures.labels import apart
from explorer.figures.palette import AXIS, GRID, OKABE_ITO, YELLOW
from explorer.quality import BUDGETS, Quality

COLOURS = tuple(colour for colour in OKABE_ITO if colour != YELLOW)
"""Without the yellow, in which neither a thin line nor its name can be read on white."""
DASHES = ([1, 0], [8, 4], [2, 3], [9, 3, 2, 3])
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
BEST, WORST = 0.6, 25.0
"""Floors at which the axis begins and ends."""
BELOW = 95
"""Pixels, at scale 1, that the axis below the plot takes of its height."""

PHONE = 640
"""Pixels of a window up to which names stand in a legend below, for want of room beside."""
WIDE = f"windowSize()[0] > {PHONE}"

PATHS = {
    "circle": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "square": "M-3.7,-3.7h7.4v7.4h-7.4z",
    "diamond": "M0,-5L5,0L0,5L-5,0z",
    "triangle-up": "M0,-4.5L5,4H-5z",
    "cross": "M-4.5,-1.7h2.8v-2.8h3.4v2.8h2.8v3.4h-2.8v2.8h-3.4v-2.8h-2.8z",
    "triangle-down": "M0,4.5L5,-4H-5z",
}
"""Each marker about the origin, as SVG writes it."""

Columns = dict[str, list[Any]]


def quality_rows(qualities: Sequence[Quality], *, height: int = 460, scale: float = 1.0) -> Columns:
    """A row for each run that came to an end: sampler, evaluations, ratio, shown, seconds, place.

    shown is the ratio, but no larger than the axis; place is where a sampler's name stands on it,
    at its last run alone and else NaN.
    """
    names = [name for name in SAMPLERS if any(q.sampler == name for q in qualities)]
    runs = [
        q
        for name in names
        for q in qualities
        if q.sampler == name and np.isfinite(q.distance.ratio)
    ]
    shown = [min(max(q.distance.ratio, BEST), WORST) for q in runs]
    last = {q.sampler: i for i, q in enumerate(runs)}
    ends = sorted(last.values(), key=lambda i: shown[i])
    low, high = np.log10(BEST), np.log10(WORST)
    gap = 18 * scale / (height - BELOW * scale) * (high - low)
    places = apart([float(np.log10(shown[i])) for i in ends], gap, low + gap / 2, high - gap / 2)
    at = dict(zip(ends, places, strict=True))
    return {
        "sampler": [SAMPLERS[q.sampler].label for q in runs],
        "evaluations": [q.evaluations for q in runs],
        "ratio": [q.distance.ratio for q in runs],
        "shown": shown,
        "seconds": [q.seconds for q in runs],
        "place": [10.0 ** at[i] if i in at else float("nan") for i in range(len(runs))],
    }


def _axis(title: str, values: Sequence[float], scale: float) -> dict[str, Any]:
    size = {"labelFontSize": 13 * scale, "titleFontSize": 14 * scale}
    return {
        "title": title,
        **size,
        "titleFontWeight": "normal",
        "values": list(values),
        "format": "d",
        "gridColor": GRID,
    }


def _labels() -> list[str]:
    return [entry.label for entry in SAMPLERS.values()]


def _beside(scale: float) -> dict[str, Any]:
    """How a name is written to the right of the plot."""
    font = {"fontSize": 13 * scale, "fontWeight": 600}
    return {"type": "text", "align": "left", "dx": 23 * scale, **font}


def quality_legend(qualities: Sequence[Quality]) -> str:
    """HTML that names the line of each sampler with a run, for where there is no room beside it."""
    shown = {q.sampler for q in qualities}
    chips = []
    for i, (name, entry) in enumerate(SAMPLERS.items()):
        if name not in shown:
            continue
        colour, dash = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        dashes = " ".join(str(part) for part in dash)
        drawing = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -6 40 12">'
            f'<path d="M-20,0H20" stroke="{colour}" stroke-width="2.4"'
            f' stroke-dasharray="{dashes}"/>'
            f'<path d="{PATHS[MARKERS[i % len(MARKERS)]]}" fill="{colour}"/></svg>'
        )  # as a picture: Streamlit takes SVG out of HTML
        picture = f'<img alt="" width="40" height="12" src="data:image/svg+xml,{quote(drawing)}">'
        chips.append(f"<span>{picture}{escape(entry.label)}</span>")
    return f'<div class="dx-key">{"".join(chips)}</div>'


def _looks() -> dict[str, Any]:
    """Each sampler's own colour, dash and marker, whichever others are shown."""
    labels = _labels()

    def by_name(choices: Sequence[Any]) -> dict[str, Any]:
        # where the colours begin again, the dashes and the markers do not
        taken = [choices[i % len(choices)] for i in range(len(labels))]
        return {
            "field": "sampler",
            "type": "nominal",
            "scale": {"domain": labels, "range": taken},
            "legend": None,
        }

    return {"color": by_name(COLOURS), "strokeDash": by_name(DASHES), "shape": by_name(MARKERS)}


def quality_spec(*, height: int = 460, scale: float = 1.0) -> dict[str, Any]:
    """Distance to the truth in floors against evaluations of the score, both on log axes."""
    looks, span = _looks(), [BUDGETS[0] * 0.55, BUDGETS[-1] * 1.15]
    colour, dash = {"color": looks["color"]}, {"strokeDash": looks["strokeDash"]}
    x = {
        "field": "evaluations",
        "type": "quantitative",
        "axis": _axis("evaluations of the score", BUDGETS, scale),
        "scale": {"type": "log", "domain": span, "nice": False},
    }

    def y(field: str) -> dict[str, Any]:
        axis = _axis("distance ÷ noise floor", (1, 2, 5, 10, 20), scale)
        limits = {"type": "log", "domain": [BEST, WORST], "nice": False}
        return {"field": field, "type": "quantitative", "axis": axis, "scale": limits}

    def tooltip(field: str, title: str, form: str) -> dict[str, str]:
        return {"field": field, "type": "quantitative", "title": title, "format": form}

    facts = [
        {"field": "sampler", "type": "nominal", "title": "sampler"},
        tooltip("evaluations", "evaluations", ",d"),
        tooltip("ratio", "distance ÷ floor", ".2f"),
        tooltip("seconds", "seconds", ".2f"),
    ]
    beside = {"x": {"value": {"expr": "width"}}}
    named = [{"filter": f"datum.place > 0 && {WIDE}"}]
    room = f"{WIDE} ? {json.dumps(max(_labels(), key=len))} : ''"
    return {
        "height": height,
        "padding": {"left": 5, "top": 8, "right": 5},
        "layer": [
            *_floor(span[0], y("shown"), x, scale),
            {
                "mark": {"type": "line", "strokeWidth": 2.4 * scale},
                "encoding": {"x": x, "y": y("shown"), **colour, **dash},
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 1, "size": 70 * scale**2},
                "encoding": {
                    "x": x,
                    "y": y("shown"),
                    **colour,
                    "shape": looks["shape"],
                    "tooltip": facts,
                },
            },
            {
                "transform": named,
                "mark": {"type": "rule", "strokeWidth": 1.4 * scale, "aria": False},
                "encoding": {
                    **beside,
                    "x2": {"value": {"expr": f"width + {18 * scale:g}"}},
                    "y": y("shown"),
                    "y2": {"field": "place"},
                    **colour,
                    **dash,
                },
            },
            {
                "transform": named,
                "mark": _beside(scale),
                "encoding": {
                    **beside,
                    "y": y("place"),
                    "text": {"field": "sampler", "type": "nominal"},
                    **colour,
                },
            },
            {
                "data": {"values": [{"place": 1.0}]},
                "mark": {**_beside(scale), "text": {"expr": room}, "opacity": 0},
                "encoding": {**beside, "y": y("place")},  # keeps room for names yet to come
            },
        ],
        "config": {"animation": False},
    }


def _floor(
    start: float, y: dict[str, Any], x: dict[str, Any], scale: float
) -> list[dict[str, Any]]:
    """The dotted line at 1 and what it is; it is there before anything is measured."""
    at = {"values": [{"evaluations": start, "shown": 1.0}]}
    line = {"type": "rule", "color": AXIS, "strokeDash": [2, 4], "strokeWidth": 2 * scale}
    text = {
        "type": "text",
        "text": "noise floor: another true sample",
        "align": "left",
        "baseline": "top",
        "dx": 6,
        "dy": 5 * scale,
        "fontSize": 12 * scale,
        "color": "#7A8794",
    }
    return [
        {"data": at, "mark": line, "encoding": {"y": y}},
        {"data": at, "mark": text, "encoding": {"x": x, "y": y}},
    ]
