"""The pages Latent diffusion and Seed space by their controls, and what they say."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
from html_tables import first_table
from PIL import Image
from stills import charts
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.figures import palette
from explorer.networks.vae import CLEAR
from explorer.training.files import read_tensors
from explorer.training.jobs import Status
from explorer.training.latents import FOLDER, WEIGHTS
from explorer.training.runs import Run
from explorer.training.spec import to_json
from explorer.ui import latent_learning, latent_scenes, learning
from explorer.ui.menu import HOME
from explorer.ui.seed_scenes import Way, seed_map

LATENT, SEEDS = "pages/latent_diffusion.py", "pages/seed_space.py"


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / HOME), default_timeout=60)
    at.switch_page(page)
    at.query_params.update({"shelf": "abcd1234", **query})
    return at.run()


def header(at: AppTest) -> dict:
    """What the first player on the page was given."""
    payloads = (part.proto.bytes for part in at.get("bidi_component"))
    payload = next(p for p in payloads if p and not p.startswith(b"{"))  # others speak JSON
    length = int.from_bytes(payload[:4], "little")
    return json.loads(payload[4 : 4 + length])


def test_latent_diffusion_shows_four_lanes_and_how_they_decode():
    at = opened(LATENT, steps="50")
    assert not at.exception
    panes = header(at)["panes"]
    assert [pane["title"] for pane in panes] == list(latent_scenes.LANES.values())
    found = latent_scenes.sampling("document", False, False, 50, 1000, 0, 1.0)
    column = f"A part above {CLEAR:g}"
    assert [row[column] for row in first_table(at)][:4] == [
        f"{row.clear:.1%}" for row in found.rows
    ]
    assert panes[1]["note"].startswith(f"{found.rows[1].clear:.0%}")
    tables = [html.proto.body for html in at.get("html")]
    body = next(text for text in tables if "<td class" in text)
    rows = re.findall(r'<td class="(won|open)">', body)
    assert len(rows) == 8 * 4
    for lane, row in enumerate(found.rows):
        wanted = ["won" if best > CLEAR else "open" for best in row.examples.max(axis=1)]
        assert rows[lane::4] == wanted
    assert rows[1::4] == ["open"] * 8  # the noise left out


def test_the_exact_score_and_the_colours_of_the_end_can_be_chosen():
    at = opened(LATENT, steps="50", exact="1", colour="end", model="ours", n="300")
    assert not at.exception
    shape = next(
        layer["colours"]["shape"]
        for layer in header(at)["panes"][0]["layers"]
        if layer["kind"] == "particles"
    )
    assert shape == [300]


@pytest.mark.parametrize("model", ["document", "ours"])
def test_the_vae_is_shown_with_its_loss_and_its_four_classes(model: str):
    at = opened(LATENT, view="vae", model=model)
    assert not at.exception
    assert [row["Vector"] for row in first_table(at)] == ["1000", "0100", "0010", "0001"]
    (chart,) = charts(at)
    names = [trace["name"] for trace in chart["data"]]
    assert names == ["together", "KL", "reconstruction", "ln 4: the least"]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    learning.store.clear()
    yield "abcd1234"
    learning.store.clear()


def until(at: AppTest, done, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert done()
    at.run()


QUICK = {"view": "train", "ours.vae_steps": "500", "ours.updates": "500"}


def test_both_networks_are_trained_kept_and_can_be_sampled(shelf: str):
    at = opened(LATENT, shelf=shelf, **QUICK)
    assert not at.exception
    next(b for b in at.button if b.label == "Train both").click().run()
    assert not at.exception
    until(at, lambda: len(learning.store().list_runs(shelf)) == 1)
    card = learning.store().list_runs(shelf)[0]
    assert 0 < card.metrics["clear"] <= 1
    picture = np.asarray(Image.open(learning.store().picture(card.id)).convert("RGB")).astype(int)
    for k in range(4):  # every class that it decodes to is in it
        wanted = [int(palette.colour(k)[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(picture - wanted).sum(axis=-1) < 30).sum() > 3
    name = f"run-{card.id}"
    again = opened(LATENT, shelf=shelf, model=name, steps="20")
    assert not again.exception
    assert len(header(again)["panes"]) == 4
    assert not opened(SEEDS, shelf=shelf, model=name, steps="10").exception
    shown = opened("pages/exact_against_learned.py", shelf=shelf, model=name)
    assert not shown.exception


def test_a_run_that_lacks_its_vae_is_told_of_and_the_default_shown(shelf: str):
    spec = latent_scenes.latent("ours").model.spec
    weights, _ = read_tensors(FOLDER / "ours" / WEIGHTS)
    run = Run("Half a run", to_json(spec), weights, {}, {"clear": 0.5})
    card = learning.store().save(run, shelf)
    for page in (LATENT, SEEDS):
        at = opened(page, shelf=shelf, model=f"run-{card.id}", steps="10")
        assert not at.exception
        assert any("lacks the curve" in text.value for text in at.text)


def test_a_training_stops_and_what_it_has_learned_stays(shelf: str):
    spec = latent_learning.LATENTS["document"]

    class Session:
        owner, pool = "me", learning.pool()

    job = Session.pool.submit("me", "latents", latent_learning.LatentTraining(spec))
    deadline = time.monotonic() + 60
    while job.latest is None and time.monotonic() < deadline:
        time.sleep(0.02)
    job.stop()
    assert job.wait(30)
    assert job.status is Status.STOPPED
    assert 0 < job.latest.step < job.latest.steps
    assert latent_learning.says(job) == "Stopped. It can go on."


LONG = {"view": "train", "ours.vae_steps": "500", "ours.updates": "20000"}


def test_a_training_that_is_left_is_found_again_and_goes_on(
    shelf: str, monkeypatch: pytest.MonkeyPatch
):
    first, second = latent_learning.LatentDesk(), latent_learning.LatentDesk()
    monkeypatch.setattr(latent_learning, "desk", lambda: first)
    at = opened(LATENT, shelf=shelf, kl="0.3", **LONG)
    next(b for b in at.button if b.label == "Train both").click().run()
    begun = first.job
    until(at, lambda: begun.latest is not None and begun.latest.diffusion is not None)
    learning.pool().release(begun.owner)  # as when the tab closes
    assert begun.wait(30)
    # another session of the same browser has a desk of its own
    monkeypatch.setattr(latent_learning, "desk", lambda: second)
    runs = opened("pages/my_runs.py", shelf=shelf)
    assert not runs.exception
    assert any(text.value.startswith("Interrupted at step") for text in runs.text)
    again = opened(LATENT, shelf=shelf, view="train")
    next(b for b in again.button if b.label == "Go on").click().run()
    assert not again.exception
    assert again.select_slider(key="kl").value == 0.3
    assert again.select_slider(key="ours.updates").value == 20_000
    job = second.job
    until(again, lambda: job.latest is not None and job.latest.step >= begun.latest.step)
    job.stop()
    assert job.wait(30)
    again.run()
    assert any(b.label == "Go on" for b in again.button)
    assert not [text for text in again.text if text.value.startswith("Interrupted")]


def test_a_run_without_its_second_half_is_not_kept():
    first = next(latent_learning.LatentTraining(latent_learning.LATENTS["ours"])())
    with pytest.raises(ValueError, match="only just learned"):
        latent_learning.run_of(first)


def test_before_training_there_is_one_heap_to_see(shelf: str, monkeypatch: pytest.MonkeyPatch):
    # a session of these tests may have trained before, and they all share one
    monkeypatch.setattr(latent_learning, "desk", latent_learning.LatentDesk)
    at = opened(LATENT, view="train")
    assert not at.exception
    (pane,) = header(at)["panes"]
    assert pane["title"].startswith("Before training")
    assert [layer["kind"] for layer in pane["layers"]] == ["tint", "particles"]


def test_seed_space_shows_both_maps_and_the_chosen_seed():
    at = opened(SEEDS, x1="-1.2", x2="0.4", steps="50")
    assert not at.exception
    (shares,) = charts(at)
    panes = header(at)["panes"]
    assert [pane["title"].split(":")[0] for pane in panes] == ["Without noise", "With noise"]
    for pane, way in zip(panes, ("flow", "ddpm"), strict=True):
        assert [layer["kind"] for layer in pane["layers"]] == ["tint", "handle"]
        assert pane["layers"][1]["at"] == [-1.2, 0.4]
        apart = seed_map("document", False, Way(way), 50, 0).apart
        assert pane["note"].startswith(f"{apart:.1%} of neighbouring")
    assert len(shares["data"]) == 4


def test_seeds_follow_the_samplers_that_are_chosen():
    at = opened(SEEDS, noisy="ddim", still="heun", steps="20", **{"right.ddim.eta": "0.3"})
    assert not at.exception
    assert [pane["title"] for pane in header(at)["panes"]] == [
        "Without noise: Probability-flow ODE, Heun",
        "With noise: DDIM",
    ]
    assert at.slider(key="right.ddim.eta").value == 0.3
