"""A trained image network as samplers see it, and the checkpoint that brings it back."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Generator, nn

from explorer.data.images import Pictures, to_unit
from explorer.diffusion.processes import EDM
from explorer.networks.unet import build
from explorer.training import images
from explorer.training.files import DamagedFile
from explorer.training.image_model import WITHIN, ImageModel, held_out_loss, pictures
from explorer.training.image_report import (
    LOSSES,
    SAMPLES,
    SPEC,
    WEAK,
    WEIGHTS,
    export,
    load_checkpoint,
    loss_table,
    model_of,
    sample_grid,
    save_weights,
)
from explorer.training.image_run import start, train
from explorer.training.image_spec import PRACTICAL, RECIPES, ImageSpec
from tests.test_image_training import blots

CPU = torch.device("cpu")


class Posterior(nn.Module):
    """The exact x̂_0, or the exact ε̂, of pictures that are all N(mean, spread²) in each pixel.

    With labels the mean is the label's tenth; hidden or missing ones stand for 0.5.
    """

    def __init__(self, process, kind: str, spread: float = 0.2) -> None:
        super().__init__()
        self.process, self.kind, self.spread = process, kind, spread

    def forward(self, x, t, labels=None):
        alpha, sigma = (f(t).reshape(-1, 1, 1, 1) for f in (self.process.alpha, self.process.sigma))
        mean = torch.full((len(x),), 0.5)
        if labels is not None:
            mean = torch.where(labels < 0, mean, labels / 10)
        mean = mean.reshape(-1, 1, 1, 1)
        gain = alpha * self.spread**2 / (alpha**2 * self.spread**2 + sigma**2)
        x0_hat = mean + gain * (x - alpha * mean)
        found = x0_hat if self.kind == "x0" else (x - alpha * x0_hat) / sigma
        return found.to(x.dtype)


def exact(network: str, spread: float = 0.2, dataset: str = "digits") -> ImageModel:
    recipe = RECIPES[network]
    kind = "x0" if network == "residual" else "eps"
    return ImageModel(
        ImageSpec(dataset, network, recipe), Posterior(recipe.process.build(), kind, spread).eval()
    )


@pytest.mark.parametrize("network", ["unet", "residual"])
def test_the_score_is_that_of_the_marginal(network):
    model, rng = exact(network), Generator().manual_seed(0)
    x = torch.randn(4, 3, 32, 32, generator=rng)
    for t in (torch.tensor(0.1, dtype=torch.float64), torch.tensor([0.05, 0.1, 0.5, 1.0])):
        alpha, sigma = model.process.alpha(t), model.process.sigma(t)
        variance = (alpha**2 * 0.04 + sigma**2).reshape(-1, 1, 1, 1)
        wanted = (0.5 * alpha.reshape(-1, 1, 1, 1) - x) / variance
        torch.testing.assert_close(
            model.score()(x, t), wanted.float(), rtol=1e-3, atol=1e-4 * float(1 / variance.min())
        )


def test_guidance_weighs_the_two_scores():
    model, t = exact("residual"), torch.tensor(0.02, dtype=torch.float64)
    x, labels = torch.randn(3, 3, 32, 32, generator=Generator().manual_seed(0)), torch.arange(3)
    told, untold = model.score(labels)(x, t), model.score()(x, t)
    for weight in (0.0, 2.5):
        wanted = untold + weight * (told - untold)
        torch.testing.assert_close(model.score(labels, weight)(x, t), wanted, rtol=1e-4, atol=1e-3)
        each = model.score(labels, weight)(x, t.float().expand(3))
        torch.testing.assert_close(each, wanted, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(model.score(labels, 1.0)(x, t), told)


@pytest.mark.parametrize("dataset", ["mnist", "cifar10", "digits"])
def test_a_number_guides_within_the_interval_of_its_dataset(dataset):
    x, labels = torch.randn(3, 3, 32, 32, generator=Generator().manual_seed(0)), torch.arange(3)
    low, high = WITHIN.get(dataset, (0.0, math.inf))
    model = exact("residual", dataset=dataset)
    told, everywhere = model.score(labels), model.score(labels, lambda t: 2.5)
    for ratio in (0.1, 0.25, 0.35, 1.0, 3.9, 4.1, 5.9, 6.1, 50.0):
        t = model.process.time_at(torch.tensor(ratio, dtype=torch.float64))
        wanted = (everywhere if low < ratio <= high else told)(x, t)
        torch.testing.assert_close(model.score(labels, 2.5)(x, t), wanted)


def test_guidance_leads_away_from_the_weak_network_that_is_told_nothing():
    sharp, blurred = exact("residual"), exact("residual", spread=0.4)
    model, t = replace(sharp, weak=blurred.network), torch.tensor(0.02, dtype=torch.float64)
    x, labels = torch.randn(3, 3, 32, 32, generator=Generator().manual_seed(0)), torch.arange(3)
    told, weak = sharp.score(labels)(x, t), blurred.score()(x, t)
    wanted = weak + 2.5 * (told - weak)
    torch.testing.assert_close(model.score(labels, 2.5)(x, t), wanted, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(model.score(labels)(x, t), told)


@pytest.mark.parametrize(
    ("network", "labels"), [("unet-classes", torch.arange(3)), ("residual", None)]
)
def test_guidance_without_its_two_predictions_is_refused(network, labels):
    with pytest.raises(ValueError, match=r"guidance=2.0 needs labels and a network trained"):
        exact(network).score(labels, 2.0)


@pytest.mark.parametrize("network", ["unet", "residual"])
def test_sampling_gives_the_distribution_back(network):
    """49,152 pixels of N(0.5, 0.2²): steps of either sampler leave the spread up to 3% too wide."""
    found = to_unit(pictures(exact(network), 16, 0, CPU))
    assert float(found.mean()) == pytest.approx(0.5, abs=5 * 0.2 / math.sqrt(found.numel()) + 0.003)
    assert float(found.std()) == pytest.approx(0.2, rel=0.04)
    assert torch.equal(pictures(exact(network), 16, 0, CPU), pictures(exact(network), 16, 0, CPU))


def test_sampling_obeys_the_labels():
    found = to_unit(pictures(exact("residual"), 3, 0, CPU, torch.tensor([0, 4, 8])))
    for mean, wanted in zip(found.mean((1, 2, 3)).tolist(), [0, 0.4, 0.8], strict=True):
        assert mean == pytest.approx(wanted, abs=0.03)


@pytest.mark.parametrize("network", ["unet", "residual"])
def test_the_held_out_loss_is_the_practicals_for_either_process(network):
    """Data N(0.5, 0.2²): E‖ε̂ − ε‖² = α² s²/(α² s² + σ²) at each step, averaged over 1…400."""
    rng = Generator().manual_seed(0)
    x0 = 0.5 + 0.2 * torch.randn(400, 3, 32, 32, generator=rng)
    data = Pictures(
        ((x0.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8), torch.zeros(400).long()
    )
    model = exact(network)
    unlabelled = replace(model, network=Unlabelled(model.network))
    found = held_out_loss(unlabelled, data, 400, 0, CPU)
    t = torch.arange(1, 401, dtype=torch.float64) / 400
    alpha_bar = PRACTICAL.build().alpha(t) ** 2
    wanted = float((0.04 * alpha_bar / (0.04 * alpha_bar + 1 - alpha_bar)).mean())
    assert found == pytest.approx(wanted, rel=0.02)


class Unlabelled(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x, t, labels):
        return self.network(x, t)


@pytest.fixture(scope="module")
def run():
    found = start(ImageSpec("digits", "tiny", replace(RECIPES["tiny"], steps=30)), CPU)
    list(train(found, blots()))
    return found


def test_a_checkpoint_brings_the_network_back(run, tmp_path):
    export(run, tmp_path / "digits-tiny", blots(), "python -m …", count=64)
    model = load_checkpoint(tmp_path / "digits-tiny", CPU)
    assert model.spec == run.spec
    x, t = torch.randn(2, 3, 32, 32, generator=Generator().manual_seed(0)), torch.tensor(0.5)
    with torch.inference_mode():
        torch.testing.assert_close(
            model.network(x, t), model_of(run).network(x, t), rtol=1e-2, atol=1e-2
        )
    spec = json.loads((tmp_path / "digits-tiny" / SPEC).read_text())
    assert spec["command"] == "python -m …"
    assert spec["figures"]["parameters"] == 3651
    assert spec["figures"]["steps"] == 30
    assert 0 < spec["figures"]["held_out_eps_loss"] < 2
    rows = (tmp_path / "digits-tiny" / LOSSES).read_text().splitlines()
    assert rows[0] == "step,loss,smoothed"
    assert len(rows) == 31


def test_an_average_is_what_is_exported(tmp_path):
    recipe = replace(RECIPES["residual"], steps=2, batch=4)
    found = start(ImageSpec("digits", "residual", recipe), CPU)
    list(train(found, blots()))
    export(found, tmp_path, blots(), "", count=4)
    loaded = load_checkpoint(tmp_path, CPU).network.state_dict()
    for name, value in found.average.items():
        assert torch.equal(loaded[name], value.half().float()), name
    assert (tmp_path / WEIGHTS).stat().st_size < 25e6


def test_damaged_checkpoints_are_told(run, tmp_path):
    export(run, tmp_path, blots(), "", count=8)
    spec, data = (tmp_path / SPEC).read_text(), (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(data[:-10])
    with pytest.raises(DamagedFile, match="cut short"):
        load_checkpoint(tmp_path, CPU)
    (tmp_path / WEIGHTS).write_bytes(data)
    (tmp_path / SPEC).write_text(spec.replace('"network": "tiny"', '"network": "unet"'))
    with pytest.raises(DamagedFile, match="was trained by another spec"):
        load_checkpoint(tmp_path, CPU)
    (tmp_path / SPEC).write_text(spec)
    save_weights(replace(run, spec=run.spec.with_steps(7)), tmp_path / WEAK)
    assert load_checkpoint(tmp_path, CPU).weak is not None
    save_weights(replace(run, spec=replace(run.spec, seed=7)), tmp_path / WEAK)
    with pytest.raises(DamagedFile, match=r"weak\.safetensors was trained by another spec"):
        load_checkpoint(tmp_path, CPU)
    (tmp_path / SPEC).write_text("{}")
    with pytest.raises(DamagedFile, match=r"spec.json lacks the spec"):
        load_checkpoint(tmp_path, CPU)
    (tmp_path / SPEC).unlink()
    with pytest.raises(DamagedFile, match=r"spec.json is missing"):
        load_checkpoint(tmp_path, CPU)


def test_a_long_curve_is_thinned_to_its_end():
    rows = loss_table([1.0] * 2400).decode().splitlines()
    assert len(rows) == 481
    assert rows[-1] == "2400,1,1"


def test_a_grid_has_a_column_for_each_class():
    model = exact("residual", spread=0.02)
    with Image.open(io.BytesIO(sample_grid(model, CPU, rows=2))) as grid:
        assert grid.size == (320, 64)
        columns = torch.tensor(list(grid.convert("L").tobytes())).reshape(64, 10, 32).float()
    means = columns.mean((0, 2)) / 127.5 - 1
    for label, mean in enumerate(means.tolist()):
        assert mean == pytest.approx(label / 10, abs=0.01)


def test_the_command_trains_goes_on_and_exports(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "load", lambda *where: blots())
    monkeypatch.setattr(images, "sample_grid", lambda model, device: b"a picture")
    out = ["--out", str(tmp_path / "run"), "--device", "cpu"]
    images.main([*out, "--dataset", "digits", "--network", "tiny", "--steps", "3"])
    images.main([*out, "--steps", "5"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("digits-tiny  step 3 of 3  loss ")
    assert lines[-1].startswith("digits-tiny  step 5 of 5  loss ")
    assert (tmp_path / "run" / SAMPLES).read_bytes() == b"a picture"
    images.main([*out, "--export", str(tmp_path / "kept")])
    images.main([*out, "--export", str(tmp_path / "kept"), "--weak"])
    model = load_checkpoint(tmp_path / "kept", CPU)
    assert model.spec.recipe.steps == 5
    assert model.weak is not None
    for ours, weaker in zip(model.network.parameters(), model.weak.parameters(), strict=True):
        assert torch.equal(ours, weaker)
    assert json.loads((tmp_path / "kept" / SPEC).read_text())["command"] == (
        "python -m explorer.training.images --dataset digits --network tiny --data data "
        "--out runs/images/digits-tiny --steps 5 --seed 0"
    )


def test_every_checkpoint_in_the_repository_can_be_used():
    folders = sorted((Path(__file__).parent.parent / "checkpoints").glob("*/loss.csv"))
    x, t = torch.zeros(1, 3, 32, 32), torch.tensor(0.5)
    for folder in (path.parent for path in folders):
        model = load_checkpoint(folder, CPU)
        assert folder.name == model.spec.name
        with torch.inference_mode():
            assert torch.isfinite(model.network(x, t, torch.tensor([3]))).all()
        assert sum(path.stat().st_size for path in folder.iterdir()) < 25e6


def test_fresh_networks_of_ours_can_be_sampled():
    """Nothing is trained here: it shows that every network goes with its sampler."""
    recipe = RECIPES["residual"]
    network = build("residual", EDM(), 0).eval()
    found = pictures(ImageModel(ImageSpec("digits", "residual", recipe), network), 2, 0, CPU)
    assert found.shape == (2, 3, 32, 32)
    assert found.dtype == torch.uint8
