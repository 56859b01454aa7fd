"""The scripts of the mathematics and of density estimation say what their pages say."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_alone import figures, said, said_each

from explorer.code.recipes import mathematics as recipes
from explorer.code.recipes.density_estimation import density_script
from explorer.code.recipes.learned import Trained
from explorer.data.spec import DistributionSpec
from explorer.diffusion.spec import ProcessSpec
from explorer.training import density_networks as shipped
from explorer.ui import density_scenes, mathematics_scenes
from explorer.ui.weights import trained

CHAIN = mathematics_scenes.chain(40, 0.25)


def test_the_small_equations(tmp_path: Path) -> None:
    process = ProcessSpec("ddpm", (("steps", 500), ("beta_start", 1e-4), ("beta_end", 0.02)))
    closed, posterior, loss, score, targets = said_each(
        [
            recipe.script()
            for recipe in (
                recipes.closed_form(CHAIN, 2.0, 0),
                recipes.posterior(CHAIN, 13, 2.0, 0.5),
                recipes.loss(CHAIN),
                recipes.score(DistributionSpec("mixture-1d"), process),
                recipes.targets(DistributionSpec("tutorial"), process, 0),
            )
        ],
        tmp_path,
    )
    page = mathematics_scenes.closed_form(40, 0.25, 2.0, 0, 1.0)
    assert closed[-1] == f"gap={page.gap:.2%}"
    assert figures(closed[-2])["closed"] == f"{page.mean[1]:.3f}"
    step = mathematics_scenes.step_of(CHAIN, 13).posterior
    assert figures(posterior[0]) == {
        "mean": f"{step.on_xt * 0.5 + step.on_x0 * 2:.4f}",
        "variance": f"{step.variance:.3g}",
        "forward": f"{step.forward:.3g}",
    }
    assert figures(loss[0])["steps"] == "40"
    assert all(float(figures(line)["apart"]) < 1e-6 for line in score + targets)
    assert all(float(figures(line)["chance"]) < 0.13 for line in targets)


@pytest.mark.parametrize("variance", ["forward", "posterior"])
def test_the_bound_by_a_network(variance: str, tmp_path: Path) -> None:
    network = trained("mixture-1d")
    (tmp_path / network.file).write_bytes(network.read())
    points = mathematics_scenes.points_for(20)
    lines = said(recipes.bound_script(network, 20, variance, points, 0), tmp_path)
    page = mathematics_scenes.bounds("mixture-1d", 20, variance, 0)
    for line, bound in zip(lines, (page.exact, page.learned), strict=True):
        assert figures(line)["total"] == f"{float(bound.total.mean()):.3f}"


def test_three_estimates_of_one_density(tmp_path: Path) -> None:
    place = shipped.FOLDER / "mixture-1d-1000-ours" / "weights.safetensors"
    spec = shipped.spec_of("mixture-1d", 1000, "ours")
    network = Trained(spec, "mixture-1d-1000.safetensors", place.read_bytes)
    (tmp_path / network.file).write_bytes(network.read())
    lines = said(density_script(spec, network, 0, "cv", 0.2), tmp_path)
    choice = density_scenes.Choice(DistributionSpec("mixture-1d"), 1000, 0, "cv", 0.2)
    histogram, kernels, _, _, ours = density_scenes.rows_of(choice)
    for line, row in zip(lines[1:], (histogram, kernels, ours), strict=True):
        shown = density_scenes.in_nats(row.held_out)[0]
        assert float(figures(line)["held_out"]) == pytest.approx(shown, abs=2e-3)
