"""Models that diffusers trained: what is refused and why, and that a good one is used rightly."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Generator

from benchmarks.serving import ROOT
from explorer.code.recipes import image_sampling
from explorer.data.download import DownloadFailed
from explorer.diffusion.variance_preserving import LinearDDPM
from explorer.networks.diffusers_unet import DiffusersUNet, renamed
from explorer.training import diffusers_folder, diffusers_hub
from explorer.training.diffusers_folder import described, load, models, place
from explorer.training.files import DamagedFile, save_tensors
from explorer.training.image_defaults import default_request
from explorer.training.image_films import filmed

CPU = torch.device("cpu")
HERE = importlib.util.find_spec("diffusers") is not None
needs_diffusers = pytest.mark.skipif(not HERE, reason="diffusers is not installed")

CONFIG: dict[str, Any] = {
    "_class_name": "UNet2DModel",
    "sample_size": 32,
    "in_channels": 3,
    "out_channels": 3,
    "block_out_channels": [8, 8],
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "attention_head_dim": None,
}
SCHEDULER: dict[str, Any] = {
    "_class_name": "DDPMScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
}


def put(folder: Path, config: Any = CONFIG, scheduler: Any = SCHEDULER) -> Path:
    """A folder in the layout of a pipeline, its weights a file of no use."""
    for inside, name, value in (
        ("unet", "config.json", config),
        ("scheduler", "scheduler_config.json", scheduler),
    ):
        (folder / inside).mkdir(parents=True, exist_ok=True)
        (folder / inside / name).write_text(json.dumps(value))
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x80\x04.")
    return folder


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the library were installed, wherever only files are read."""
    monkeypatch.setattr(diffusers_folder, "installed", lambda: True)


