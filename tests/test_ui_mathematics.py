"""The page "The mathematics": every view opens, and its figures are those of the equations."""

from __future__ import annotations

import math
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.ui.menu import HOME


def opened(**query: Any) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page("pages/mathematics.py")
    at.query_params.update(query)
    at.run()
    assert not at.exception
    return at


def metrics(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def test_walkers_and_closed_form_agree():
    at = opened(x0="1.5")
    chain = LinearDDPM(40, 1e-4, 0.25)
    kept = math.prod(1 - beta for beta in chain.betas.tolist())
    walked, _, closed = metrics(at)["Mean at T"].partition(" (")
    assert float(closed.rstrip(")")) == pytest.approx(math.sqrt(kept) * 1.5, abs=6e-4)
    assert float(walked) == pytest.approx(float(closed.rstrip(")")), abs=4 / math.sqrt(20_000))
    assert float(metrics(at)["Largest gap"].rstrip("%")) < 2


def test_the_posterior_is_the_one_of_ho():
    at = opened(view="posterior", at="50", x0="-1", xt="2")
    chain = LinearDDPM(40, 1e-4, 0.25)
    t = 1 + round(0.5 * 39)
    beta = float(chain.betas[t - 1])
    before = math.prod(1 - b for b in chain.betas[: t - 1].tolist())
    now = before * (1 - beta)
    mean = math.sqrt(before) * beta / (1 - now) * -1
    mean += math.sqrt(1 - beta) * (1 - before) / (1 - now) * 2
    found = metrics(at)
    assert found["Step t"] == f"{t} of 40"
    assert float(found["Mean μ̃"]) == pytest.approx(mean, abs=1e-4)
    assert float(found["Variance β̃ₜ"]) == pytest.approx((1 - before) / (1 - now) * beta, rel=5e-3)


@pytest.mark.parametrize("model", ["mixture-1d", "points"])
def test_a_bound_is_shown_also_where_there_is_no_entropy(model: str):
    at = opened(view="bound", model=model, chain="20")
    found = metrics(at)
    parts = [float(found[f"{part}, network"]) for part in ("L_T", "Σ Lₜ₋₁", "L₀")]
    bits = float(found["Bits per dimension"])
    dim = 1 if model == "mixture-1d" else 2
    assert bits == pytest.approx(sum(parts) / dim / math.log(2), abs=3e-3)
    says = any("above the entropy" in text.value for text in at.markdown)
    assert says == (model == "mixture-1d")


def test_half_of_the_weight_lies_on_few_steps():
    at = opened(view="loss", **{"ddpm.steps": "500", "ddpm.beta_end": "0.02"})
    chain = LinearDDPM(500, 1e-4, 0.02)
    kept, weights = 1.0, []
    for beta in chain.betas.tolist():
        kept *= 1 - beta
        weights.append(beta / (2 * (1 - beta) * (1 - kept)))
    total, half = 0.0, 0
    while total < 0.5 * sum(weights):
        total, half = total + weights[half], half + 1
    assert any(f"**{half} of 500**" in text.value for text in at.markdown)


@pytest.mark.parametrize("data", ["mixture-1d", "gaussians-1d", "normal-1d"])
def test_noise_and_score_are_one_curve(data: str):
    at = opened(view="score", data1=data)
    assert float(metrics(at)["Largest difference of the curves"]) < 1e-5


def test_in_the_plane_the_mean_of_the_targets_is_the_score():
    found = metrics(opened(view="score", dim="2", data2="ring"))
    assert float(found["Exact mean, off by"]) < 1e-6
    assert float(found["Mean of 600, off by"]) < 2.2 * math.sqrt(2 / 600)
