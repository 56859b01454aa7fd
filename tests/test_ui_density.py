"""The page "Density estimation": every view opens and shows what was computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_tables import first_table
from run_alone import figures, said
from stills import charts
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.code.recipes.density_estimation import density_script
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.own_codec import encode_points
from explorer.data.spec import DistributionSpec
from explorer.training.density_networks import OURS, held_out, load_known, training_of
from explorer.ui import learning
from explorer.ui.menu import HOME


def opened(**query: Any) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page("pages/density_estimation.py")
    at.query_params.update(query)
    at.run()
    assert not at.exception
    return at


def figure(at: AppTest) -> dict[str, Any]:
    return charts(at)[0]


def table(at: AppTest) -> list[list[str]]:
    return [[cell.replace("−", "-") for cell in row.values()] for row in first_table(at)]


def test_panes_of_two_dimensions_and_their_figures():
    at = opened()
    names = [note["text"] for note in figure(at)["layout"]["annotations"]]
    assert names[:2] == ["Training points", "Truth"]
    assert len(names) == 7
    rows = table(at)
    assert [row[0].split()[0] for row in rows] == ["Truth", *("Histogram,", "Kernels,")] + [
        "Diffusion,"
    ] * 3
    data = DISTRIBUTIONS["moons"].build()
    best = float(data.log_prob(held_out(data)).mean())
    assert float(rows[0][1].split()[0]) == pytest.approx(best, abs=6e-4)
    for row, kind in zip(rows[-2:], ("long", "ours"), strict=True):
        known = float(load_known("moons", 1000, kind).held_out.mean())
        assert float(row[1].split()[0]) == pytest.approx(known, abs=6e-4)
    assert all(float(row[2].split()[0]) > 0 for row in rows[1:])


def test_bins_and_bandwidth_are_taken():
    at = opened(set="mixture-1d", bins="9", rule="own", factor="0.33")
    labels = [row[0] for row in table(at)]
    assert "Histogram, 9" in labels
    assert "Kernels, 0.33 σ" in labels
    traces = {trace["name"]: trace for trace in figure(at)["data"]}
    assert {"Truth", "Histogram, 9", "Kernels, 0.33 σ", "training points"} <= set(traces)


def test_by_size_shows_every_estimate_at_every_size():
    at = opened(view="sizes", set="mixture-1d")
    traces = figure(at)["data"]
    assert next(trace["name"] for trace in traces) == "Truth"
    assert len(traces) == 6
    assert all(len(np.atleast_1d(trace["y"])) == 3 or "bdata" in trace["y"] for trace in traces)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    learning.store.clear()
    yield "abcd1234"
    learning.store.clear()


def test_it_trains_and_keeps_training_from_where_it_stopped(
    shelf: str, monkeypatch: pytest.MonkeyPatch
):
    desk = learning.Desk(learning.pool(), "me")
    monkeypatch.setattr(learning, "desk", lambda: desk)

    def presses(label: str) -> None:
        next(b for b in at.button if b.label.startswith(label)).click().run()
        assert desk.job is not None
        assert desk.job.wait(240)  # the run lies on the shelf a moment before its job has ended
        at.run()
        assert not at.exception

    at = opened(view="live", set="mixture-1d", n="100", recipe="document", shelf=shelf)
    presses("Train for")
    assert any(m.label.startswith("Held-out") for m in at.metric)
    presses("Continue")
    assert len(learning.store().list_runs()) == 2
    step = next(m.value for m in at.metric if m.label == "Step")
    assert step == "2,500 of 2,500"


def test_own_data_have_classical_estimates_and_a_training_of_their_own(tmp_path: Path):
    at = opened(set="own-2d", n="100")
    rows = table(at)
    assert [row[0].split()[0] for row in rows] == ["Truth", "Histogram,", "Kernels,"]
    assert all(float(row[2].split()[0]) > 0 for row in rows[1:])
    assert any(b.label == "Draw, paste or upload" for b in at.button)
    spec = training_of(DistributionSpec("own-2d"), 100, OURS)
    truth, *lines = said(density_script(spec, None, 0, "cv", 0.2), tmp_path)
    assert figures(truth)["truth"] == rows[0][1].split()[0]
    for line, row in zip(lines, rows[1:], strict=True):
        assert float(figures(line)["held_out"]) == pytest.approx(float(row[1].split()[0]), abs=2e-3)
    drawn = opened(set="own-2d", n="100", own2=encode_points(np.array([[0.0, 1.0], [1.0, 0.0]])))
    assert table(drawn)[0][1] != rows[0][1]
    assert len(figure(opened(set="own-1d", view="sizes"))["data"]) == 3
