"""Requests, films and their files: what is asked for, what is kept, and what is refused."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator

from explorer.data.images import Pictures
from explorer.diffusion.processes import EDM
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.trajectory import simulate
from explorer.networks.unet import IMAGE_NETWORKS
from explorer.training import image_film_files
from explorer.training.files import DamagedFile
from explorer.training.image_defaults import VIEWS, classes, default_request
from explorer.training.image_films import (
    as_pixels,
    denoise,
    filmed,
    kept_steps,
    opening,
    ratio_at,
    visible,
)
from explorer.training.image_noise import (
    error_by_time,
    noise_read,
    noised,
    own_time,
    practical_steps,
    predictions,
    predictions_at,
)
from explorer.training.image_report import load_checkpoint
from explorer.training.image_request import Lane, Request, from_json, slerp, to_json
from explorer.training.image_spec import PRACTICAL, RECIPES, ImageSpec
from tests.test_image_model import exact

CPU = torch.device("cpu")
CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
ASKED = Request("digits", (Lane("dpm"), Lane("ddim", (("eta", 0.5),))), 6, (0, 3, -1))


@pytest.fixture(scope="module")
def film():
    return filmed(exact("residual"), ASKED, CPU)


def test_a_film_holds_the_trajectory_of_the_same_sampler(film):
    model = exact("residual")
    process, score = model.process, model.score(ASKED.told())
    for lane, frames, estimates in zip(ASKED.lanes, film.x_t, film.x0_hat, strict=True):
        ts = process.grid(ASKED.steps)
        start, rng = ASKED.noise(process), Generator().manual_seed(ASKED.seed + 1)
        run = simulate(process, score, lane.step(), start, ts, rng)
        for k, place in enumerate(film.places):
            assert (frames[k] == visible(run.xs[place], process, ts[place])).all()
        assert (estimates[1] == as_pixels(run.x0_hats[1])).all()
        assert (estimates[-1] == frames[-1]).all()


def test_its_lanes_start_from_one_noise_and_the_last_frame_is_the_data(film):
    assert (film.x_t[0, 0] == film.x_t[1, 0]).all()
    # exact pictures are all N(label / 10, 0.2²), and 0.5 where none is told
    means = film.x_t[0, -1].reshape(3, -1).mean(axis=1) / 127.5 - 1
    np.testing.assert_allclose(means, [0.0, 0.3, 0.5], atol=0.02)
    assert film.ratios[-1] == 0
    assert film.ratios[0] == pytest.approx(80)
    assert film.evaluations == (6, 6)


def test_the_noise_of_a_film_that_is_not_done_is_that_of_its_lane(film):
    process = exact("residual").process
    begun = [ratio_at(ASKED, process, step) for step in range(2 * ASKED.steps)]
    np.testing.assert_allclose(begun, 2 * film.ratios[:-1])


def test_every_step_brings_an_update_and_the_last_the_film():
    updates = list(denoise(exact("unet"), replace(ASKED, labels=(-1,)), CPU))
    assert [update.step for update in updates] == list(range(1, 13))
    assert all(update.steps == 12 for update in updates)
    assert [update.film is not None for update in updates] == [False] * 11 + [True]
    assert (updates[2].x0_hat[1] == 128).all()  # the second lane has not begun
    assert not torch.is_inference_mode_enabled()


def test_an_update_is_not_changed_by_the_next_one():
    going = denoise(exact("residual"), ASKED, CPU)
    first = next(going)
    seen = first.x_t.copy()
    next(going)
    assert (first.x_t == seen).all()


def test_noise_of_any_size_can_be_seen():
    rng = Generator().manual_seed(0)
    process, t = EDM(), torch.tensor(1.0, dtype=torch.float64)
    shown = visible(process.prior((4, 3, 32, 32), rng), process, t)
    beyond = np.isin(shown, (0, 255)).mean()
    assert 0.03 < beyond < 0.07  # of a Gaussian 4.6 % lie beyond 2σ
    assert opening(ASKED, process).x_t.shape == (2, 3, 32, 32, 3)


@pytest.mark.parametrize("steps", [1, 2, 20, 21, 400])
def test_frames_hold_both_ends_and_are_at_most_21(steps):
    places = kept_steps(steps)
    assert places[0] == 0
    assert places[-1] == steps
    assert len(places) == min(21, steps + 1) == len(set(places))


def test_slerp_keeps_the_length_of_noise_where_a_straight_line_would_not():
    a, b = torch.randn(2, 1, 3072, generator=Generator().manual_seed(0)).unbind()
    between = slerp(a, b, torch.linspace(0, 1, 9))
    lengths = between.norm(dim=1)
    assert lengths.min() > 0.95 * math.sqrt(3072)
    torch.testing.assert_close(between[0], a[0])
    torch.testing.assert_close(between[-1], b[0], atol=1e-5, rtol=0)
    angles = torch.nn.functional.cosine_similarity(between[:-1], between[1:], dim=1).arccos()
    assert float(angles.max() - angles.min()) < 0.05
    torch.testing.assert_close(slerp(a, a, torch.tensor([0.5]))[0], a[0])


def test_starts_are_own_one_or_between():
    process = EDM()
    own, one = (replace(ASKED, start=s).noise(process) for s in ("own", "one"))
    assert not torch.equal(own[0], own[1])
    assert torch.equal(one[0], one[2])
    between = replace(ASKED, start="between", other=7).noise(process)
    torch.testing.assert_close(between[2], replace(ASKED, seed=7, start="one").noise(process)[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lanes": ()}, "samplers"),
        ({"lanes": (Lane("rk45"),)}, "its own steps"),
        ({"lanes": (Lane("nothing"),)}, "nothing"),
        ({"lanes": (Lane("ddim", (("eta", 7.0),)),)}, "7"),
        ({"steps": 0}, "steps=0"),
        ({"steps": 10**9}, "steps="),
        ({"labels": (10,)}, "labels"),
        ({"labels": (0,) * 1000}, "1000 pictures"),
        ({"guidance": float("nan")}, "guidance=nan"),
        ({"start": "elsewhere"}, "elsewhere"),
    ],
)
def test_what_a_page_cannot_compute_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(ASKED, **change)


def test_a_request_survives_json():
    assert from_json(json.loads(json.dumps(to_json(ASKED)))) == ASKED
    for damage in ({"lanes": 3}, {"steps": "many"}, {"surplus": 1}, {"labels": [99]}):
        with pytest.raises(DamagedFile):
            from_json(to_json(ASKED) | damage)


def test_a_film_comes_back_from_its_files(film, tmp_path: Path):
    image_film_files.save(film, tmp_path, "some")
    assert image_film_files.requests(tmp_path) == {ASKED: "some"}
    back = image_film_files.load(tmp_path, "some")
    assert (back.request, back.places) == (film.request, film.places)
    assert (back.ratios, back.evaluations) == (film.ratios, film.evaluations)
    assert back.x_t.shape == film.x_t.shape
    error = np.abs(back.x0_hat.astype(int) - film.x0_hat.astype(int)).mean()
    assert error < 12  # WebP halves the colours' resolution


HOSTILE = {
    "a pickle": b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.",
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "nothing": b"",
    "a header of a gigapixel": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\xff" + bytes(9),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_sheet_is_refused(kind, film, tmp_path: Path):
    image_film_files.save(film, tmp_path, "some")
    (tmp_path / "films" / "some.webp").write_bytes(HOSTILE[kind])
    with pytest.raises(DamagedFile, match=r"some\.webp"):
        image_film_files.load(tmp_path, "some")


def test_a_sheet_of_another_size_or_cut_short_is_refused(film, tmp_path: Path):
    image_film_files.save(film, tmp_path, "some")
    path = tmp_path / "films" / "some.webp"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile):
        image_film_files.load(tmp_path, "some")
    other = filmed(exact("residual"), replace(ASKED, labels=(1,)), CPU)
    image_film_files.save(other, tmp_path, "other")
    path.write_bytes((tmp_path / "films" / "other.webp").read_bytes())
    with pytest.raises(DamagedFile, match="not"):
        image_film_files.load(tmp_path, "some")


def test_a_damaged_request_is_logged_and_left_out(tmp_path: Path, caplog):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "bad.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert image_film_files.requests(tmp_path) == {}
    assert "bad.json" in caplog.text


@pytest.mark.parametrize("network", IMAGE_NETWORKS)
@pytest.mark.parametrize("view", VIEWS)
def test_defaults_ask_only_for_what_the_network_allows(view, network):
    entry = IMAGE_NETWORKS[network]
    request = default_request(view, "some", ImageSpec("mnist", network, RECIPES[network]))
    knows = classes(entry) != ("none",)
    assert knows or set(request.labels) == {-1}
    assert network != "unet-classes" or -1 not in request.labels
    assert len(request.labels) == (20 if view == "grid" else 10)
    assert all(lane.sampler in SAMPLERS for lane in request.lanes)


def test_the_noise_level_is_read_off_a_smooth_picture():
    across = torch.linspace(-1, 1, 32)
    x0 = (across[:, None] * across)[None, None].expand(16, 3, 32, 32)
    noise = torch.randn(x0.shape, generator=Generator().manual_seed(0))
    for t in practical_steps(6)[1:]:
        sigma = float(PRACTICAL.build().sigma(t))
        read = noise_read(noised(x0, noise, t))
        # the median of 768 |N(0, σ²)| has a standard deviation of 0.042 σ
        assert (read - sigma).abs().max() < 0.17 * sigma
        assert abs(float(read.mean()) - sigma) < 0.045 * sigma


@pytest.mark.parametrize("network", ["unet", "residual"])
def test_the_error_by_time_of_the_exact_posterior_is_its_variance(network):
    model, rng = exact(network), Generator().manual_seed(1)
    pixels = (0.5 + 0.2 * torch.randn(64, 3, 32, 32, generator=rng) + 1) * 127.5
    data = Pictures(pixels.round().clamp(0, 255).to(torch.uint8), torch.full((64,), 5))
    ts = practical_steps(5)
    found = error_by_time(model, data, ts, 64, 0)
    for t, error in zip(ts, found, strict=True):
        alpha, sigma = (float(f(t)) for f in (PRACTICAL.build().alpha, PRACTICAL.build().sigma))
        wanted = 0.04 * alpha**2 / (0.04 * alpha**2 + sigma**2)  # Var(ε | x_t)
        assert error == pytest.approx(wanted, rel=0.05, abs=2e-5)


@pytest.mark.parametrize("name", ["mnist-tiny", "mnist-unet-classes", "mnist-residual"])
def test_all_times_at_once_are_the_same_as_one_after_another(name):
    model = load_checkpoint(CHECKPOINTS / name, CPU)
    x0, noise = torch.randn((2, 3, 3, 32, 32), generator=Generator().manual_seed(0))
    ts, told = practical_steps(4), torch.tensor([3, 1, 4])
    together = predictions_at(model, x0, noise, ts, told)
    for k, t in enumerate(ts):
        for got, wanted in zip(together, predictions(model, x0, noise, t, told), strict=True):
            torch.testing.assert_close(got[k], wanted, rtol=1e-4, atol=1e-4)


def test_both_predictions_agree_and_times_match_in_noise_to_signal():
    model = exact("residual")
    x0 = torch.full((2, 3, 32, 32), 0.5)
    noise = torch.randn(x0.shape, generator=Generator().manual_seed(2))
    t = torch.tensor(0.5, dtype=torch.float64)
    own = own_time(model.process, t)
    yardstick = PRACTICAL.build()
    assert float(model.process.sigma(own)) == pytest.approx(
        float(yardstick.sigma(t) / yardstick.alpha(t))
    )
    eps_hat, x0_hat = predictions(model, x0, noise, t, None)
    x = x0 + float(model.process.sigma(own)) * noise
    torch.testing.assert_close(
        x0_hat + float(model.process.sigma(own)) * eps_hat, x, rtol=1e-5, atol=1e-5
    )
