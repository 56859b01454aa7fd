"""The pages on pictures: every view opens, shows the right pictures, and bears hostile files."""

from __future__ import annotations

import io
import json
import re
import shutil
import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from stills import charts
from streamlit.testing.v1 import AppTest

from benchmarks.serving import ROOT
from explorer.training import image_film_files
from explorer.training.files import DamagedFile
from explorer.training.image_defaults import default_request
from explorer.training.image_folder import ROOT as CHECKPOINTS
from explorer.training.image_folder import checkpoints
from explorer.training.image_lesson import lesson, lesson_spec
from explorer.ui import image_desk, image_losses, image_sources, image_training
from explorer.ui.cache import SCENES

SAMPLING, RACE = "pages/image_sampling.py", "pages/image_race.py"
FORWARD, LOSSES = "pages/image_forward.py", "pages/image_losses.py"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the smallest checkpoint alone, and without films."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(CHECKPOINTS / "mnist-tiny", folder / "mnist-tiny")
    shutil.rmtree(folder / "mnist-tiny" / "films")
    monkeypatch.setenv("EXPLORER_CHECKPOINTS", str(folder))
    return folder


def opened(page: str, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
    at.switch_page(page)
    at.query_params.update(query)
    return at.run()


def header(at: AppTest, number: int = 0) -> dict[str, Any]:
    payload = at.get("bidi_component")[number].proto.bytes
    (length,) = struct.unpack("<I", payload[:4])
    return json.loads(payload[4 : 4 + length])


def shown(at: AppTest) -> list[dict[str, Any]]:
    players = [k for k, c in enumerate(at.get("bidi_component")) if "player" in str(c.proto)]
    return header(at, players[-1])["panes"]


def images(pane: dict[str, Any]) -> list[tuple[int, ...]]:
    return [tuple(part["pixels"]["shape"]) for part in pane["layers"] if part["kind"] == "images"]


def words(at: AppTest) -> str:
    kinds = (at.markdown, at.text, at.error, at.warning, at.info, at.caption)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_sampling_opens_with_a_film_of_two_rows_of_named_classes():
    at = opened(SAMPLING)
    assert not at.exception
    noisy, guess = shown(at)
    assert images(noisy) == images(guess) == [(16, 20, 32, 32, 3)]
    assert noisy["figure"]["layout"]["xaxis"]["ticktext"] == list("0123456789")
    assert "evaluations" in words(at)
    assert "s_w" in at.latex[0].value
    assert r"where $0.3<\sigma_t/\alpha_t\le8$ alone" in words(at)


def test_each_dataset_has_a_guidance_of_its_own_and_a_place_in_the_link():
    at = opened(SAMPLING, net="cifar10-residual")
    assert not at.exception
    scales = {slider.key: slider.value for slider in at.slider if slider.label == "Guidance w"}
    assert scales == {"cifar10.w": 3.5}
    assert r"where $\sigma_t/\alpha_t\le4$ alone: with more noise it would cost variety." in words(
        at
    )
    at = opened(SAMPLING, net="cifar10-residual", w="5", **{"cifar10.w": "3"})
    assert at.slider(key="cifar10.w").value == 3


@pytest.mark.parametrize("view", ["race", "draws", "between"])
@pytest.mark.parametrize("net", ["mnist-residual", "mnist-unet", "mnist-tiny"])
def test_the_race_opens_every_view_with_a_film(view, net):
    at = opened(RACE, view=view, net=net)
    assert not at.exception
    panes = shown(at)
    assert len(panes) == (4 if view == "race" else 2)
    assert {images(pane)[0] for pane in panes} == {(21, 10, 32, 32, 3)}
    assert len({pane["title"] for pane in panes}) == len(panes)


def test_the_committed_films_show_what_the_page_says():
    """One noise without fresh noise gives one picture; with it, ten that differ."""
    found, _ = checkpoints(CHECKPOINTS)
    for name in ("mnist-residual", "mnist-unet"):
        request = default_request("draws", name, found[name].spec)
        film = image_film_files.load(found[name].folder, "draws")
        assert film.request == request
        spread = film.x_t[:, -1].astype(float).std(axis=1).mean(axis=(1, 2, 3))
        stochastic, deterministic = spread
        assert deterministic < 4  # WebP alone
        assert stochastic > 25
        race = image_film_files.load(found[name].folder, "race").x_t[:, -1].astype(float)
        sde, ode, ddim, _ = race
        assert np.abs(ode - ddim).mean() < 0.6 * np.abs(ode - sde).mean()


def test_what_was_never_computed_shows_its_noise_and_a_button_computes_it(small: Path):
    at = opened(SAMPLING, **{"grid.eps.steps": "5", "rows": "1"})
    assert not at.exception
    assert images(shown(at)[0]) == [(1, 10, 32, 32, 3)]
    assert "Not computed yet" in words(at)
    assert "s_w" not in at.latex[0].value  # a network that knows no classes has no guidance
    at.button(key=next(b.key for b in at.button if b.label == "Sample")).click().run()
    until = time.monotonic() + 60
    while "evaluations" not in words(at) and time.monotonic() < until:
        time.sleep(0.2)
        at.run()
    assert not at.exception
    assert images(shown(at)[0]) == [(6, 10, 32, 32, 3)]
    assert "10 pictures, 5 evaluations" in words(at)
    again = opened(SAMPLING, **{"grid.eps.steps": "5", "rows": "1"})  # another session
    assert images(shown(again)[0]) == [(6, 10, 32, 32, 3)]
    again.button(key=next(b.key for b in again.button if b.label == "New noise")).click().run()
    assert again.query_params["seed"] == "1"  # the next one, which nobody has asked for yet
    until = time.monotonic() + 60
    while "New noise" not in [b.label for b in again.button] and time.monotonic() < until:
        time.sleep(0.2)
        again.run()
    assert next(n for n in again.number_input if n.label == "Seed").value == 1
    assert "10 pictures, 5 evaluations" in words(again)


def _pickle(place: Path) -> None:
    marker = place / "owned"
    code = f"(S'touch {marker}'\nios\nsystem\n.".encode()
    (place / "weights.safetensors").write_bytes(b"\x80\x04" + code)


def _truncated(place: Path) -> None:
    path = place / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:4000])


