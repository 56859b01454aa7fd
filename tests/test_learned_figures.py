"""Pictures of a learned score: what they show is what was computed, on one scale and legible."""

import math

import numpy as np
import pytest
import torch

from explorer.data.distributions import DISTRIBUTIONS
from explorer.diffusion.comparison import error_by_time
from explorer.diffusion.processes import CosineVP, LinearDDPM
from explorer.diffusion.samplers import SAMPLERS, race
from explorer.diffusion.trajectory import exact_score
from explorer.figures import fields, learned, learned_charts, learned_samples
from explorer.figures.labels import apart, decades
from explorer.figures.learned import EXACT, FULL, LEARNED, Rivals
from explorer.figures.quality import BELOW, BEST, WORST, quality_rows, quality_spec
from explorer.figures.view import View
from explorer.metrics import Reading
from explorer.quality import Quality


def rivals(name: str, factor: float = 1.0, process=None, rescaled=False) -> Rivals:
    """The exact score, and `factor` times it in the place of a learned one."""
    process = process or LinearDDPM()
    data = DISTRIBUTIONS[name].build()
    exact = exact_score(data, process)
    view = View(data, process, True, rescaled)
    return Rivals(view, lambda x, t: factor * exact(x, t))


@pytest.mark.parametrize("rescaled", [False, True])
def test_both_fields_are_drawn_to_one_scale_at_each_time(rescaled):
    pair = rivals("tutorial", 0.49, rescaled=rescaled)
    bands = fields.density(pair.view, log=True)
    panes = learned.field_panes(pair, bands, link="x")
    arrows = [pane.layers[1] for pane in panes]
    assert [layer.colour for layer in arrows] == [LEARNED, EXACT]
    ours, true = (np.linalg.norm(layer.vectors, axis=-1) for layer in arrows)
    unclipped = true < 0.9 * true.max()
    # lengths go with the root of the score's, so a score of 0.49 times the length shows 0.7 times
    assert np.allclose((ours / true)[unclipped], 0.7, rtol=1e-4)


def test_the_exact_field_of_a_view_is_not_worked_out_for_each_network(monkeypatch):
    pair = rivals("tutorial")
    first = learned.field_panes(pair, None, link="x")
    monkeypatch.setattr(learned, "exact_score", lambda *args: pytest.fail("worked out again"))
    other = Rivals(pair.view, lambda x, t: 0.5 * pair.learned(x, t))
    second = learned.field_panes(other, None, link="x")
    for name in ("sx", "sy"):  # what the pointer reads
        of_first, of_second = (
            {which: panes[k].layers[2].channels[name] for k, which in enumerate((LEARNED, EXACT))}
            for panes in (first, second)
        )
        assert np.array_equal(of_first[EXACT], of_second[EXACT])
        assert np.allclose(0.5 * of_first[LEARNED], of_second[LEARNED], rtol=1e-4, atol=1e-4)


def test_the_last_frame_is_that_of_the_least_noise_for_there_is_no_score_without():
    pair = rivals("tutorial")
    ts, _ = pair.frames()
    assert float(ts.min()) > 0
    assert np.isfinite(learned.field_panes(pair, None, link="x")[0].layers[1].vectors).all()


def test_an_error_is_painted_by_its_size_and_only_where_data_are():
    pair = rivals("tutorial", 1.1)
    pane = learned.error_pane(pair, seed=0, link="x", side=25)
    heat, _, readout = pane.layers
    errors = readout.channels["σ‖s − s*‖"]
    assert (heat.values <= errors.clip(0, FULL) / FULL + 1e-5).all()
    ts, _ = pair.frames()
    _, points = pair.view.mesh(25)
    frame = 20
    p = pair.view.noised_at(ts[frame : frame + 1])[0]
    logs = p.log_prob(points).reshape(25, 25)
    inside = (logs > logs.max() - learned.SEEN + 0.1).numpy()
    outside = (logs < logs.max() - learned.UNSEEN - 0.1).numpy()
    shown = errors[frame].clip(0, FULL) / FULL
    assert inside.any()
    assert outside.any()
    assert np.allclose(heat.values[frame][inside], shown[inside], atol=1e-5)
    assert (heat.values[frame][outside] == 0).all()
    true = 0.1 * float(pair.view.process.sigma(ts[frame])) * p.score(points).norm(dim=1)
    assert np.allclose(errors[frame].ravel(), true.numpy(), rtol=1e-3, atol=1e-5)


