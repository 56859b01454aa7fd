"""Grids of pictures: what the layer refuses, and that their bytes arrive as they were."""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np
import pytest

from explorer.figures.image_charts import Curve, Target, error_pane, loss_chart, reading_pane
from explorer.figures.image_grids import grid, stacked
from explorer.figures.layers import Clock, Images
from explorer.ui import thumbnails
from explorer.ui.player.encode import encode

TIMES = np.linspace(0, 1, 3)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 7, 32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pixels": PIXELS.astype(float)}, "uint8"),
        ({"pixels": PIXELS[0]}, "must be"),
        ({"pixels": PIXELS[:2]}, "must be"),
        ({"pixels": PIXELS[:, :0]}, "empty"),
        ({"columns": 0}, "columns 0"),
        ({"gap": 0.5}, "gap 0.5"),
    ],
)
def test_a_layer_of_pictures_says_what_is_wrong_with_it(change, words):
    given = {"pixels": PIXELS, "columns": 4, "corner": (0, 2)} | change
    with pytest.raises(ValueError, match=words):
        Images(TIMES, **given)


def test_pixels_arrive_as_they_were_and_a_shared_layer_once():
    pane = grid(PIXELS, TIMES, 4, title="xₜ")
    payload = encode([pane, pane], Clock("t", (1.0, 0.0)), {})
    (length,) = struct.unpack("<I", payload[:4])
    header = json.loads(payload[4 : 4 + length])
    first, second = (said["layers"][0] for said in header["panes"])
    assert first == second
    entry = first["pixels"]
    start = 4 + length + entry["at"]
    stored = zlib.decompress(payload[start : start + entry["bytes"]])
    back = np.frombuffer(stored, np.uint8).reshape(entry["shape"])
    assert (back == PIXELS).all()
    assert (first["columns"], first["corner"]) == (4, [0, 2])


def test_a_grid_has_room_for_all_pictures_and_names_its_columns():
    layout = grid(PIXELS, TIMES, 4, column_labels=list("abcd")).figure.layout
    assert tuple(layout.xaxis.range) == (0, 4)
    assert tuple(layout.yaxis.range) == (0, 2)
    assert tuple(layout.xaxis.ticktext) == tuple("abcd")
    assert tuple(layout.xaxis.tickvals) == (0.5, 1.5, 2.5, 3.5)


def test_stacked_rows_lie_under_each_other_beside_their_names():
    pane = stacked([("x₀", PIXELS[:1], np.zeros(1)), ("xₜ", PIXELS, TIMES)])
    assert [layer.corner for layer in pane.layers] == [(0, 2), (0, 1)]
    assert tuple(pane.figure.layout.yaxis.tickvals) == (1.5, 0.5)
    assert tuple(pane.figure.layout.yaxis.ticktext) == ("x₀", "xₜ")


def test_charts_hold_every_curve_and_target_within_their_axes():
    curves = [Curve("one", [10, 100, 1000], [1.0, 0.3, 0.1], [1.1, 0.2, 0.1])]
    figure = loss_chart(curves, [Target(2500, 0.1, "a"), Target(10_000, 0.05, "b")])
    low, high = figure.layout.yaxis.range
    left, right = figure.layout.xaxis.range
    for trace in figure.data:
        assert all(low < np.log10(y) < high for y in trace.y)
        assert all(left <= np.log10(x) < right for x in trace.x)
    times = np.linspace(0, 1, 5)
    pane = error_pane({"one": (times, times + 0.001)}, times, times, title="")
    assert pane.figure.layout.yaxis.range[0] < -3
    assert pane.figure.layout.showlegend  # which Plotly leaves out of a single curve
    on_a_phone = pane.figure.layout.meta["narrow"]["layout"]
    assert on_a_phone["legend"]["y"] > 1, "above the plot, where neither curves nor cursor are"
    read = np.ones((5, 2))
    dots, line = reading_pane(times, times, read, times, title="").figure.data
    assert len(dots.x) == 10
    assert len(line.x) == 5


def test_loss_curves_may_be_none():
    assert len(loss_chart([], []).data) == 0


@pytest.mark.parametrize("name", ["image-noise", "image-samples", "image-race", "image-losses"])
def test_thumbnails_stay_on_their_sheet(name):
    assert thumbnails.svg(name).count("<path") + thumbnails.svg(name).count("<polyline") > 3