def _header_of_gigabytes(place: Path) -> None:
    (place / "weights.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}")


def _of_another_network(place: Path) -> None:
    other = CHECKPOINTS / "mnist-unet" / "weights.safetensors"
    shutil.copy(other, place / "weights.safetensors")


def _missing(place: Path) -> None:
    (place / "weights.safetensors").unlink()


def _of_another_dataset(place: Path) -> None:
    said = json.loads((place / "spec.json").read_text())
    said["spec"]["dataset"] = "cifar10"
    (place / "spec.json").write_text(json.dumps(said))


HOSTILE = (
    _pickle,
    _truncated,
    _header_of_gigabytes,
    _of_another_network,
    _missing,
    _of_another_dataset,
)


@pytest.mark.parametrize("damage", HOSTILE)
def test_hostile_weights_give_a_message_and_the_pages_stay(damage, small: Path):
    damage(small / "mnist-tiny")
    at = opened(FORWARD)
    assert not at.exception
    assert "cannot be used" in words(at)
    at = opened(SAMPLING, **{"grid.eps.steps": "5", "rows": "1"})
    assert not at.exception
    at.button(key=next(b.key for b in at.button if b.label == "Sample")).click().run()
    until = time.monotonic() + 30
    while "could not draw" not in words(at) and time.monotonic() < until:
        time.sleep(0.1)
        at.run()
    assert not at.exception
    assert "could not draw" in words(at)
    assert not (small / "mnist-tiny" / "owned").exists()
    assert not opened(LOSSES).exception


