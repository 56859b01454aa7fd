"""What the benchmarks of pictures draw is what the page draws, and is drawn once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator

from benchmarks import image_draws, image_guidance, images
from benchmarks.image_draws import PART, Guide, Way, asked, drawn
from explorer.training import image_defaults as defaults
from explorer.training.image_folder import Checkpoint
from tests.test_image_model import exact


@pytest.mark.parametrize("network", ["residual", "unet-classes"])
@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_the_setting_of_the_page_gives_the_pages_score(network, dataset):
    model = exact(network, dataset=dataset)
    x = torch.randn(PART, 3, 32, 32, generator=Generator().manual_seed(0))
    wanted = model.score(asked(PART), defaults.guidance(model.spec, defaults.EACH))
    score = Guide.of_page(model.spec).score(model)
    for t in model.process.grid(6)[:-1]:
        torch.testing.assert_close(score(x, t), wanted(x, t))


def test_settings_have_names_of_their_own():
    guides = [*image_guidance.SETTINGS.values(), Guide(2.0, 0.3, 8.0, weak=False), Guide(2.0, 0.3)]
    assert len({guide.name for guide in guides}) == len(set(guides))


def test_a_setting_is_one_of_the_list_or_an_interval():
    assert image_guidance.setting("everywhere") == Guide(2.0)
    assert image_guidance.setting("2.5:8") == Guide(2.5, 0.0, 8.0)
    assert image_guidance.setting("0.3:2.25:8") == Guide(2.25, 0.3, 8.0)
    for name, guide in image_guidance.SETTINGS.items():
        assert ":" not in name or image_guidance.setting(name) == guide
    for name in ("nowhere", "0.3:2.5:", "a:2:8", "1:2:3:4", ":", "2.5:"):
        with pytest.raises(ValueError, match=r"unknown|no setting|choose"):
            image_guidance.setting(name)


def test_what_was_drawn_is_kept_with_its_cost(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(image_draws, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(image_draws, "PART", 10)
    blurred = exact("residual", spread=0.4).network
    model, way = replace(exact("residual"), weak=blurred), Way("ddim", 3)
    checkpoint = Checkpoint(tmp_path / "digits-residual", model.spec)
    found = drawn(checkpoint, model, Guide(3.5), way, 20)
    assert found.pixels.shape == (20, 3, 32, 32)
    assert found.evaluations == 6  # two networks at each of three steps
    assert not torch.equal(found.pixels[:10], found.pixels[10:])
    parts = sorted((tmp_path / "kept").rglob("*.safetensors"))
    stamps = [path.stat().st_mtime_ns for path in parts]
    again = drawn(checkpoint, model, Guide(3.5), way, 15)
    assert torch.equal(again.pixels, found.pixels[:15])
    assert again.cpu_seconds == found.cpu_seconds
    assert [path.stat().st_mtime_ns for path in parts] == stamps
    assert drawn(checkpoint, model, Guide(1.0), way, 10).evaluations == 3


def test_networks_that_are_not_there_are_told_and_left_out(monkeypatch):
    monkeypatch.setattr(images, "opened", lambda names: dict.fromkeys(names, 0.5))
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    result = images.run(1, "mnist-tiny", "mnist-huge")
    assert result["missing"] == ["mnist-huge"]
    assert set(result["checkpoints"]) == set(result["server_memory_gb"]) == {"mnist-tiny"}
    losses = result["checkpoints"]["mnist-tiny"]["losses"]
    assert losses["held_out_eps_loss"] > losses["target"] == 0.05
