"""Models that come with the product: whole, what they say they are, and good enough to show."""

import pytest
import torch

from explorer.diffusion.comparison import error_by_time
from explorer.diffusion.trajectory import exact_score
from explorer.training.batches import training_data
from explorer.training.files import DamagedFile, read_json
from explorer.training.pretrain import FOLDER, PRETRAINED, keep, load, training_set
from explorer.training.spec import to_json
from explorer.training.train import train


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_model_is_what_its_entry_says(name):
    assert load(name).spec == PRETRAINED[name].spec
    assert sum(file.stat().st_size for file in (FOLDER / name).iterdir()) < 100_000
    assert read_json(FOLDER / name / "spec.json")["command"].endswith(f"pretrain {name}")
    rows = (FOLDER / name / "loss.csv").read_text().split()
    assert rows[0] == "step,loss"
    assert int(rows[-1].split(",")[0]) == PRETRAINED[name].spec.config.steps


@pytest.mark.parametrize(
    ("name", "worst"), [("moons", 0.1), ("tutorial", 0.2), ("mixture-1d", 0.05), ("points", 0.15)]
)
def test_a_model_has_learned_its_score(name, worst):
    model = load(name)
    data = model.spec.distribution.build()
    ts = torch.linspace(0.02, model.process.t_max, 25, dtype=torch.float64)
    found = error_by_time(model.process, model.score, exact_score(data, model.process), data, ts)
    assert found.mean(found.relative) < worst


def test_the_training_set_is_the_one_that_was_trained_on():
    spec = PRETRAINED["tutorial"].spec
    setup = torch.Generator().manual_seed(spec.seed)
    data = training_data(spec, None, setup, None)
    seen = data.draw(1, torch.Generator()) * data.scale + data.centre
    points = training_set(spec)
    assert points is not None
    assert torch.allclose(points, seen, atol=1e-6)


def test_a_finite_distribution_is_its_own_training_set_and_endless_draws_have_none():
    points = training_set(PRETRAINED["points"].spec)
    assert points is not None
    assert len(points) == 12
    assert training_set(PRETRAINED["moons"].spec) is None


def test_what_is_kept_is_what_is_loaded(tmp_path):
    spec = PRETRAINED["mixture-1d"].spec
    state = next(train(spec, device="cpu"))
    keep("mixture-1d", state, tmp_path)
    kept, model = load("mixture-1d", tmp_path), state.model()
    assert to_json(kept.spec) == to_json(spec)
    x, t = torch.linspace(-1, 1, 9)[:, None], torch.tensor(0.5, dtype=torch.float64)
    assert torch.allclose(kept.score(x, t), model.score(x, t), atol=5e-3)
    assert torch.equal(kept.centre, model.centre)
    assert kept.scale == model.scale


def test_what_cannot_be_loaded_is_refused(tmp_path):
    with pytest.raises(ValueError, match="choose one of moons"):
        load("nothing")
    (tmp_path / "moons").mkdir()
    with pytest.raises(DamagedFile, match="missing"):
        load("moons", tmp_path)