@pytest.mark.parametrize("page", [SAMPLING, RACE, FORWARD, LOSSES])
@pytest.mark.parametrize("text", ["{", "[]", '{"spec": {"format": 7}}', "\x80\x04."])
def test_a_damaged_spec_is_told_on_every_page(page, text, small: Path):
    shutil.copytree(small / "mnist-tiny", small / "bad")
    (small / "bad" / "spec.json").write_text(text, encoding="latin-1")
    at = opened(page, net="bad")
    assert not at.exception
    assert "The checkpoint 'bad' is left out" in words(at)


@pytest.mark.parametrize("page", [SAMPLING, RACE, FORWARD, LOSSES])
def test_no_checkpoint_at_all_is_said(page, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("EXPLORER_CHECKPOINTS", str(tmp_path / "nowhere"))
    at = opened(page)
    assert not at.exception
    assert "No usable checkpoint" in words(at)


def test_a_damaged_film_is_told_and_the_page_computes(small: Path):
    place = small / "mnist-tiny"
    shutil.copytree(CHECKPOINTS / "mnist-tiny" / "films", place / "films")
    (place / "films" / "grid.webp").write_bytes(b"\x80\x04.")
    at = opened(SAMPLING)
    assert not at.exception
    assert "is damaged" in words(at)
    assert images(shown(at)[0]) == [(1, 20, 32, 32, 3)]


def test_a_path_in_the_link_opens_nothing():
    at = opened(SAMPLING, net="../../../etc/passwd")
    assert not at.exception
    assert "net" in words(at)
    assert len(shown(at)) == 2


def test_forward_shows_five_rows_and_a_chart_that_move_together():
    at = opened(FORWARD, net="mnist-tiny")
    assert not at.exception
    grid, chart = shown(at)
    still, moving = (1, 6, 32, 32, 3), (11, 6, 32, 32, 3)
    assert images(grid) == [still, moving, still, moving, moving]
    assert grid["figure"]["layout"]["yaxis"]["ticktext"] == ["x₀", "xₜ", "ε", "ε̂", "x̂₀"]
    assert chart["layers"][0]["kind"] == "cursor"
    names = [trace["name"] for trace in chart["figure"]["data"]]
    assert len(names) == 4
    reading = opened(FORWARD, net="mnist-tiny", beside="reading")
    dots = shown(reading)[1]["figure"]["data"][0]
    assert dots["mode"] == "markers"


def test_forward_takes_the_networks_samples_and_waits_for_uploads():
    at = opened(FORWARD, net="mnist-tiny", **{"from": "samples"})
    assert not at.exception
    assert images(shown(at)[0])[0] == (1, 6, 32, 32, 3)
    at = opened(FORWARD, net="mnist-tiny", **{"from": "upload"})
    assert not at.exception
    assert "Choose a picture" in words(at)


def test_a_data_folder_without_data_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    at = opened(FORWARD, net="mnist-tiny")
    assert not at.exception
    assert len(shown(at)) == 2, "it begins with what is there"
    at = opened(FORWARD, net="mnist-tiny", **{"from": "mnist"})
    assert not at.exception
    assert "cannot be read" in words(at)
    assert "nothing yet to put noise into" in words(at)
    assert "Download MNIST (12 MB)" in [button.label for button in at.button]


def _png(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


def test_uploads_are_pictures_of_sane_size_or_refused():
    read = image_sources.uploaded(_png((100, 60)))
    assert tuple(read.shape) == (3, 32, 32)
    assert read.float().mean(dim=(1, 2)).tolist() == [255, 0, 0]
    huge = _png((5000, 2))
    gif = io.BytesIO()
    Image.new("RGB", (4, 4)).save(gif, "GIF")
    for data in (b"", b"\x80\x04.", huge, _png((9, 9))[:40], gif.getvalue(), bytes(5 << 20)):
        with pytest.raises(DamagedFile):
            image_sources.uploaded(data)


def test_loss_curves_lie_beside_the_targets_and_the_table_tells_the_figures():
    at = opened(LOSSES)
    assert not at.exception
    (figure,) = charts(at)
    named = [trace.get("name", "") for trace in figure["data"] if trace.get("showlegend") is None]
    assert {"Two convolutions", "U-Net without time"} <= set(named) or len(named) >= 3
    targets = figure["data"][-1]
    assert list(targets["x"]) == [2500, 10000]
    found, _ = checkpoints(CHECKPOINTS)
    rows = image_losses.rows(found, "mnist")
    assert len(rows) == len([c for c in found.values() if c.spec.dataset == "mnist"])
    unet = next(row for row in rows if row["Loss at 2,500"] == "0.097")
    assert unet["Held-out error of ε̂"] == "0.0458"


def test_two_convolutions_learn_in_the_session():
    at = opened(LOSSES, view="train", **{"tiny.steps": "200"})
    assert not at.exception
    at.button(key=next(b.key for b in at.button if b.label == "Train")).click().run()
    until = time.monotonic() + 60
    while not re.search(r"Step [1-9]\d* of 200", words(at)) and time.monotonic() < until:
        at.run()
    assert not at.exception
    assert images(shown(at)[0]) == [(1, 10, 32, 32, 3)]
    at.button(key=next(b.key for b in at.button if b.label == "Stop")).click().run()
    while "Stopped." not in words(at) and time.monotonic() < until:
        at.run()
    assert "Stopped." in words(at)


def test_a_lesson_lowers_the_loss_and_looks_at_samples_on_the_way():
    data, held_out = image_training._digits()
    states = list(lesson(lesson_spec(30, 3e-3, 0), data, held_out))
    assert [state.step for state in states] == [0, 10, 20, 30]
    last = states[-1]
    assert (last.step, last.sampled_at) == (30, 30)
    assert float(last.losses[-5:].mean()) < 0.9 * float(last.losses[:5].mean())
    assert last.held_out is not None
    assert last.held_out < 1


def test_films_forget_those_unseen_for_longest_once_they_take_too_much():
    found, _ = checkpoints(CHECKPOINTS)
    tiny = found["mnist-tiny"]
    film = image_film_files.load(tiny.folder, "draws")
    size = film.x_t.nbytes + film.x0_hat.nbytes
    films = image_desk.Films(int(2.5 * size))
    asked = [replace(film.request, seed=1000 + k) for k in range(3)]
    for request in asked[:2]:
        films.put(tiny, replace(film, request=request))
    assert films.get(tiny, asked[0]) is not None  # it is looked at again
    films.put(tiny, replace(film, request=asked[2]))
    assert [films.get(tiny, request) is not None for request in asked] == [True, False, True]
    small = image_desk.Films(size // 2)
    small.put(tiny, replace(film, request=asked[0]))
    assert small.get(tiny, asked[0]) is not None  # the last is kept, whatever its size
    assert image_desk.films().budget == SCENES.budget // image_desk.PART


def test_another_networks_pictures_come_first_where_nobody_has_chosen(monkeypatch):
    """The page's own presets once left a warning and a link that could not be used."""
    own = {"mnist": "MNIST, held out", "cifar10": "CIFAR-10, held out"}
    real = image_sources.names

    def names(checkpoint):
        mine = checkpoint.spec.dataset
        return {f"of-{mine}": own[mine]} | real(checkpoint)

    monkeypatch.setattr(image_sources, "names", names)
    monkeypatch.setattr(
        image_sources, "some", lambda source, *more, real=image_sources.some: real("digits", *more)
    )
    monkeypatch.setitem(image_sources.PICTURE_SETS, "of-mnist", image_sources.PICTURE_SETS["mnist"])
    monkeypatch.setitem(
        image_sources.PICTURE_SETS, "of-cifar10", image_sources.PICTURE_SETS["cifar10"]
    )
    at = opened(FORWARD)
    assert at.selectbox(key="_from").value == "of-mnist"
    for preset, first in (("CIFAR-10", "of-cifar10"), ("Digits", "of-mnist")):
        next(b for b in at.button if b.label == preset).click().run()
        assert not at.exception
        assert at.selectbox(key="_from").value == first
        assert "from" not in at.query_params
        assert not any("not usable" in text.value for text in [*at.markdown, *at.text, *at.warning])
