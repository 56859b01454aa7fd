"""The player's payload: what the browser reads is what Python gave, small, and checked."""

import gzip
import hashlib
import json
import pickle
import re
import shutil
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from explorer.export import plotlyjs
from explorer.figures.base import axes_layout
from explorer.ui.player import (
    Arrows,
    Bars,
    Clock,
    Cursor,
    Curve,
    Density,
    Handle,
    Pane,
    Particles,
    Readout,
    Tint,
    assets,
)
from explorer.ui.player.encode import ABSENT, encode

CLOCK = Clock("t", (0.0, 1.0), steps=10)
TIMES = np.linspace(0, 1, 5)
SPAN = (-2.0, 2.0)


def read(payload: bytes) -> tuple[dict, Callable[[dict], np.ndarray]]:
    """The header, and a function from a buffer's entry to its values."""
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])

    def values(entry: dict) -> np.ndarray:
        start = 4 + length + entry["at"]
        assert start % 8 == 0
        raw = payload[start : start + entry["bytes"]]
        if entry["deflated"]:
            raw = zlib.decompress(raw)
        stored = np.frombuffer(raw, "<" + entry["type"]).reshape(entry["shape"])
        real = np.asarray(entry["offset"]) + np.asarray(entry["scale"]) * stored
        return np.where(stored == ABSENT, np.nan, real) if entry["type"] == "i2" else real

    return header, values


def encoded(*layers):
    header, values = read(encode([Pane(go.Figure(), layers)], CLOCK, {"height": 100}))
    return header["panes"][0]["layers"], values


def test_positions_survive_to_a_thirty_thousandth_of_their_range():
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(5, 300, 2)) * [1.0, 50.0]
    (said,), values = encoded(Particles(TIMES, xy))
    span = np.ptp(xy, axis=(0, 1))
    assert (np.abs(values(said["xy"]) - xy) <= span / 65534 * 0.51 + 1e-5).all()
    np.testing.assert_allclose(values(said["times"]), TIMES, atol=1e-7)


def test_absent_particles_stay_absent_and_leave_the_others_alone():
    xy = np.zeros((5, 3, 2))
    xy[:, 1] = [1.0, 2.0]
    xy[2, 0, 0] = np.nan
    xy[3, 2, 1] = np.inf
    (said,), values = encoded(Particles(TIMES, xy))
    back = values(said["xy"])
    absent = np.isnan(back).all(axis=-1)
    assert absent[2, 0]
    assert absent[3, 2]
    assert absent.sum() == 2
    np.testing.assert_allclose(back[:, 1], xy[:, 1], atol=1e-4)


def test_a_runaway_does_not_cost_the_others_their_precision():
    xy = np.random.default_rng(0).normal(size=(5, 500, 2))
    xy[4, 0] = 1e7
    (said,), values = encoded(Particles(TIMES, xy))
    assert np.abs(values(said["xy"])[:, 1:] - xy[:, 1:]).max() < 0.01


def test_colours_may_change_from_frame_to_frame():
    changing = np.random.default_rng(0).integers(0, 8, size=(5, 3))
    said, values = encoded(Particles(TIMES, XY, changing), Particles(TIMES, XY, [0, 1, 7]))
    np.testing.assert_array_equal(values(said[0]["colours"]), changing)
    np.testing.assert_array_equal(values(said[1]["colours"]), [0, 1, 7])


def test_pictures_survive_to_half_a_byte_and_reals_to_a_thirty_thousandth():
    rng = np.random.default_rng(1)
    density = rng.random((5, 6, 7))
    weights = rng.random((5, 3, 6, 7))
    vectors = rng.normal(size=(5, 4, 2))
    heights = rng.random((5, 9))
    channel = 10 * rng.normal(size=(5, 6, 7))
    line = np.linspace(0, 1, 9)
    said, values = encoded(
        Density(TIMES, density, SPAN, SPAN),
        Tint(TIMES, weights, SPAN, SPAN),
        Arrows(TIMES, rng.normal(size=(4, 2)), vectors),
        Bars(TIMES, np.linspace(0, 1, 10), heights),
        Curve(TIMES, line, heights),
        Readout(TIMES, SPAN, SPAN, {"p": channel}),
    )
    for got, want, error in [
        (said[0]["values"], density, 0.51 / 255),
        (said[1]["weights"], weights, 0.51 / 255),
        (said[2]["vectors"], vectors, np.ptp(vectors) / 65000),
        (said[3]["heights"], heights, 1 / 65000),
        (said[4]["py"], heights, 1 / 65000),
        (said[5]["channels"]["p"], channel, np.ptp(channel) / 65000),
    ]:
        assert np.abs(values(got) - want).max() <= error