@pytest.mark.usefixtures("there")
def test_the_configurations_are_read_without_the_library(tmp_path: Path):
    checkpoint = described(put(tmp_path / "ddpm-mnist", scheduler={**SCHEDULER, "beta_end": 0.01}))
    assert checkpoint.name == "ddpm-mnist"
    assert checkpoint.spec.dataset == "mnist"
    assert checkpoint.spec.process.build() == LinearDDPM(1000, 1e-4, 0.01)
    assert checkpoint.spec.label == "diffusers · ddpm-mnist"
    assert described(put(tmp_path / "other")).spec.dataset == "cifar10"


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("config", "scheduler", "message"),
    [
        ({"_class_name": "UNet2DConditionModel"}, {}, "only UNet2DModel can be used"),
        ({"in_channels": 1}, {}, "turns 1 channels"),
        ({"sample_size": 256}, {}, "of 256 pixels"),
        ({"time_embedding_type": "fourier"}, {}, "use a DDPM model"),
        ({"num_class_embeds": 10}, {}, "only models without"),
        ({"block_out_channels": [10**9]}, {}, "whole numbers up to"),
        ({"layers_per_block": 10**9}, {}, "must be from 1 to 8"),
        ({}, {"_class_name": "FlowMatchEulerDiscreteScheduler"}, "choose from DDPMScheduler"),
        ({}, {"beta_schedule": "squaredcos_cap_v2"}, "only 'linear' ones"),
        ({}, {"trained_betas": [0.1]}, "only 'linear' ones"),
        ({}, {"rescale_betas_zero_snr": True}, "cannot be used"),
        ({}, {"prediction_type": "flow"}, "choose from epsilon"),
        ({}, {"num_train_timesteps": "many"}, "'many' is not usable"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(config, scheduler, message, tmp_path: Path):
    folder = put(tmp_path / "m", {**CONFIG, **config}, {**SCHEDULER, **scheduler})
    with pytest.raises(DamagedFile, match=message):
        described(folder)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(diffusers_folder, "installed", lambda: False)
    with pytest.raises(DamagedFile, match=r"pip install -r requirements-diffusers\.txt"):
        described(put(tmp_path / "m"))
    assert (ROOT / "requirements-diffusers.txt").exists()
    monkeypatch.setattr(diffusers_folder, "installed", lambda: True)
    with pytest.raises(DamagedFile, match="there is no folder"):
        described(tmp_path / "nowhere")
    weights = tmp_path / "m" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(DamagedFile, match=r"pickle .* never opened"):
        described(tmp_path / "m")
    weights.with_suffix(".bin").unlink()
    with pytest.raises(DamagedFile, match=r"diffusion_pytorch_model\.safetensors is missing"):
        described(tmp_path / "m")
    (tmp_path / "m" / "scheduler" / "scheduler_config.json").unlink()
    with pytest.raises(DamagedFile, match=r"scheduler_config\.json is missing"):
        described(tmp_path / "m")


@pytest.mark.usefixtures("there")
def test_the_setting_lists_folders_and_names_of_the_hub(tmp_path: Path, monkeypatch):
    one, same = put(tmp_path / "one"), put(tmp_path / "elsewhere" / "one")
    monkeypatch.setenv("EXPLORER_DIFFUSERS", f" {one}, {same},google/ddpm-cifar10-32,,")
    found, wrong = models(tmp_path)
    assert list(found) == ["one"]
    assert "two called one" in wrong[str(same)]
    fetched = tmp_path / "diffusers" / "google--ddpm-cifar10-32"
    assert place("google/ddpm-cifar10-32", tmp_path) == fetched
    assert str(fetched) in wrong["google/ddpm-cifar10-32"]
    put(fetched)
    assert list(models(tmp_path)[0]) == ["one", "google--ddpm-cifar10-32"]


@pytest.mark.usefixtures("there")
def test_weights_are_fetched_only_after_a_configuration_that_fits(tmp_path: Path, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")
    asked = []

    def snapshot(name: str, local_dir: Path, allow_patterns: list[str]) -> None:
        asked.append(allow_patterns)
        put(local_dir, {**CONFIG, "_class_name": "AutoencoderKL"})

    monkeypatch.setattr(hub, "snapshot_download", snapshot)
    with pytest.raises(DownloadFailed, match="only UNet2DModel can be used"):
        diffusers_hub.fetch("some/model", tmp_path / "some--model")
    assert len(asked) == 1
    assert all(pattern.endswith(".json") for pattern in asked[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model, saved by diffusers itself beside its scheduler."""
    diffusers = pytest.importorskip("diffusers")
    folder = tmp_path_factory.mktemp("models") / "ddpm-small"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = diffusers.UNet2DModel.from_config(CONFIG)
    unet.save_pretrained(folder / "unet")
    diffusers.DDPMScheduler(num_train_timesteps=1000).save_pretrained(folder / "scheduler")
    return folder


@needs_diffusers
def test_the_network_is_theirs_at_the_right_step(made: Path):
    """At t = i/T of our chain theirs is asked at i − 1, where its ᾱ is ours."""
    import diffusers

    theirs = diffusers.UNet2DModel.from_pretrained(made / "unet").eval()
    scheduler = diffusers.DDPMScheduler.from_pretrained(made / "scheduler")
    model, x = load(made, CPU), torch.randn(3, 3, 32, 32, generator=Generator().manual_seed(0))
    for i in (1, 500, 1000):
        t = torch.tensor(i / 1000, dtype=torch.float64)
        alpha_bar = float(model.process.alpha(t) ** 2)
        assert alpha_bar == pytest.approx(float(scheduler.alphas_cumprod[i - 1]), rel=1e-4)
        with torch.inference_mode():
            wanted = theirs(x, i - 1).sample
            torch.testing.assert_close(model.network(x, t), wanted, rtol=1e-4, atol=1e-5)
            each = model.predict("eps", x, t.expand(3))
        torch.testing.assert_close(each, wanted, rtol=1e-4, atol=1e-5)
    assert not model.labelled
    assert not model.guidable


@needs_diffusers
def test_weights_under_the_old_names_of_attention_are_taken(made: Path, tmp_path: Path):
    """As in google/ddpm-cifar10-32; in half precision, and all in one folder."""
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = {}
    for name, tensor in load(made, CPU).network.state_dict().items():
        for new, before in old.items():
            name = name.replace(f".{new}.", f".{before}.")
        tensors[name.removeprefix("unet.")] = tensor.half()
    assert sum(".query." in name for name in tensors) > 0
    for source in ("unet/config.json", "scheduler/scheduler_config.json"):
        (tmp_path / Path(source).name).write_bytes((made / source).read_bytes())
    save_tensors(tmp_path / "diffusion_pytorch_model.safetensors", tensors, {})
    flat = tmp_path.rename(tmp_path.with_name("flat"))
    x, t = torch.zeros(1, 3, 32, 32), torch.tensor(0.3)
    with torch.inference_mode():
        found, wanted = load(flat, CPU).network(x, t), load(made, CPU).network(x, t)
    torch.testing.assert_close(found, wanted, rtol=2e-2, atol=2e-2)


@needs_diffusers
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"block_out_channels": [8, 16]}, "is not of this network"),
        ({"down_block_types": ["NoBlock", "DownBlock2D"]}, "cannot build"),
        ({"block_out_channels": [4096, 4096], "norm_num_groups": 3}, "cannot build"),
    ],
)
def test_weights_that_do_not_fit_are_told(changed, message, made: Path, tmp_path: Path):
    put(tmp_path / "m", {**CONFIG, **changed})
    weights = "unet/diffusion_pytorch_model.safetensors"
    (tmp_path / "m" / weights).write_bytes((made / weights).read_bytes())
    with pytest.raises(DamagedFile, match=message):
        load(tmp_path / "m", CPU)
    (tmp_path / "m" / weights).write_bytes(b"\x80\x04.")
    with pytest.raises(DamagedFile, match="pickle"):
        load(put(tmp_path / "m"), CPU)


@needs_diffusers
def test_the_script_draws_the_same_pictures(made: Path, tmp_path: Path):
    checkpoint = described(made)
    request = replace(default_request("draws", made.name, checkpoint.spec), steps=2)
    film = filmed(load(made, CPU), request, CPU)
    recipe = image_sampling.recipe(checkpoint, request)
    assert not recipe.files
    assert DiffusersUNet in recipe.functions
    (tmp_path / "script.py").write_text(recipe.script(), encoding="utf-8")
    weights = str(made / checkpoint.weights)
    command = [sys.executable, "-I", "-X", "utf8", "script.py", weights]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for lane, pictures in zip(request.lanes, film.x_t[:, -1], strict=True):
        assert f"{lane.sampler}: evaluations=2 brightness={pictures.mean():.1f}" in done.stdout


@needs_diffusers
def test_the_pages_open_such_a_model_and_say_what_is_wrong_with_others(made: Path, monkeypatch):
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    monkeypatch.setenv("EXPLORER_DIFFUSERS", f"{made},{made}/nowhere,some/model")
    for page in ("image_race", "image_forward"):
        at = AppTest.from_file(str(ROOT / "home.py"), default_timeout=60)
        at.switch_page(f"pages/{page}.py")
        at.query_params["net"] = made.name
        at.run()
        assert not at.exception
        said = "\n".join(str(text.value) for text in at.text)
        assert "there is no folder" in said
        assert "it has to be fetched from the model hub first" in said
        assert "Fetch some/model" in [button.label for button in at.button]
        labels = [box.options for box in at.selectbox if box.label == "Network"]
        assert "diffusers · ddpm-small" in labels[0]


def test_names_are_ours_whatever_they_were():
    ours = renamed({"down_blocks.1.attentions.0.proj_attn.bias": torch.zeros(2).half()})
    assert list(ours) == ["unet.down_blocks.1.attentions.0.to_out.0.bias"]
    assert ours.popitem()[1].dtype == torch.float32