def test_a_1d_score_is_shown_as_noise_over_its_density():
    pair = rivals("normal-1d", 1.5, CosineVP())
    hill, exact, ours = learned.curves_pane(pair).layers
    sigmas = pair.view.process.sigma(pair.frames()[0]).numpy()[:, None]
    true = sigmas * exact.x  # the score of a standard normal is −x at every t
    assert np.allclose(exact.y, true, atol=2e-3)
    assert np.allclose(ours.y, 1.5 * true, atol=3e-3)
    assert hill.y.max() <= learned.REACH
    assert ours.dash
    assert not exact.dash


def test_the_error_strip_holds_the_errors_and_the_quantiles():
    pair = rivals("normal-1d", 1.2, CosineVP())
    figure = learned_charts.error_strip(pair, points=41, frames=21)
    heat, low, high = figure.data
    middle = 20  # x = 0, where the score and its error vanish
    assert np.abs(heat.z[middle]).max() < 1e-6
    sigma = float(pair.view.process.sigma(pair.frames(21)[0][5]))
    at = 26
    assert heat.z[at][5] == pytest.approx(0.2 * sigma * heat.y[at], rel=1e-3)
    assert np.allclose(low.y, -2.576, atol=0.15)
    assert np.allclose(high.y, 2.576, atol=0.15)


def test_the_error_chart_runs_from_noise_to_data():
    pair = rivals("tutorial", 1.3)
    ts = pair.frames()[0].unique()
    found = error_by_time(pair.view.process, pair.learned, pair.exact, pair.view.distribution, ts)
    figure = learned_charts.error_chart(pair.view, found)
    relative = next(trace for trace in figure.data if trace.name == "relative error")
    assert np.allclose(relative.y, 0.3, atol=1e-5)
    assert (np.diff(relative.x) > 0).all()
    assert (np.diff(relative.customdata) < 0).all()
    names = [t.text[-1].strip() for t in figure.data if t.text]
    assert sorted(names) == ["1 − cosine", "excess of the loss", "relative error"]


@pytest.mark.parametrize("name", ["mixture-1d", "tutorial", "points"])
def test_the_exact_score_has_the_exact_density_on_the_mesh(name):
    side = 41 if name == "mixture-1d" else 25
    known = learned_samples.densities(rivals(name, process=CosineVP()), side=side)
    likely = known.exact > known.exact.max() - 5
    # a finite set is stiff between its points; what a picture can show is the density itself
    assert np.abs(np.exp(known.learned) - np.exp(known.exact))[likely].max() < 0.02 * np.exp(
        known.exact.max()
    )
    cell = known.axis[1] - known.axis[0]
    mass = np.exp(known.exact).sum() * cell**known.exact.ndim
    assert mass == pytest.approx(1, abs=0.05)


def test_two_densities_share_one_scale_and_one_run():
    pair = rivals("tutorial")
    known = learned_samples.densities(pair, side=20)
    half = learned_samples.Densities(known.axis, known.exact - math.log(4), known.exact)
    entry = SAMPLERS["dpm"]
    start = pair.view.process.prior((30, 2), torch.Generator().manual_seed(0))
    run = race(entry, entry.build(), pair.view.process, pair.exact, start, 10, 0)
    ours, true = learned_samples.density_panes(pair, half, run, note="")
    assert true.layers[0].values.max() == pytest.approx(1)
    assert ours.layers[0].values.max() == pytest.approx(0.5)  # the root of a quarter
    assert ours.layers[1] is true.layers[1]


