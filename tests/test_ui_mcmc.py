"""Diffusion against MCMC: the table says what the lecture says, in every preset."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from html_tables import first_table
from stills import charts
from streamlit.testing.v1 import AppTest
from test_code_scripts import figures, said

from benchmarks.serving import ROOT
from explorer.code.recipes.diffusion_against_mcmc import contest_script
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.figures.layers import Density, Particles
from explorer.mcmc.kernels import KERNELS
from explorer.ui import mcmc_scenes
from explorer.ui.mcmc_controls import DIFFUSION, PRESETS
from explorer.ui.mcmc_panes import finite
from explorer.ui.menu import HOME
from explorer.ui.player.encode import encode

PAGE = "pages/diffusion_against_mcmc.py"
RING = DistributionSpec("ring")
DDPM = ProcessSpec("ddpm")
SDE = mcmc_scenes.DiffusionLane("sde")


@pytest.fixture(autouse=True)
def _own_runs(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))


def opened(query: dict[str, Any] | None = None) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page(PAGE)
    for name, value in (query or {}).items():
        at.query_params[name] = f"{value:g}" if isinstance(value, float) else str(value)
    at.run()
    assert not at.exception
    assert not [text.value for text in at.text if "not usable" in text.value]
    return at


def table(at: AppTest) -> pd.DataFrame:
    return pd.DataFrame(first_table(at))


def share(text: str) -> float:
    return float(text.removesuffix("%")) / 100


def test_chains_stay_in_their_mode_and_diffusion_finds_all() -> None:
    rows = table(opened())
    for row in (rows.iloc[0], rows.iloc[1]):
        assert share(row["Misplaced"]) == pytest.approx(7 / 8)
        assert row["Together after"] == "never"
        assert row["Saw all modes"] == "0%"
        assert float(row["In truth"]) == pytest.approx(1.0, abs=0.1)
    hmc = [float(number) for number in rows.iloc[0]["Worth, it thinks"].split(" of ")]
    assert hmc[0] > 0.5 * hmc[1]  # while it thinks well of itself
    assert share(rows.iloc[2]["Misplaced"]) < 0.15
    assert float(rows.iloc[2]["× floor"]) < 2
    assert (rows["Evaluations"].astype(int) <= 300).all()
    assert (rows["Evaluations"].astype(int) > 290).all()


def test_hmc_is_at_its_best_in_one_long_gaussian() -> None:
    rows = table(opened(PRESETS["HMC at its best"]))
    assert float(rows.iloc[0]["In truth"]) > 4 * float(rows.iloc[1]["In truth"])


def test_a_fair_start_does_not_help_where_nobody_crosses() -> None:
    rows = table(opened(PRESETS["Fair start, wrong shares"]))
    for i in (0, 1):  # half and half, where 30 and 70 % are due
        assert share(rows.iloc[i]["Misplaced"]) > 0.1
    assert share(rows.iloc[2]["Misplaced"]) < 0.1


def test_annealing_gets_out() -> None:
    rows = table(opened(PRESETS["Annealing gets out"]))
    assert share(rows.iloc[0]["Misplaced"]) > 0.8
    assert share(rows.iloc[1]["Misplaced"]) < 0.15
    assert rows.iloc[1]["Taken"] == "all"
    assert rows.iloc[1]["In truth"] == "–"


def test_too_large_a_step_is_never_taken_until_it_is_tuned() -> None:
    rows = table(opened(PRESETS["Step too large"]))
    assert rows.iloc[0]["Taken"] == "0%"
    assert share(rows.iloc[1]["Taken"]) > 0.6
    assert rows.iloc[1]["Method"] == "HMC, tuned"


def test_ula_spreads_too_far_and_mala_does_not() -> None:
    """Variance 1/(1 − 0.8/2) = 1.67 against 1, from 300 chains."""
    rows = table(opened(PRESETS["ULA is biased"]))
    assert float(rows.iloc[0]["Spread"]) == pytest.approx(1.67, abs=4 * 1.67 / 300**0.5)
    assert float(rows.iloc[1]["Spread"]) == pytest.approx(1.0, abs=4 / 300**0.5)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_opens_by_its_button_and_by_its_link(name: str) -> None:
    at = opened()
    at.button(key=f"_preset_{name}").click().run()
    assert not at.exception
    pd.testing.assert_frame_equal(table(at), table(opened(PRESETS[name])))


def test_every_chart_opens() -> None:
    at = opened()
    for kind in ("shares", "memory", "time"):
        at.segmented_control(key="_chart").set_value(kind).run()
        assert not at.exception
        assert len(charts(at)) == 1
    at.segmented_control(key="_chart").set_value("tuning").run()
    assert len(charts(at)) == 0
    assert any("No step size is tuned" in info.value for info in at.info)
    at.toggle(key="_mcmc1.tune").set_value(True).run()
    assert len(charts(at)) == 1


def contest(lanes: tuple[mcmc_scenes.ChainLane, ...], **changes: Any) -> mcmc_scenes.Contest:
    given = {"distribution": RING, "process": DDPM, "sampler": SDE, "in_one_mode": True}
    return mcmc_scenes.contest(
        lanes=lanes, **{**given, "budget": 100, "count": 50, "seed": 0, **changes}
    )


def test_leapfrog_paths_and_rejections_are_drawn_where_they_happened() -> None:
    lane = mcmc_scenes.ChainLane("hmc", (("step", 0.4), ("leaps", 6)))
    found = contest((lane,))
    behind, cloud, paths, crosses = found.scene.panes[0].layers
    assert isinstance(behind, Density)
    assert isinstance(cloud, Particles)
    assert isinstance(paths, Particles)
    assert isinstance(crosses, Particles)
    assert (crosses.shapes == 3).all()
    # all was rejected: the chains stand still, the paths leave them, the crosses lie at their ends
    assert (cloud.xy == cloud.xy[0]).all()
    first = paths.xy[6]  # after six leapfrog steps
    last = crosses.xy[2].reshape(4, -1, 2)[:, 0]
    assert abs(first - last).max() < 1e-5
    assert abs(first - cloud.xy[0, :4]).min() > 0.2
    assert len(encode(found.scene.panes, found.scene.clock, {})) < 2e6


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_contest_stands_the_ends_of_all_controls(name: str, end: str) -> None:
    values = tuple((p.name, getattr(p, end)) for p in KERNELS[name].params)
    if name == "annealed" and end == "low":
        values = (("sigma_max", 0.5), ("sigma_min", 0.5), ("levels", 1), ("ratio", 0.01))
    for data in (RING, DistributionSpec("mixture-1d"), DistributionSpec("checkerboard")):
        found = contest((mcmc_scenes.ChainLane(name, values),), distribution=data)
        for kind in ("time", "shares", "memory"):
            mcmc_scenes.chart(found, kind, 280)
        assert encode(found.scene.panes, found.scene.clock, {})


def test_chains_are_not_run_again_for_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = (mcmc_scenes.ChainLane("hmc"),)

    def shown(beta: float) -> mcmc_scenes.Contest:
        ddpm = ProcessSpec("ddpm", (("beta_end", beta),))
        return mcmc_scenes.contest(RING, ddpm, lanes, SDE, True, 100, 50, 4321)

    first = shown(0.02)
    monkeypatch.setattr(mcmc_scenes, "run", lambda *args, **options: pytest.fail("run again"))
    second = shown(0.03)
    assert second.rows[0] is first.rows[0]
    assert second.rows[1] != first.rows[1]


@pytest.mark.parametrize("sampler", DIFFUSION)
def test_every_sampler_takes_part(sampler: str) -> None:
    found = contest((), sampler=mcmc_scenes.DiffusionLane(sampler))
    assert found.rows[0].evaluations <= 100


def test_the_script_gives_the_pages_table(tmp_path) -> None:
    lanes = (
        mcmc_scenes.ChainLane("hmc", (("step", 0.05), ("leaps", 5)), 0.8),
        mcmc_scenes.ChainLane("annealed", (("levels", 10),)),
    )
    found = contest(lanes)
    given = [(lane.kernel, lane.values, lane.aim) for lane in lanes]
    script = contest_script(RING, DDPM, given, ("sde", ()), True, 100, 50, 0)
    lines = said(script, tmp_path)
    starts = [i for i, line in enumerate(lines) if not line.startswith(" ")]
    assert len(starts) == 3
    for start, row in zip(starts, found.rows, strict=True):
        assert figures(lines[start + 1]) == {
            "evaluations": str(row.evaluations),
            "misplaced": f"{row.misplaced:.1%}",
            "spread": finite(row.spread),
            "distance": finite(row.distance.value, 3),
            "ratio": finite(row.distance.ratio, 1),
        }
    hmc = found.rows[0].summary
    assert hmc is not None
    text = "\n".join(lines)
    assert f"taken={hmc.acceptance:.0%} energy={hmc.energy:.3g}" in text
    assert f"thinks={hmc.ess:.1f} draws={hmc.draws} truth={hmc.worth:.1f}" in text
    assert re.search(r"step=\d", text)
