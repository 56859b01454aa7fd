"""The scripts of the pages on latents run where this package is not, and say what the pages say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_code_scripts import said

from explorer.code.recipes.latent_diffusion import latent_script, training_script
from explorer.code.recipes.seed_space import seeds_script
from explorer.training.latents import OURS, LatentSpec, train_latent
from explorer.training.vae import VAESpec
from explorer.ui import latent_panels, latent_scenes, seed_scenes
from explorer.ui.latent_files import latent_files


def with_weights(name: str, folder: Path):
    files = latent_files(name)
    for file, read in files.files().items():
        (folder / file).write_bytes(read())
    return files


@pytest.mark.parametrize(("name", "exact"), [("document", False), ("ours", True)])
def test_latent_diffusion_gives_the_pages_table(name: str, exact: bool, tmp_path: Path) -> None:
    files = with_weights(name, tmp_path)
    script = latent_script(files, latent_scenes.LANES, exact, 40, 500, 3)
    lines = said(script, tmp_path)
    found = latent_scenes.sampling(name, exact, False, 40, 500, 3)
    for place, row in enumerate(found.rows):
        shares = " ".join(f"{share:.1%}" for share in row.found)
        assert lines[9 * place] == f"{row.label}: clear={row.clear:.1%} classes {shares}"
        vectors = [" ".join(f"{part:.2f}" for part in vector) for vector in row.examples]
        assert [line.strip() for line in lines[9 * place + 1 : 9 * place + 9]] == vectors


def test_both_networks_are_trained_bit_for_bit(tmp_path: Path) -> None:
    config = replace(OURS.diffusion.config, steps=60, batch=128)
    spec = LatentSpec(
        "", VAESpec(steps=200, seed=1), replace(OURS.diffusion, config=config, seed=1)
    )
    lines = said(training_script(spec), tmp_path)
    *_, state = train_latent(spec, "cpu")
    reconstruction, kl = state.vae.loss
    assert f"reconstruction={reconstruction:.3f} kl={kl:.3f}" in lines[0]
    assert f"loss={state.diffusion.loss:.3f}" in lines[5]
    assert f"clear={latent_panels.look(state).sampled:.0%}" in lines[6]


def test_seed_space_gives_the_pages_shares(tmp_path: Path) -> None:
    files = with_weights("document", tmp_path)
    still, noisy = seed_scenes.Way("flow"), seed_scenes.Way("ddim", (("eta", 0.3),))
    lines = said(seeds_script(files, still, noisy, False, (1.0, 0.6), 20, 2), tmp_path)
    ends = seed_scenes.endings("document", False, still, noisy, (1.0, 0.6), 20, 2)
    with_noise = [round(200 * share) for share in ends.shares["200 with noise"].tolist()]
    for way, line in ((still, lines[0]), (noisy, lines[2])):
        found = seed_scenes.seed_map("document", False, way, 20, 2)
        assert f"apart={found.apart:.1%} chance={found.chance:.0%}" in line
    assert lines[3].endswith(" ".join(map(str, with_noise)))
