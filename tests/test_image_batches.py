"""What image networks are trained on, and how: batches, times, losses, schedules, specs."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Generator, nn

from explorer.data.images import Pictures
from explorer.diffusion.processes import EDM, LinearDDPM
from explorer.diffusion.spec import ProcessSpec
from explorer.networks.image_unet import NO_LABEL
from explorer.training.files import DamagedFile
from explorer.training.image_batches import Batch, chosen, joint_batch, loss_of, times
from explorer.training.image_spec import PRACTICAL, RECIPES, ImageSpec, Recipe, from_json, to_json
from tests.test_image_training import blots, small

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return blots()


def test_every_picture_comes_once_before_any_comes_again():
    seen = torch.cat([chosen(0, step, 7, 20) for step in range(20)])  # seven epochs of 20
    for epoch in seen.split(20):
        assert sorted(epoch.tolist()) == list(range(20))
    assert not torch.equal(seen[:20], seen[20:40])
    assert not torch.equal(chosen(1, 0, 7, 20), chosen(0, 0, 7, 20))


def test_shares_make_the_whole_batch(pictures):
    spec = small("residual")
    whole = joint_batch(spec, "x0", pictures, 3, slice(0, 8), CPU)
    parts = [joint_batch(spec, "x0", pictures, 3, slice(i, i + 4), CPU) for i in (0, 4)]
    for name in Batch.__dataclass_fields__:
        assert torch.equal(
            torch.cat([getattr(part, name) for part in parts]), getattr(whole, name)
        ), name
    other = joint_batch(spec, "x0", pictures, 4, slice(0, 8), CPU)
    assert not torch.equal(other.noise, whole.noise)
    torch.testing.assert_close(whole.x_t, whole.alpha * whole.x0 + whole.sigma * whole.noise)


def test_times_are_the_papers():
    rng = Generator().manual_seed(0)
    steps = times(PRACTICAL, "eps", 100_000, rng) * 400
    assert (float(steps.min()), float(steps.max())) == (1, 400)
    torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-3)
    counts = torch.bincount(steps.round().long(), minlength=401)[1:]
    assert float((counts - 250).abs().max()) < 5 * math.sqrt(250)  # of 400 counts
    edm = ProcessSpec("edm")
    log_sigma = torch.log(80 * times(edm, "x0", 100_000, rng))
    assert float(log_sigma.mean()) == pytest.approx(-1.2, abs=5 * 1.2 / math.sqrt(1e5))
    assert float(log_sigma.std()) == pytest.approx(1.2, abs=5 * 1.2 / math.sqrt(2e5))


def test_labels_are_hidden_at_the_recipes_share_and_digits_are_never_mirrored(pictures):
    spec = replace(small("residual"), recipe=replace(RECIPES["residual"], batch=4000))
    batch = joint_batch(spec, "x0", pictures, 0, slice(0, 4000), CPU)
    hidden = float((batch.labels == NO_LABEL).float().mean())
    assert hidden == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / 4000))
    index = chosen(spec.seed, 0, 4000, len(pictures))
    assert torch.equal(batch.x0, pictures.batch(index))
    mirrored = joint_batch(replace(spec, dataset="cifar10"), "x0", pictures, 0, slice(0, 4000), CPU)
    same = (mirrored.x0 == batch.x0).flatten(1).all(1)
    assert torch.equal(mirrored.x0[~same], batch.x0[~same].flip(-1))
    assert float(same.float().mean()) == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 4000))


def test_losses_are_the_papers(pictures):
    class Constant(nn.Module):
        def forward(self, x, t, labels):
            return torch.full_like(x, 0.3)

    batch = joint_batch(small("tiny"), "eps", pictures, 0, slice(0, 8), CPU)
    wanted = float((0.3 - batch.noise).square().mean())
    assert float(loss_of(Constant(), "eps", batch)) == pytest.approx(wanted)
    batch = joint_batch(small("residual"), "x0", pictures, 0, slice(0, 8), CPU)
    level = EDM().sigma(batch.t)
    weight = (level**2 + 0.25) / (0.5 * level) ** 2
    wanted = float((weight * (0.3 - batch.x0).square().mean((1, 2, 3))).mean())
    assert float(loss_of(Constant(), "x0", batch)) == pytest.approx(wanted, rel=1e-4)


def test_schedules():
    recipe = Recipe(PRACTICAL, 100, 16, rate=1e-2, warmup=10, decay=0.5, ema_half_life=1600)
    rates = [recipe.rate_at(step) for step in range(100)]
    assert rates[:10] == pytest.approx([1e-3 * (step + 1) for step in range(10)])
    assert set(rates[10:51]) == {1e-2}
    assert rates[50:] == pytest.approx([1e-2 * (100 - step) / 50 for step in range(50, 100)])
    longer = replace(recipe, steps=1000)
    assert [longer.rate_at(step) for step in range(51)] == rates[:51]
    assert recipe.ema_decay_at(10_000) == pytest.approx(0.5 ** (16 / 1600))
    assert recipe.ema_decay_at(99) == pytest.approx(0.5 ** (16 / 80))
    plain = Recipe(PRACTICAL, 100, 16, rate=1e-4)
    assert {plain.rate_at(step) for step in range(100)} == {1e-4}


def test_the_practicals_chain_but_for_its_shift():
    betas = [1e-4 + (0.02 - 1e-4) * i / 400 for i in range(401)]
    theirs = math.prod(1 - beta for beta in betas)
    t = torch.tensor(1.0, dtype=torch.float64)
    shifted = float(LinearDDPM(401, 1e-4, 0.02).alpha(t)) ** 2
    assert shifted == pytest.approx(theirs)
    assert float(PRACTICAL.build().alpha(t)) ** 2 == pytest.approx(theirs, rel=0.02)


def test_specs_survive_json():
    for network in RECIPES:
        spec = ImageSpec("mnist", network, RECIPES[network], seed=7)
        assert from_json(to_json(spec)) == spec


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"dataset": "imagenet"},
        {"network": "../tiny"},
        {"seed": "x"},
        {"recipe": None},
        {"recipe": {"steps": -1}},
        {"recipe": {"steps": 1.5}},
        {"recipe": {"batch": True}},
        {"recipe": {"rate": float("nan")}},
        {"recipe": {"beta_2": 1.0}},
        {"recipe": {"speed": 3}},
        {"recipe": {"process": {"name": "ddpm", "values": {"steps": 10**9}}}},
        {"recipe": {"process": {"name": "sgm", "values": {}}}},
    ],
)
def test_unusable_specs_are_refused(change):
    value = to_json(small("tiny"))
    if isinstance(change.get("recipe"), dict):
        change = {"recipe": value["recipe"] | change["recipe"]}
    with pytest.raises(DamagedFile):
        from_json(value | change)
