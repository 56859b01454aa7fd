"""The pages Train and My runs, by their controls: presets, links, refusals, uploads."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer import events
from explorer.training.files import json_bytes, tensor_bytes
from explorer.training.film import filmed
from explorer.training.jobs import Status
from explorer.training.kept import run_of
from explorer.training.presets import DEFAULT, MOONS, PRESETS, TUTORIAL
from explorer.training.pretrain import PRETRAINED
from explorer.training.runs import Run, pack
from explorer.training.spec import ModelSpec, to_json
from explorer.training.train import train
from explorer.ui import learning, resuming, train_controls


def page_of_controls() -> None:
    import streamlit as st

    from explorer.training.presets import PRESETS as presets
    from explorer.training.spec import to_json
    from explorer.ui import controls, links
    from explorer.ui.train_controls import choose_training, keys_of

    links.enter("Train")
    links.place_notes()
    controls.presets({name: keys_of(spec) for name, spec in presets.items()})
    spec, problem = choose_training()
    st.json(to_json(spec) if spec else {})
    st.text(problem)


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
    at.run()
    at.switch_page(page)
    at.query_params.update(query)
    return at.run()


@pytest.mark.parametrize("name", [n for n in PRESETS if n != "skip"])
def test_a_preset_sets_the_controls_to_the_documents_training(name: str):
    import json

    at = AppTest.from_function(page_of_controls, default_timeout=60).run()
    at.button(key=f"_preset_{name}").click().run()
    at.run()  # entries chosen just now bring their own parameters
    assert not at.exception
    chosen, wanted = json.loads(at.json[0].value), to_json(PRESETS[name])
    for part in ("process", "network", "distribution"):
        assert chosen[part]["name"] == wanted[part]["name"]
        assert wanted[part]["values"].items() <= chosen[part]["values"].items()
    assert chosen["config"] == wanted["config"]


def test_the_page_starts_with_our_default():
    keys = train_controls.keys_of(DEFAULT)
    at = opened("pages/train.py")
    assert not at.exception
    assert at.select_slider(key="steps").value == keys["steps"]
    assert at.select_slider(key="lr").value == keys["lr"]


@pytest.mark.parametrize("query", [{"lr": "nan"}, {"batch": "-3"}, {"target": "<b>"}, {"net": ""}])
def test_a_bad_link_is_noted_and_the_default_used(query: dict[str, str]):
    at = opened("pages/train.py", **query)
    assert not at.exception
    assert at.select_slider(key="lr").value == DEFAULT.config.lr


def test_a_whole_batch_of_no_training_set_is_refused_in_words():
    at = opened("pages/train.py", batch="0", data_size="0")
    assert not at.exception
    assert any("data_size" in warning.value for warning in at.warning)
    assert next(b for b in at.button if b.label == "Train").disabled


def short(spec: ModelSpec, steps: int) -> ModelSpec:
    return replace(spec, config=replace(spec.config, steps=steps))


def a_run(spec: ModelSpec = MOONS) -> Run:
    *_, state = train(short(spec, 5), device="cpu")
    return Run("A run", to_json(short(spec, 5)), state.weights(), {"losses": state.losses})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path))
    learning.store.clear()
    yield "abcd1234"
    learning.store.clear()


def test_runs_of_a_shelf_are_listed_deleted_and_nobody_elses(shelf: str):
    learning.store().save(a_run(), shelf)
    learning.store().save(a_run(), "other567")
    at = opened("pages/my_runs.py", shelf=shelf)
    assert not at.exception
    names = [text.value for text in at.text]
    assert names.count("A run") == 1
    next(b for b in at.button if b.label == "Delete for good").click().run()
    assert not at.exception
    assert [len(learning.store().list_runs(s)) for s in (shelf, "other567")] == [0, 1]


def damaged() -> dict[str, bytes]:
    good = pack(a_run())
    run = a_run(TUTORIAL)
    wrong = Run("Wrong", to_json(short(MOONS, 5)), run.weights)
    return {
        "empty": b"",
        "truncated": good[:-40],
        "pickle": b"\x80\x04\x95\x0a\x00\x00\x00",
        "huge header": b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
        "no run": tensor_bytes({"a": torch.zeros(2)}, {"format": "1"}),
        "weights of another": pack(wrong),
        "json": json_bytes({"name": "x"}),
    }


@pytest.mark.parametrize("case", list(damaged()))
def test_a_bad_upload_is_refused_in_words_and_changes_nothing(case: str, shelf: str):
    told = events.counts().get(("upload_refused", "refused"), 0)
    at = opened("pages/my_runs.py", shelf=shelf)
    at.file_uploader[0].set_value(("run.safetensors", damaged()[case], "application/octet-stream"))
    at.run()
    assert not at.exception
    assert [error.value for error in at.error] == ["This file cannot be used."]
    assert learning.store().list_runs() == []
    assert events.counts()["upload_refused", "refused"] == told + 1


def test_a_downloaded_run_can_be_added_again(shelf: str):
    card = learning.store().save(a_run(), "other567")
    data = learning.store().export_bytes(card.id)
    at = opened("pages/my_runs.py", shelf=shelf)
    at.file_uploader[0].set_value(("run.safetensors", data, "application/octet-stream"))
    at.run()
    assert not at.exception
    assert [run.name for run in learning.store().list_runs(shelf)] == ["A run"]


def test_a_page_trains_stops_and_goes_on(shelf: str):
    """The buttons lead to the queue and back; what was learned is kept."""
    at = opened("pages/train.py", shelf=shelf, steps="200", batch="64")
    next(b for b in at.button if b.label == "Train").click().run()
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and not learning.store().list_runs():
        time.sleep(0.1)
    at.run()
    assert not at.exception
    assert any(b.label.startswith("Continue") for b in at.button)
    assert at.select_slider(key="_film").value == 200
    run = learning.store().load(learning.store().list_runs()[0].id)
    assert len(run.history["losses"]) == 200
    assert "film.step" in run.history
    picture = learning.store().picture(learning.store().list_runs()[0].id)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_training_that_goes_on_leaves_nothing_interrupted_behind(shelf: str):
    """Stopped, its state is kept; gone on with and ended, the same state is given up."""
    at = opened("pages/train.py", shelf=shelf, steps="50000", batch="64")
    next(b for b in at.button if b.label == "Train").click().run()
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and not at.metric:
        at.run()
    next(b for b in at.button if b.label == "Stop").click().run()
    autosaves = learning.store().autosaves
    while time.monotonic() < deadline and not autosaves.unfinished(quiet_for=0):
        time.sleep(0.1)
    assert len(autosaves.unfinished(quiet_for=0)) == 1
    at.run()
    at.select_slider(key="steps").set_value(200).run()
    next(b for b in at.button if b.label.startswith("Continue")).click().run()
    while time.monotonic() < deadline and autosaves.unfinished(quiet_for=0):
        time.sleep(0.1)
    assert len(learning.store().list_runs()) == 1
    assert autosaves.unfinished(quiet_for=0) == []


def test_what_another_tab_has_deleted_is_said_and_no_traceback(shelf: str):
    card = learning.store().save(a_run(), shelf)
    at = opened("pages/my_runs.py", shelf=shelf)
    learning.store().delete(card.id, shelf)
    next(b for b in at.button if b.label == "Delete for good").click().run()
    assert not at.exception
    assert any(card.id in text.value for text in at.text)


def test_a_run_that_could_not_be_kept_is_not_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(learning, "desk", lambda: None)
    ended = SimpleNamespace(status=Status.DONE, latest=None, note="Not saved: the disk is full")
    assert "kept" not in learning.says(ended)
    assert "kept" in learning.says(SimpleNamespace(**{**vars(ended), "note": ""}))


def kept_run(steps: int = 40) -> Run:
    """Its states are handed out after every step: by time, a fast machine has none but the last."""
    with patch("explorer.training.train.BETWEEN", 0.0):
        *_, progress = filmed(train(short(DEFAULT, steps), device="cpu"))
    return run_of(progress, "A run", {"distance": 0.1, "floor": 0.05})


def test_a_training_is_gone_on_with_up_to_the_most_steps_that_one_may_have(
    shelf: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "MOST_STEPS", 100)
    card = learning.store().save(kept_run(), shelf)
    at = opened("pages/train.py", run=card.id, shelf=shelf)
    at.select_slider(key="steps").set_value(200).run()
    next(b for b in at.button if b.label == "Continue: 60 more steps").click().run()
    assert not at.exception
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and len(learning.store().list_runs(shelf)) < 2:
        time.sleep(0.1)
    newest = learning.store().list_runs(shelf)[0]
    assert newest.spec["config"]["steps"] == 100
    at = opened("pages/train.py", run=newest.id, shelf=shelf)
    assert next(b for b in at.button if b.label.startswith("Continue")).disabled


def test_a_kept_run_is_opened_played_again_and_gone_on_with(shelf: str):
    """By its link, at another learning rate; what comes of it is another run, of all its steps."""
    card = learning.store().save(kept_run(), shelf)
    at = opened("pages/train.py", run=card.id, shelf=shelf, lr="0.001")
    assert not at.exception
    assert at.select_slider(key="_film").value == 40
    at.select_slider(key="_film").set_value(20).run()
    assert not at.exception
    at.select_slider(key="steps").set_value(200).run()
    next(b for b in at.button if b.label == "Continue: 200 more steps").click().run()
    assert not at.exception
    assert any("was continued" in caption.value for caption in at.caption)
    assert "run" not in at.query_params
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline and len(learning.store().list_runs(shelf)) < 2:
        time.sleep(0.1)
    newest, first = learning.store().list_runs(shelf)
    assert first.id == card.id
    assert newest.spec["config"] == {**first.spec["config"], "steps": 240, "lr": 0.001}
    losses = learning.store().load(newest.id).history["losses"]
    assert torch.equal(losses[:40], learning.store().load(card.id).history["losses"])
    assert len(losses) == 240


@pytest.mark.parametrize("given", ["0123456789abcdef", "../../etc", "<b>", ""])
def test_a_link_to_no_run_says_so_and_the_page_trains_as_ever(given: str, shelf: str):
    at = opened("pages/train.py", run=given)
    assert not at.exception
    assert next(b for b in at.button if b.label == "Train")
    said = [text.value for text in at.text if given and given in text.value]
    assert len(said) == (1 if given else 0)


def test_my_runs_show_their_pictures_and_lead_to_their_training(shelf: str):
    """A link there holds the run and the controls under which it was made."""
    spec = replace(TUTORIAL, config=replace(TUTORIAL.config, steps=5))
    learning.store().save(a_run(TUTORIAL), shelf)
    at = opened("pages/my_runs.py", shelf=shelf)
    assert not at.exception
    pictures = len(at.get("image"))
    assert pictures == 1 + len(PRETRAINED)
    (card,) = learning.store().list_runs(shelf)
    query = resuming.link_of(card.id, card.spec)
    links = [link.proto.query_string for link in at.get("page_link")]
    assert any(f"run={card.id}" in link and "net=" in link for link in links)
    page = opened("pages/train.py", shelf=shelf, **{k: v for k, v in query.items() if k != "run"})
    assert page.select_slider(key="lr").value == spec.config.lr


def test_a_link_to_a_run_leaves_out_what_no_control_has():
    """A training that went on has a number of steps that cannot be picked; its link brings none."""
    made = replace(TUTORIAL.config, steps=740, lr=0.01)
    query = resuming.link_of("abcd", to_json(replace(TUTORIAL, config=made)))
    assert "steps" not in query
    assert query["run"] == "abcd"
    assert query["net"] == TUTORIAL.network.name
    assert resuming.link_of("abcd", {"what": "is this"}) == {"run": "abcd"}


def test_an_upload_with_a_state_that_does_not_fit_is_refused(shelf: str):
    run = kept_run()
    wrong = {**run.history, "state.moment1": torch.zeros(3)}
    at = opened("pages/my_runs.py", shelf=shelf)
    data = pack(replace(run, history=wrong))
    at.file_uploader[0].set_value(("run.safetensors", data, "application/octet-stream"))
    at.run()
    assert [error.value for error in at.error] == ["This file cannot be used."]
    assert learning.store().list_runs() == []
