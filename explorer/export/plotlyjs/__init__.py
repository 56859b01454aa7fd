"""plotly.js as the player and files made by it need it: the traces with x and y axes alone.

The whole of it, as the Python package brings it, has three times as much to fetch, to read and to
run before a picture's axes can be drawn: maps, 3D and WebGL, which no pane shows. So the bundle
that its makers publish for such charts lies here, packed and otherwise as it was published (npm:
`plotly.js-cartesian-dist-min`), under the MIT license beside it. For another version:

    npm pack plotly.js-cartesian-dist-min@VERSION
    gzip -9 -n -c package/plotly-cartesian.min.js > plotly-cartesian.min.js.gz

and with it `VERSION` and `SHA256`, which the tests compare with the file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

VERSION = "4.1.1"
SHA256 = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"
"""Of the script as published, unpacked."""

TRACES = frozenset(
    [
        "bar",
        "box",
        "contour",
        "heatmap",
        "histogram",
        "histogram2d",
        "histogram2dcontour",
        "image",
        "pie",
        "scatter",
        "violin",
    ]
)
"""The kinds of trace that it draws, by their names in a figure."""


@cache
def packed() -> bytes:
    """The script, compressed by gzip: half a megabyte."""
    return (Path(__file__).parent / "plotly-cartesian.min.js.gz").read_bytes()