def test_a_full_scene_stays_under_the_limit():
    """2,000 particles × 100 frames, a density and a field: at most 1.1 MB."""
    times = np.linspace(0, 1, 100)
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 64)
    density = np.exp(-((x[:, None] ** 2 + x**2)[None] * (1 + 9 * times[:, None, None])))
    layers = (
        Density(times, density, SPAN, SPAN),
        Arrows(times[::4], rng.normal(size=(256, 2)), rng.normal(size=(25, 256, 2))),
        Particles(times, rng.normal(size=(100, 2000, 2)), np.arange(2000) % 3),
    )
    assert len(encode([Pane(go.Figure(), layers)], CLOCK, {})) <= 1.1e6


def test_a_handle_is_told_where_it_was_let_go_and_believes_no_more_than_a_place():
    handle = Handle(np.zeros(1), (0.0, 0.0), 4.0, step=0.1)
    (said,), _ = encoded(handle)
    assert (said["kind"], said["at"], said["reach"]) == ("handle", [0.0, 0.0], 4.0)
    assert handle.placed([1.23, -9]) == (1.2, -4.0)
    for wrong in (None, "12", [1.0], [1.0, "2"], [1.0, float("nan")], {"x": 1.0}):
        assert handle.placed(wrong) is None


def test_the_header_tells_figures_and_data_apart():
    def ids(title: str, at: float):
        figure = go.Figure(layout={"title": title})
        pane = Pane(figure, (Cursor(TIMES, TIMES + at),))
        header, _ = read(encode([pane], CLOCK, {}))
        return header["panes"][0]["figure_id"], header["version"]

    assert ids("a", 0) == ids("a", 0)
    assert ids("a", 0)[0] == ids("a", 1)[0]
    assert ids("a", 0)[1] != ids("a", 1)[1]
    assert ids("a", 0)[0] != ids("b", 0)[0]


