"""Pictures and films out of the app: every mark at its pixel, every frame in the file."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from benchmarks.serving import ROOT
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.export import words
from explorer.export.film import LINGER, Film, gif, mp4
from explorer.export.gif import delays
from explorer.export.look import DARK, LIGHT, SIZES, Look, rgb
from explorer.export.moments import blend, clock_text, locate
from explorer.export.stage import Stage
from explorer.export.work import Work, at_once
from explorer.figures.base import axes_figure
from explorer.figures.handle import Handle
from explorer.figures.layers import (
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Images,
    Layer,
    Pane,
    Particles,
    Readout,
    Tint,
)
from explorer.figures.palette import OKABE_ITO

CLOCK = Clock("t", (1.0, 0.0))
SMALL = Look(200, 160)
ENDS = np.array([0.0, 1.0])


def plane(*layers: Layer, title: str = "") -> Pane:
    return Pane(axes_figure((-2, 2), (-2, 2), x_title="x₁", equal=True), layers, title)


def points(*paths: tuple[tuple[float, float], tuple[float, float]], **looks: object) -> Particles:
    """Particles from one place to another; every path is ((x, y), (x, y))."""
    xy = np.array(paths, float).transpose(1, 0, 2)
    return Particles(ENDS, xy, **{"opacity": 1.0, "size": 16.0, **looks})  # type: ignore[arg-type]


def painted(stage: Stage, position: float, colour: str) -> np.ndarray:
    """(M, 2) middles of the pixels that have exactly this colour, from the lower left corner."""
    frame = stage.frame(position)
    row, column = np.nonzero((frame[..., :3] == rgb(colour)).all(axis=-1))
    return np.stack([column + 0.5, frame.shape[0] - row - 0.5], axis=1)


@pytest.mark.parametrize("dark", [False, True])
def test_a_particle_is_painted_at_its_pixel_in_its_colour(dark: bool) -> None:
    layer = points(((-1, -1), (1, 0.5)), ((1.5, -1.2), (0, -1.2)), colours=np.array([0, 1]))
    stage = Stage([plane(layer)], CLOCK, replace(SMALL, dark=dark))
    axes = stage._figure.axes[0]  # matplotlib's own idea of where data lie
    for position in (0.0, 0.3, 1.0):
        for k, colour in enumerate((OKABE_ITO[0], OKABE_ITO[1])):
            wanted = axes.transData.transform(blend(layer.xy, locate(layer.times, position))[k])
            found = painted(stage, position, colour)
            assert len(found) > 10
            assert np.abs(found.mean(axis=0) - wanted).max() < 0.5
    corner = stage.frame(0.0)[0, 0, :3]
    assert tuple(corner) == rgb((DARK if dark else LIGHT).background)


def test_colours_change_with_the_frames_and_absent_particles_are_left_out() -> None:
    still = ((0.0, 0.0), (0.0, 0.0))
    layer = points(still, colours=np.array([[0], [3]]))
    stage = Stage([plane(layer)], CLOCK, SMALL)
    assert len(painted(stage, 0.4, OKABE_ITO[0])) > 10
    assert len(painted(stage, 0.6, OKABE_ITO[0])) == 0
    assert len(painted(stage, 0.6, OKABE_ITO[3])) > 10
    gone = points(still, ((np.nan, 0), (np.inf, 1)), ((9e9, 0), (9e9, 0)), trail=2)
    alone = Stage([plane(points(still, trail=2))], CLOCK, SMALL).frame(0.5).copy()
    assert np.array_equal(Stage([plane(gone)], CLOCK, SMALL).frame(0.5), alone)


def test_a_trail_lies_along_the_way() -> None:
    """Also where a film jumps back to its start, and whole paths as well as short tails."""
    times = np.linspace(0, 1, 5)
    xy = np.stack([np.linspace(-1.5, 1.5, 5), np.zeros(5)], axis=1)[:, None]
    for trail in (4, "full"):
        layer = Particles(times, xy, trail=trail, size=0.5)  # type: ignore[arg-type]
        stage = Stage([plane(layer)], CLOCK, SMALL)
        empty = stage.frame(0.0).astype(int)
        changed = np.abs(stage.frame(1.0).astype(int) - empty).sum(axis=-1) > 20
        ends = stage._figure.axes[0].transData.transform([(-1.5, 0), (1.5, 0)])
        row = SMALL.height - ends[0, 1]
        rows, columns = np.nonzero(changed[:, : round(ends[1, 0]) - 2])
        assert np.abs(rows + 0.5 - row).max() <= 1.5
        assert columns.min() <= ends[0, 0] + 3
        assert len(np.unique(columns)) > 0.9 * (ends[1, 0] - ends[0, 0] - 4)
        assert np.array_equal(stage.frame(0.0), empty)


def every_layer() -> tuple[Layer, ...]:
    grid = np.linspace(0, 1, 2 * 6 * 8).reshape(2, 6, 8)
    box = {"x": (-2.0, 1.0), "y": (-1.0, 2.0)}
    return (
        Density(ENDS, grid, **box, contours=(0.3, 0.6), bands=True),  # type: ignore[arg-type]
        Tint(ENDS, np.stack([grid, 1 - grid], axis=1), **box),  # type: ignore[arg-type]
        Images(ENDS, np.full((2, 2, 4, 4, 3), 90, np.uint8), 2, (-1.0, 1.0)),
        Bars(ENDS, np.array([-1.0, 0.0, 1.0]), np.array([[0.5, 1.0], [1.0, 0.2]])),
        Curve(ENDS, np.array([-1.0, 1.0]), np.array([[0.0, 1.0], [1.0, np.pi / 4]]), dash="dash"),
        Arrows(ENDS, np.zeros((1, 2)), np.ones((2, 1, 2))),
        Cursor(ENDS, np.array([-1.0, 1.0])),
        Handle(ENDS, (0.5, 0.5), 2.0),
        points(((0, 0), (1, 1)), shapes=np.array([4]), name="walkers"),
        Readout(ENDS, channels={"log p": grid}, **box),  # type: ignore[arg-type]
    )


def test_every_layer_changes_the_picture_where_it_lies() -> None:
    kinds = {kind for kind in _kinds(Layer) if kind.__module__.startswith("explorer.")}
    assert {type(layer) for layer in every_layer()} == kinds
    bare = Stage([plane()], CLOCK, SMALL).frame(0.5).astype(int)
    for layer in every_layer()[:-2]:
        stage = Stage([plane(layer)], CLOCK, SMALL)
        changed = np.abs(stage.frame(0.5).astype(int) - bare).sum(axis=-1) > 0
        assert changed.any(), type(layer)
        box = stage._figure.axes[0].get_window_extent()
        rows, columns = np.nonzero(changed)
        assert columns.min() >= box.x0 - 1
        assert columns.max() <= box.x1 + 1
        assert rows.min() >= SMALL.height - box.y1 - 1
        assert rows.max() <= SMALL.height - box.y0 + 1


def _kinds(kind: type) -> set[type]:
    below = kind.__subclasses__()
    return set(below).union(*(_kinds(sub) for sub in below))


def test_vectors_hold_the_same_marks() -> None:
    layer = points(((-1, -1), (1, 1)), ((1, 0), (1, 0)), ((np.nan, 0), (0, 0)), colours=[0, 0, 0])
    stage = Stage([plane(*every_layer(), layer, title="<b> & $x$")], CLOCK, SMALL)
    svg = stage.svg(0.0)
    root = ET.fromstring(svg)
    assert root.get("viewBox") == f"0 0 {SMALL.width} {SMALL.height}"
    wanted = stage._figure.axes[0].transData.transform((-1, -1))
    uses = [e for e in root.iter() if e.tag.endswith("use") and "fill: #0072b2" in str(e.attrib)]
    places = np.array([[float(e.get("x", 0)), SMALL.height - float(e.get("y", 0))] for e in uses])
    assert len(places) == 2
    assert np.abs(places - wanted).max(axis=1).min() < 1.0
    assert b"1970" not in svg


def test_still_traces_and_their_axes() -> None:
    """A logarithmic axis takes powers of ten, ticks say what the figure says."""
    figure = go.Figure(
        data=[{"type": "scatter", "x": [0.0, 1.0], "y": [1.0, 100.0], "name": "loss"}],
        layout={
            "xaxis": {"range": [0, 1]},
            "yaxis": {"type": "log", "range": [0, 2], "tickvals": [1, 10], "ticktext": ["a", "b"]},
        },
    )
    stage = Stage([Pane(figure)], CLOCK, SMALL)
    axes = stage._figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_yticks().tolist() == [0.0, 1.0]
    line = painted(stage, 0.0, OKABE_ITO[0])
    start, end = axes.transData.transform([(0, 0), (1, 2)])
    along = start[1] + (line[:, 0] - start[0]) * (end[1] - start[1]) / (end[0] - start[0])
    inside = line[:, 0] > start[0] + 2  # what stands left of the axes is the legend's
    assert np.abs(along - line[:, 1])[inside & (line[:, 1] <= end[1])].max() < 3
    heat = go.Figure(data=[{"type": "heatmap", "z": [[1.0, 2.0]]}])
    with pytest.raises(ValueError, match="heatmap"):
        Stage([Pane(heat)], CLOCK, SMALL)


def test_a_gif_has_all_frames_their_times_and_one_palette(tmp_path: Path) -> None:
    layer = points(((-1, -1), (1, 1)), ((1, -1), (-1, 1)), colours=np.array([0, 1]), opacity=0.8)
    panes = [plane(Density(ENDS, every_layer()[0].values, (-2, 2), (-2, 2)), layer)]  # type: ignore[attr-defined]
    file = tmp_path / "film.gif"
    film = Film(SMALL, seconds=1.5, frames=12)
    shares = list(gif(panes, CLOCK, film, file))
    assert shares == [0.0, *(np.arange(1, 13) / 12)]
    with Image.open(file) as read:
        assert (read.n_frames, read.size, read.info["loop"]) == (12, (200, 160), 0)
        lasts, colours = [], set()
        stage = Stage(panes, CLOCK, SMALL)
        for k in range(12):
            read.seek(k)
            lasts.append(read.info["duration"])
            shown = np.asarray(read.convert("RGB"), int)
            colours |= {tuple(c) for c in shown.reshape(-1, 3)}
            apart = np.abs(shown - stage.frame(k / 11)[..., :3])
            assert apart.mean() < 1.0
            assert np.quantile(apart, 0.999) < 40
        assert sum(lasts) == round(1000 * (1.5 + LINGER))
        assert rgb(LIGHT.background) in colours
        assert len(colours) <= 255
    assert delays(3, 1.0, 0.5) == [33, 34, 83]
    assert list(gif(panes, CLOCK, Film(SMALL, 1.0, frames=1), file)) == [0.0, 1.0]
    with Image.open(file) as read:
        assert getattr(read, "n_frames", 1) == 1


def fake_ffmpeg(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_frames_go_into_the_pipe_of_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.exporting import unavailable

    panes, film = [plane(points(((0, 0), (1, 1))))], Film(SMALL, 1.0, frames=3)
    file = tmp_path / "film; touch x.mp4"  # no shell ever reads it
    fake_ffmpeg(
        tmp_path, f'echo "$@" > {tmp_path}/said; for last; do :; done; cat > "$last"', monkeypatch
    )
    assert list(mp4(panes, CLOCK, film, file))[-1] == 1.0
    assert not unavailable("mp4")
    frames = np.frombuffer(file.read_bytes(), np.uint8).reshape(3, 160, 200, 4)
    assert np.array_equal(frames[1], Stage(panes, CLOCK, SMALL).frame(0.5))
    assert "-s 200x160" in (tmp_path / "said").read_text()
    fake_ffmpeg(tmp_path, "echo no such encoder >&2; exit 3", monkeypatch)
    with pytest.raises(RuntimeError, match="no such encoder"):
        list(mp4(panes, CLOCK, film, file))
    fake_ffmpeg(tmp_path, "exec sleep 60", monkeypatch)
    going = mp4(panes, CLOCK, film, file)
    next(going)
    going.close()  # whoever stops does not wait for it
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert "ffmpeg" in unavailable("mp4")
    with pytest.raises(RuntimeError, match="not installed"):
        list(mp4(panes, CLOCK, film, file))


def test_an_export_is_driven_stopped_and_cleared_away() -> None:
    work = Work(at_once(lambda: b"whole"), "a.bin", "x/y")
    while work.busy:
        work.advance(0.0)
    assert (work.data, work.share, work.error) == (b"whole", 1.0, "")
    assert not Path(work._folder.name).exists()

    def broken() -> bytes:
        raise ValueError("too large")

    failed = Work(at_once(broken), "a.bin", "x/y")
    failed.advance(1.0)
    failed.advance(1.0)
    assert (failed.data, failed.error, failed.busy) == (None, "too large", False)
    stopped = Work(at_once(lambda: b""), "a.bin", "x/y")
    stopped.advance(0.0)
    folder = Path(stopped._folder.name)
    assert folder.exists()
    assert folder.stat().st_mode & 0o077 == 0
    stopped.stop()
    assert not folder.exists()


def test_looks_are_the_apps_and_bounded() -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
    for page, name in ((LIGHT, "light"), (DARK, "dark")):
        told = (page.background, page.panel, page.text, page.accent)
        keys = ("backgroundColor", "secondaryBackgroundColor", "textColor", "primaryColor")
        assert told == tuple(theme[name][key] for key in keys)
    for size in SIZES.values():
        Look(size.width, size.height)
        assert size.width % 2 == size.height % 2 == 0  # as films want it
    with pytest.raises(ValueError, match="at least 120"):
        Look(4000, 4000)
    with pytest.raises(ValueError, match="1 to 20"):
        Film(seconds=1e9)
    with pytest.raises(ValueError, match="choose at least one"):
        Stage([], CLOCK, SMALL)
    with pytest.raises(ValueError, match="do not fit"):
        Stage([plane()] * 40, CLOCK, SMALL)


def test_words() -> None:
    assert words.plain("10<sup>-3</sup> &lt; <b>x</b>") == "10⁻³ < x"
    assert words.fitted("short", 12, 400) == "short"
    cut = words.fitted("much too long for its place", 12, 60)
    assert cut.endswith("…")
    assert words.width(cut, 12) <= 60
    assert clock_text(Clock("t", (0.0, -1.0)), 0.001) == "t = 0.00"
    assert clock_text(Clock("log σ", (0.0, -1.0), digits=1), 1.0) == "log σ = −1.0"
    equations = {entry.latex for entry in SAMPLERS.values()}
    equations |= {
        entry.build({p.name: p.default for p in entry.params}).latex for entry in PROCESSES.values()
    }
    unset = [latex for latex in equations if words.typeset(latex) is None]
    assert not unset
    assert words.typeset(r"\begin{pmatrix}1\end{pmatrix}") is None
    look = replace(SMALL, title="$x$ <b>", equation=r"x_t=\alpha_t x_0")
    assert (
        Stage([plane()], CLOCK, look).frame(0.0) != Stage([plane()], CLOCK, SMALL).frame(0.0)
    ).any()
