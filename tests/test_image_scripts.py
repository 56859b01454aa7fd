"""The scripts of the pages on pictures run without this package, and say what the pages say."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator

from explorer.code.recipes import image_forward, image_losses, image_sampling
from explorer.data.images import load, to_unit
from explorer.training.image_defaults import default_request
from explorer.training.image_films import filmed
from explorer.training.image_folder import ROOT, checkpoints
from explorer.training.image_lesson import lesson, lesson_spec
from explorer.training.image_noise import predictions
from explorer.training.image_report import load_checkpoint

CPU = torch.device("cpu")
TINY = checkpoints(ROOT)[0]["mnist-tiny"]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as the scripts do
    yield
    torch.set_num_threads(before)


def said(script: str, folder: Path, *arguments: str) -> list[str]:
    """What the script prints, isolated from this package, its weights beside it."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    (folder / "mnist-tiny.safetensors").write_bytes(
        (TINY.folder / "weights.safetensors").read_bytes()
    )
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "script.py", *arguments],
        cwd=folder,
        env=bare,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_script_draws_the_pages_pictures(tmp_path: Path):
    request = replace(default_request("draws", TINY.name, TINY.spec), steps=5)
    film = filmed(load_checkpoint(TINY.folder, CPU), request, CPU)
    words = said(image_sampling.pictures_script(TINY, request), tmp_path, "--picture")
    for lane, pictures in zip(request.lanes, film.x_t[:, -1], strict=True):
        at = words.index(f"{lane.sampler}:")
        assert words[at + 1] == "evaluations=5"
        assert words[at + 2] == f"brightness={pictures.mean():.1f}"
    assert (tmp_path / "pictures.png").read_bytes().startswith(b"\x89PNG")


def test_the_script_is_guided_by_the_same_two_networks(tmp_path: Path):
    found = checkpoints(ROOT)[0]["mnist-residual"]
    request = default_request("grid", found.name, found.spec)
    request = replace(request, steps=2, labels=(3, 8))
    film = filmed(load_checkpoint(found.folder, CPU), request, CPU)
    recipe = image_sampling.recipe(found, request)
    for name, read in recipe.files.items():
        (tmp_path / name).write_bytes(read())
    assert len(recipe.files) == 2
    assert f"brightness={film.x_t[0, -1].mean():.1f}" in said(recipe.script(), tmp_path)


def test_the_script_of_the_forward_page_finds_the_same_error(tmp_path: Path):
    pixels = load("digits", tmp_path, "test").pixels[:2].expand(-1, 3, -1, -1).contiguous()
    script = image_forward.forward_script(TINY, pixels.numpy().tobytes(), (), 3)
    words = said(script, tmp_path)
    x0 = to_unit(pixels)
    noise = torch.randn(x0.shape, generator=Generator().manual_seed(3))
    model = load_checkpoint(TINY.folder, CPU)
    t = torch.tensor(0.5, dtype=torch.float64)
    error = (predictions(model, x0, noise, t, None)[0] - noise).square().mean()
    assert f"eps_error={error:.4f}" in words


def test_the_script_of_the_losses_trains_the_same_network(tmp_path: Path):
    spec = lesson_spec(10, 1e-3, 0)
    data, held_out = (load("digits", tmp_path, split) for split in ("train", "test"))
    *_, last = lesson(spec, data, held_out)
    assert f"held_out={last.held_out:.3f}" in said(image_losses.lesson_script(spec), tmp_path)


def test_to_show_a_networks_code_torch_does_not_import_its_compiler():
    """Which it does to build one on "meta": two seconds of a core and 76 MB for a class's name."""
    code = """if True:
        import sys
        from explorer.code.recipes import image_sampling
        from explorer.training.image_defaults import default_request
        from explorer.training.image_folder import ROOT, checkpoints
        for checkpoint in checkpoints(ROOT)[0].values():
            request = default_request("grid", checkpoint.name, checkpoint.spec)
            assert image_sampling.recipe(checkpoint, request, "image_sampling").functions
        print("torch._dynamo" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