def test_a_histogram_of_samples_stands_under_their_density():
    axis = np.linspace(-4, 4, 101)
    log_prob = -0.5 * axis**2 - 0.5 * math.log(2 * math.pi)
    samples = np.random.default_rng(0).standard_normal(20_000)
    figure = learned_charts.density_chart(
        learned_samples.Densities(axis, log_prob, log_prob), samples, "samples"
    )
    bars, exact, ours = figure.data
    width = bars.x[1] - bars.x[0]
    assert float((bars.y * width).sum()) == pytest.approx(1, abs=1e-3)
    assert np.allclose(bars.y, np.interp(bars.x, axis, exact.y), atol=0.05)
    assert exact.line.width > ours.line.width


def test_copies_are_counted_in_the_first_bar_and_do_not_flatten_the_rest():
    rng = np.random.default_rng(0)
    figure = learned_charts.nearest_chart(
        {"network": 10 ** rng.normal(-1, 0.2, 1000), "copies": np.zeros(100)}
    )
    network, copies = figure.data
    assert copies.y[0] == pytest.approx(1)
    assert float(network.y.sum()) == pytest.approx(1)
    assert network.y.max() < figure.layout.yaxis.range[1] < 1


def readings(ratios):
    return [
        Quality(sampler, budget, budget, Reading(ratio, 1.0), 0.1)
        for sampler, row in ratios.items()
        for budget, ratio in zip((5, 50), row, strict=True)
    ]


def test_each_sampler_has_a_row_for_each_run_and_a_name_at_the_last():
    names = {"sde": (4, 1.1), "flow": (2, 1.1), "ddim": (3, 1.1), "dpm": (3, math.nan)}
    rows = quality_rows(readings(names), height=460)
    labels = [SAMPLERS[name].label for name in names]
    assert set(rows["sampler"]) == set(labels)
    for label in labels:
        mine = [i for i, name in enumerate(rows["sampler"]) if name == label]
        assert [rows["evaluations"][i] for i in mine] in ([5], [5, 50])
        assert [rows["place"][i] > 0 for i in mine] == [False] * (len(mine) - 1) + [True]
    heights = sorted(math.log10(place) for place in rows["place"] if place > 0)
    inner = (460 - BELOW) / math.log10(WORST / BEST)  # pixels for a factor of ten
    assert min(np.diff(heights)) * inner > 15  # pixels between names of 13


def test_what_lies_beyond_the_axis_is_drawn_at_its_end_and_read_as_it_is():
    rows = quality_rows(readings({"sde": (100, 0.1)}))
    assert rows["shown"] == [WORST, BEST]
    assert rows["ratio"] == pytest.approx([100, 0.1])


def test_a_sampler_keeps_its_looks_whichever_others_are_shown():
    """They are told apart by name, not by their order of coming; none looks like another."""
    line, points = quality_spec()["layer"][2:4]
    scales = [
        layer["encoding"][channel]["scale"]
        for layer, channel in ((line, "color"), (line, "strokeDash"), (points, "shape"))
    ]
    assert all(s["domain"] == [e.label for e in SAMPLERS.values()] for s in scales)
    looks = list(zip(*(map(str, s["range"]) for s in scales), strict=True))
    assert len(set(looks)) == len(SAMPLERS)


def test_a_chart_of_nothing_yet_has_its_floor_and_its_axes():
    assert quality_rows([]) == {name: [] for name in quality_rows([])}
    floor = quality_spec()["layer"][0]
    assert [row["shown"] for row in floor["data"]["values"]] == [1.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([0.5], [0.5]),
        ([0.1, 0.9], [0.1, 0.9]),
        ([0.5, 0.5], [0.5, 0.6]),
        ([0.95, 1.0], [0.9, 1.0]),
    ],
)
def test_names_are_moved_apart_no_further_than_they_must(values, expected):
    assert apart(values, 0.1, 0.0, 1.0) == pytest.approx(expected)


def test_too_many_names_are_spread_evenly():
    assert apart([0.5] * 5, 1.0, 0.0, 1.0) == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_powers_of_ten_are_written_as_such():
    assert decades(-2, 1)["ticktext"] == ["10⁻²", "10⁻¹", "1", "10¹"]
