"""The scripts of the pages on chains, on latents and on guidance say what the pages say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_alone import figures, said

from explorer.code.recipes.diffusion_against_mcmc import contest_script
from explorer.code.recipes.latent import LatentFiles
from explorer.code.recipes.latent_diffusion import latent_script
from explorer.code.recipes.seed_space import seeds_script
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.ui import guidance_code, guidance_scenes, latent_scenes, mcmc_scenes, seed_scenes
from explorer.ui.guidance_scenes import NETWORK_PROCESS, Guide
from explorer.ui.latent_files import latent_files
from explorer.ui.mcmc_panes import finite
from explorer.ui.mcmc_scenes import ChainLane, DiffusionLane
from explorer.ui.seed_scenes import Way


def with_files(name: str, folder: Path) -> LatentFiles:
    """A pair of networks whose files lie where their scripts look for them."""
    made = latent_files(name)
    for file, read in made.files().items():
        (folder / file).write_bytes(read())
    return made


def test_diffusion_against_mcmc_gives_the_pages_table(tmp_path: Path) -> None:
    ring, ddpm = DistributionSpec("ring"), ProcessSpec("ddpm")
    lanes = (ChainLane("hmc"), ChainLane("mala", (), 0.6))
    found = mcmc_scenes.contest(ring, ddpm, lanes, DiffusionLane("sde"), True, 60, 200, 3)
    given = [(lane.kernel, lane.values, lane.aim) for lane in lanes]
    script = contest_script(ring, ddpm, given, ("sde", ()), True, 60, 200, 3)
    lines = said(script, tmp_path)
    ends = [figures(line) for line in lines if "evaluations=" in line]
    assert len(ends) == len(found.rows)
    for end, row in zip(ends, found.rows, strict=True):
        assert end == {
            "evaluations": str(row.evaluations),
            "misplaced": f"{row.misplaced:.1%}",
            "spread": finite(row.spread),
            "distance": finite(row.distance.value, 3),
            "ratio": finite(row.distance.ratio, 1),
        }
    taken = [figures(line)["taken"] for line in lines if "taken=" in line]
    summaries = [row.summary for row in found.rows if row.summary is not None]
    assert taken == [f"{summary.acceptance:.0%}" for summary in summaries]


def test_latent_diffusion_decodes_the_same_vectors(tmp_path: Path) -> None:
    files = with_files("document", tmp_path)
    lanes = latent_scenes.LANES
    lines = said(latent_script(files, lanes, False, 20, 200, 1), tmp_path)
    found = latent_scenes.sampling("document", False, False, 20, 200, 1)
    for i, row in enumerate(found.rows):
        block = lines[9 * i : 9 * i + 9]
        shares = " ".join(f"{share:.1%}" for share in row.found)
        assert block[0] == f"{row.label}: clear={row.clear:.1%} classes {shares}"
        decoded = [[float(part) for part in line.split()] for line in block[1:]]
        np.testing.assert_allclose(decoded, row.examples, atol=0.0051)


def test_seed_space_counts_the_same_neighbours(tmp_path: Path) -> None:
    files = with_files("ours", tmp_path)
    still, noisy, chosen = Way("flow"), Way("ddim", (("eta", 0.5),)), (0.4, -1.0)
    lines = said(seeds_script(files, still, noisy, True, chosen, 10, 2), tmp_path)
    for line, way in zip(lines[::2], (still, noisy), strict=True):
        found = seed_scenes.seed_map("ours", True, way, 10, 2)
        assert figures(line) == {"apart": f"{found.apart:.1%}", "chance": f"{found.chance:.0%}"}
    ends = seed_scenes.endings("ours", True, still, noisy, chosen, 10, 2)
    counts = [int(part) for part in lines[3].rpartition(":")[2].split()]
    (many,) = (shares for name, shares in ends.shares.items() if "with noise" in name)
    np.testing.assert_allclose(np.array(counts) / sum(counts), many)


@pytest.mark.parametrize(
    "guide",
    [
        Guide("neighbours-1d", ProcessSpec("cosine"), 0, 3.0, 0.25, None, False, "heun", 4),
        Guide("branches", NETWORK_PROCESS, 1, 2.0, 0.25, (0.15, 1.0), True, "heun", 1),
    ],
    ids=["exact", "learned"],
)
def test_guidance_gives_the_pages_table(guide: Guide, tmp_path: Path) -> None:
    recipe = guidance_code.recipe(guide)
    for file, read in recipe.files.items():
        (tmp_path / file).write_bytes(read())
    rows = [figures(line) for line in said(recipe.script(), tmp_path)[1::2]]
    assert rows == [
        {
            "ratio": f"{row.distance.ratio:.1f}",
            "shift": f"{row.shift:.2f}",
            "spread": f"{row.spread:.0%}",
            "found": str(row.found),
            "strays": f"{row.strays:.1%}",
        }
        for row in guidance_scenes.lanes(guide).rows
    ]