XY = np.zeros((5, 3, 2))
GRID = np.zeros((5, 4, 4))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Particles(TIMES[::-1], XY), "Particles: times must increase"),
        (lambda: Particles(TIMES * 2, XY), r"Particles: times must lie in \[0, 1\]"),
        (lambda: Particles(TIMES, XY[:4]), r"xy has shape \(4, 3, 2\), but 5 times"),
        (lambda: Particles(TIMES, XY, [0, 1]), r"colours has shape \(2,\), but there are 3 points"),
        (lambda: Particles(TIMES, XY, np.zeros((4, 3))), r"shape \(4, 3\), but .* in 5 frames"),
        (lambda: Particles(TIMES, XY, np.full((5, 3), 8)), r"colours must lie in 0\.\.7"),
        (lambda: Particles(TIMES, XY, [0, 1, 8]), r"colours must lie in 0\.\.7"),
        (lambda: Particles(TIMES, XY, shapes=[0, 1, 5]), r"shapes must lie in 0\.\.4"),
        (lambda: Particles(TIMES, XY, trail=-1), "trail -1 must be"),
        (lambda: Particles(TIMES, XY[:, :0]), "xy is empty; leave the layer out"),
        (lambda: Density(TIMES, GRID + 2, SPAN, SPAN), r"Density: values must lie in \[0, 1\]"),
        (lambda: Density(TIMES, GRID * np.nan, SPAN, SPAN), "Density: values has values that are"),
        (lambda: Density(TIMES, GRID, (1, 1), SPAN), r"Density: x must be \(low, high\)"),
        (lambda: Tint(TIMES, GRID, SPAN, SPAN), r"weights has shape \(5, 4, 4\)"),
        (lambda: Arrows(TIMES, XY[0], XY[:, :2]), r"vectors has shape \(5, 2, 2\)"),
        (lambda: Bars(TIMES, [0, 1, 0.5], np.zeros((5, 2))), "edges must be"),
        (lambda: Curve(TIMES, [0, 1], np.zeros((5, 2)), 9), "colour 9 is not in the palette"),
        (lambda: Cursor(TIMES, TIMES * np.nan), "Cursor: x has values that are not finite"),
        (lambda: Handle(TIMES, (0.0, np.inf), 1.0), "Handle: at is"),
        (lambda: Readout(TIMES, SPAN, SPAN, {}), "channels is empty"),
        (lambda: Readout(TIMES, SPAN, SPAN, {"a": GRID}, ("a", "b")), "vector names 'b'"),
        (lambda: Clock("t", ()), "Clock: values"),
        (lambda: Clock("t", (0.0,), steps=0), "Clock: steps"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_the_script_is_one_module_without_imports():
    lines = assets.script().splitlines()
    assert not [line for line in lines if line.startswith("import ")]
    assert [line for line in lines if line.startswith("export ")] == [
        "export default function ({ data, parentElement, setTriggerValue, library }) {"
    ]
    listed = {f"{name}.js" for name in assets.MODULES}
    assert listed == {path.name for path in (assets.HERE / "js").iterdir()}


def test_a_change_brings_a_small_loader_and_the_script_lies_in_a_file_named_by_its_content():
    loader = assets.loader()
    assert len(loader) < 4_000 < len(assets.script()) / 10
    assert [line for line in loader.splitlines() if line.startswith(("import ", "export "))] == [
        "export default function (given) {"
    ]
    served = json.loads(loader.splitlines()[0].removeprefix("const SERVED = ").rstrip(";"))
    component, _, name = served["path"].removeprefix("component/").partition("/")
    assert component == assets.plotly_path().split("/")[1]
    source = gzip.decompress((assets._folder() / name).read_bytes())
    assert source.decode() == assets.script()
    assert hashlib.blake2b(source, digest_size=8).hexdigest() in name


def test_plotly_js_is_the_published_one_and_a_trace_that_it_lacks_is_told_at_once():
    source = gzip.decompress(plotlyjs.packed())
    assert hashlib.sha256(source).hexdigest() == plotlyjs.SHA256
    assert f"v{plotlyjs.VERSION}\n".encode() in source[:100]
    assert all(f'name:"{trace}"'.encode() in source for trace in plotlyjs.TRACES)
    assert b'name:"surface"' not in source
    pane = Pane(go.Figure([{"type": "surface"}, {"type": "bar"}]), ())
    with pytest.raises(ValueError, match="draws no surface"):
        encode([pane], Clock("t", (0, 1)), {})


def _page():
    import numpy as np
    import plotly.graph_objects as go

    from explorer.ui.player import Clock, Cursor, Pane, player

    times = np.array([0.0, 1.0])
    player([Pane(go.Figure(), (Cursor(times, times),))], key="p", clock=Clock("t", (0, 1)))


def test_it_runs_in_a_page_and_hands_over_bytes():
    at = AppTest.from_function(_page).run()
    assert not at.exception
    header, _ = read(at.get("bidi_component")[0].proto.bytes)
    assert header["panes"][0]["layers"][0]["kind"] == "cursor"
    assert header["options"]["plotly"].endswith(".js.gz")


def test_arrows_may_stand_or_walk():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 4, 2))
    standing = Arrows(TIMES, rng.normal(size=(4, 2)), vectors)
    walking = Arrows(TIMES, rng.normal(size=(5, 4, 2)), vectors)
    assert standing.xy.shape == (4, 2)
    assert walking.xy.shape == (5, 4, 2)
    with pytest.raises(ValueError, match=r"xy \(3, 4, 2\) must be"):
        Arrows(TIMES, rng.normal(size=(3, 4, 2)), vectors)


def test_panes_from_another_process_share_the_figure_that_says_the_same():
    def sent(x_title: str) -> Pane:
        layout = axes_layout((0, 1), (0, 1), x_title=x_title)
        handle = Handle(np.zeros(1), (0.0, 0.0), 4.0)
        return pickle.loads(pickle.dumps(Pane(go.Figure(layout=layout), (handle,), "A", "b")))

    one, same, other = sent("x"), sent("x"), sent("y")
    assert one.figure is same.figure
    assert one.figure == go.Figure(layout=axes_layout((0, 1), (0, 1), x_title="x"))
    assert other.figure.layout.xaxis.title.text == "y"
    assert (one.title, one.note) == ("A", "b")
    assert one.layers[0].at == (0.0, 0.0)


def test_what_a_system_clears_from_its_temporary_files_is_laid_there_again():
    path = assets.plotly_path()
    lost = [assets._folder() / Path(path).name, *assets._folder().glob("player-*")]
    assert len(lost) > 1
    for file in lost:
        file.unlink()
    assert assets.plotly_path() == path
    assert all(file.stat().st_size > 1000 for file in lost)
    shutil.rmtree(assets._folder())
    assets.plotly_path()
    assert all(file.stat().st_size > 1000 for file in lost)


def test_no_two_modules_of_the_player_give_a_name_twice():
    """They become one module, in which that is an error: no picture would be drawn any more."""
    begins = re.compile(r"^(?:export )?(?:const|let|class|(?:async )?function\*?) (\w+)", re.M)
    names = Counter(begins.findall(assets.script()))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []
