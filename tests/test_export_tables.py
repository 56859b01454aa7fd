"""The numbers behind an animation come back from their files as they were."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from pyarrow import csv

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.processes import PROCESSES
from explorer.export import tables
from explorer.figures import windows
from explorer.figures.base import axes_figure
from explorer.figures.layers import Arrows, Bars, Clock, Curve, Density, Pane, Particles, Readout
from explorer.figures.view import View

CLOCK = Clock("t", (1.0, 0.0))
TIMES = np.linspace(0, 1, 4)
RNG = np.random.default_rng(0)
XY = RNG.normal(size=(4, 5, 2)).astype(np.float32)
GRID = RNG.random((4, 3, 6)).astype(np.float32)


def panes() -> list[Pane]:
    missing = XY.copy()
    missing[1, 2] = np.nan
    figure = axes_figure((-2, 2), (-1, 1), x_title="x / its spread", y_title="x₂")
    layers = (
        Particles(TIMES, missing, colours=np.arange(5)),
        Density(TIMES, GRID, (-2, 2), (-1, 1)),
        Arrows(TIMES, XY[0], XY),
        Bars(TIMES, np.arange(4.0), GRID[:, 0, :3]),
        Curve(TIMES, np.arange(6.0), GRID[:, 0]),
        Readout(TIMES, channels={"log p": GRID * 9}, x=(-2, 2), y=(-1, 1)),
    )
    return [Pane(figure, layers, "First"), Pane(figure, layers[:1])]


def test_npz() -> None:
    with np.load(io.BytesIO(tables.npz(panes(), CLOCK)), allow_pickle=False) as read:
        held = {name: read[name] for name in read.files}
    found = held["pane1_particles1_xy"]
    assert found.dtype == np.float32
    assert np.array_equal(found, panes()[0].layers[0].xy, equal_nan=True)  # type: ignore[attr-defined]
    assert np.array_equal(held["pane2_particles1_xy"], found, equal_nan=True)
    assert np.array_equal(held["pane1_density1_values"], GRID)
    assert np.array_equal(held["pane1_readout1_log_p"], GRID * 9)
    assert np.allclose(held["pane1_density1_x"], np.linspace(-2, 2, 6))
    assert np.allclose(held["pane1_arrows1_clock"], 1 - TIMES)
    about = "\n".join(held["about"])
    assert "pane1_particles1: First: xy (frame, particle, 2)" in about
    assert "x is x / its spread" in about


def test_csv() -> None:
    with zipfile.ZipFile(io.BytesIO(tables.csv_zip(panes(), CLOCK))) as archive:
        names = archive.namelist()
        read = {name: csv.read_csv(archive.open(name)) for name in names if name.endswith(".csv")}
        assert "First: xy" in archive.read("README.txt").decode()
    moved = read["pane1_particles1.csv"]
    assert moved.column_names == [
        *("frame", "position", "clock", "number", "x (x / its spread)", "y (x₂)", "colour")
    ]
    columns = {name: moved[name].to_numpy() for name in moved.column_names}
    at = columns["frame"], columns["number"]
    back = np.full((4, 5, 2), np.nan)
    back[(*at, 0)] = columns["x (x / its spread)"]
    back[(*at, 1)] = columns["y (x₂)"]
    assert np.array_equal(back.astype(np.float32), panes()[0].layers[0].xy, equal_nan=True)  # type: ignore[attr-defined]
    assert np.allclose(columns["clock"], 1 - TIMES[columns["frame"]])
    field = read["pane1_density1.csv"]
    assert np.allclose(field["values"].to_numpy().reshape(GRID.shape), GRID)
    assert np.allclose(field["y (x₂)"].to_numpy().reshape(GRID.shape)[0, :, 0], [-1, 0, 1])
    assert np.allclose(read["pane1_arrows1.csv"]["dy (x₂)"].to_numpy().reshape(4, 5), XY[..., 1])
    assert np.allclose(read["pane1_bars1.csv"]["height"].to_numpy().reshape(4, 3), GRID[:, 0, :3])
    assert np.allclose(read["pane1_curve1.csv"]["y (x₂)"].to_numpy().reshape(4, 6), GRID[:, 0])


def test_a_table_that_nobody_could_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 19)
    with pytest.raises(ValueError, match="take the NPZ"):
        tables.csv_zip(panes(), CLOCK)


def test_what_lies_along_the_vertical_axis_is_named_by_it() -> None:
    view = View(DISTRIBUTIONS["gaussians-1d"].build(), PROCESSES["ve"].build(), False, False)
    figure = windows.strip(view, link="x")
    curve = Curve(TIMES, np.arange(6.0), GRID[:, 0], xaxis="x2", yaxis="y2", horizontal=True)
    pane = Pane(figure, (Particles(TIMES, XY), curve))
    with zipfile.ZipFile(io.BytesIO(tables.csv_zip([pane], CLOCK))) as archive:
        read = {name: csv.read_csv(archive.open(name)) for name in archive.namelist()[:2]}
    assert read["pane1_curve1.csv"].column_names[-2:] == ["x (x)", "y (density)"]
    assert np.allclose(read["pane1_curve1.csv"]["x (x)"].to_numpy()[:6], np.arange(6.0))
    # its ticks say t, and its places are the clock's
    assert read["pane1_particles1.csv"].column_names[-2:] == ["x (place of t)", "y (x)"]
