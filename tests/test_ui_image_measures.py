"""Image sampling tells what a classifier reads, and shows the nearest training pictures."""

from __future__ import annotations

import gzip
import re
import shutil
import struct
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.data import download
from explorer.data.images import load
from explorer.training import image_film_files
from explorer.training.image_folder import ROOT as CHECKPOINTS
from explorer.training.image_folder import checkpoints
from explorer.ui import fetching, image_downloads, image_places, image_readings, image_scenes


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    monkeypatch.setattr(image_places, "DOWNLOADS", tmp_path / "nowhere")


def opened(**query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
    at.switch_page("pages/image_sampling.py")
    at.query_params.update(query)
    return at.run()


def words(at: AppTest) -> str:
    kinds = (at.markdown, at.text, at.error, at.warning, at.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def made_digits(folder: Path) -> None:
    """An MNIST of twelve pictures, in which one is the first sample of the committed film."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    digits = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
    for prefix in ("train", "t10k"):
        head = struct.pack(">4B3I", 0, 0, 8, 3, *digits.shape)
        (raw / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + digits.tobytes()))
        head = struct.pack(">4BI", 0, 0, 8, 1, 12)
        (raw / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + bytes(12)))


def test_what_is_read_and_what_is_near_stand_on_the_page(tmp_path, monkeypatch):
    at = opened(near="1")
    assert not at.exception
    (count,) = re.findall(r"reads \*\*(\d+) of 20\*\* as asked", words(at))
    assert int(count) > 2  # chance is one of ten
    assert "The pictures of MNIST are not here" in words(at)
    made_digits(tmp_path / "nowhere")  # as a download would
    at.run()
    assert not at.exception
    said = words(at)
    assert "3 nearest of 12 training pictures" in said
    assert "**0 of 20** samples, and 12 of 12 held-out pictures" in said  # the sets are the same
    assert "Median distance" in said
    assert "0.00 for held-out" in said
    for wrong in ("2", "x", ""):
        at = opened(near=wrong)
        assert not at.exception
        assert "held-out" not in words(at)


def test_a_classifier_that_cannot_be_used_is_said(tmp_path, monkeypatch):
    for name in ("mnist-residual", "mnist-classifier"):
        shutil.copytree(CHECKPOINTS / name, tmp_path / "checkpoints" / name)
    monkeypatch.setenv("EXPLORER_CHECKPOINTS", str(tmp_path / "checkpoints"))
    (tmp_path / "checkpoints" / "mnist-classifier" / "weights.safetensors").write_bytes(b"\x80\x04")
    at = opened()
    assert not at.exception
    assert "The classifier of mnist cannot be used" in words(at)
    shutil.rmtree(tmp_path / "checkpoints" / "mnist-classifier")
    assert "as asked" not in words(opened())


def test_pictures_that_are_read_as_another_class_are_framed_at_the_end():
    checkpoint = checkpoints(CHECKPOINTS)[0]["mnist-residual"]
    film = image_film_files.load(checkpoint.folder, "grid")
    told = image_readings.of(checkpoint, film)
    assert told is not None
    swapped = replace(film.request, labels=tuple((k + 1) % 10 for k in film.request.labels))
    other = image_readings.of(checkpoint, replace(film, request=swapped))
    assert other is not None
    assert not set(range(20)) - set(told.wrong) - set(other.wrong)  # nothing is read as both
    nothing = replace(film.request, labels=(-1,) * 20, guidance=1.0)
    assert image_readings.of(checkpoint, replace(film, request=nothing)) is None
    framed = image_scenes._framed(film.x_t, (3, 7))
    changed = (framed != film.x_t).any(axis=-1)
    assert changed[0, -1, 3].sum() == changed[0, -1, 7].sum() == 4 * 31
    assert not changed[:, :-1].any()
    assert not changed[:, -1, [0, 1, 2, 4, 5, 6]].any()


def test_a_button_fetches_what_is_missing_and_says_what_went_wrong(tmp_path, monkeypatch):
    """Against an address at which nobody listens, then with a download that succeeds."""
    source = replace(download.SETS["mnist"].sources[0], url="http://127.0.0.1:9/file")
    monkeypatch.setitem(download.SETS, "mnist", download.Published((source,)))
    fetching.fetching.clear()
    at = opened(near="1")
    button = next(button for button in at.button if button.label.startswith("Download MNIST"))
    button.click().run()
    until = time.monotonic() + 20
    while "ended without" not in words(at) and time.monotonic() < until:
        time.sleep(0.05)
        at.run()
    assert not at.exception
    assert "Check the network and try again" in words(at)
    assert not list((tmp_path / "nowhere" / "MNIST" / "raw").iterdir())
    shutil.rmtree(tmp_path / "nowhere")
    monkeypatch.setattr(image_downloads, "download", lambda name, folder, tell: made_digits(folder))
    next(b for b in at.button if b.label.startswith("Download MNIST")).click().run()
    while "training pictures, with the" not in words(at) and time.monotonic() < until:
        time.sleep(0.05)
        at.run()
    assert not at.exception
    assert "of 12 training pictures" in words(at)
    assert torch.equal(load("mnist", tmp_path / "nowhere").labels, torch.zeros(12).long())
