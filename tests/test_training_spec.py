"""Specs of trainings: equal after a round trip through JSON, and proof against a stranger's."""

import json

import pytest
import torch

from explorer.data.mixture_spec import MixtureSpec
from explorer.data.spec import DistributionSpec
from explorer.training.config import CONFIG_PARAMS, TrainConfig
from explorer.training.model import build_network, weight_shapes
from explorer.training.presets import DEFAULT, MOONS, PRESETS, TUTORIAL
from explorer.training.spec import ModelSpec, from_json, to_json

MIXTURE = MixtureSpec.from_rows(2, [(1, 0, 1, 1, 2, 0.5), (3, 2, -1, 0.3, 1, -0.1)])
EDITED = ModelSpec(
    DistributionSpec("custom-2d", (), MIXTURE), DEFAULT.process, DEFAULT.network, seed=7
)


@pytest.mark.parametrize("spec", [*PRESETS.values(), EDITED], ids=[*PRESETS, "edited"])
def test_a_spec_survives_json(spec):
    text = json.dumps(to_json(spec), allow_nan=False, sort_keys=True)
    again = from_json(json.loads(text))
    assert again == spec
    assert hash(again) == hash(spec)


@pytest.mark.parametrize("spec", PRESETS.values(), ids=PRESETS)
def test_presets_can_be_built(spec):
    network, process = build_network(spec, spec.dim, 2.0)
    t = torch.linspace(0.1, process.t_max, 5)
    assert network(torch.zeros(5, spec.dim), t).shape == (5, spec.dim)
    shapes = weight_shapes(spec)
    assert shapes["centre"] == (spec.dim,)
    assert all(f"network.{n}" in shapes for n in network.state_dict())


def test_presets_are_the_documents():
    assert sum(torch.Size(s).numel() for s in weight_shapes(TUTORIAL).values()) == (
        13 * 50 + 51 * 50 + 51 * 2 + 3
    )
    assert weight_shapes(MOONS)["network.first.weight"] == (128, 66)
    assert MOONS.process.build().steps == MOONS.config.chain == 500


def changed(path: str, value: object) -> dict:
    obj = json.loads(json.dumps(to_json(EDITED)))
    *parents, last = path.split(".")
    part = obj
    for name in parents:
        part = part[int(name)] if isinstance(part, list) else part[name]
    part[int(last) if isinstance(part, list) else last] = value
    return obj


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("distribution", "moons", "the distribution is 'moons'; give an object"),
        ("distribution.name", "../../etc", "the distribution's name is '../../etc'; choose one of"),
        ("distribution.name", ["moons"], "choose one of"),
        ("distribution.values", {"std": 1}, "has 'std', which is unknown"),
        ("distribution.mixture.dim", 1, "give 2"),
        ("distribution.mixture.weights", [1.0] * 9, "9 weights; give a list of 1 to 8"),
        ("distribution.mixture.weights", "1~2", "give a list"),
        ("distribution.mixture.weights.0", NAN, "hold nan; give finite numbers"),
        ("distribution.mixture.weights.0", 10**400, "give finite numbers"),
        ("distribution.mixture.covariances.0.0.0", 10**400, "give finite numbers"),
        ("distribution.mixture.means.0", [0.0], "give a list of 2"),
        ("distribution.mixture.means.0.0", 1e5, "Mean x: 100000 is not usable"),
        ("distribution.mixture.means.0.0", True, "hold True; give finite numbers"),
        ("distribution.mixture.covariances.0.0.0", -1.0, "is no covariance"),
        ("distribution.mixture.covariances.0.0.1", 0.25, "is no covariance"),
        ("process.name", "vp", "choose one of ve"),
        ("process.values", {"sharpness": 1}, "has 'sharpness', which is unknown"),
        ("process.values", {"offset": INF}, "offset is inf; give a number from 0 to 0.1"),
        ("process.mixture", {}, "has 'mixture', which is unknown"),
        ("network.name", "__class__", "choose one of level"),
        ("network.values", {"width": 10**9}, "width is 1000000000; give a number from 4 to 256"),
        ("network.values", {"width": 64.5}, "width is 64.5; give a number without decimals"),
        ("network.values", {"width": "64"}, "width is '64'; give a number"),
        ("network.values", [["width", 64]], "give an object"),
        ("config", [], "config is []; give an object"),
        ("config.target", "noise", "target is 'noise'; choose one of eps"),
        ("config.weighting", None, "weighting is None; choose one of"),
        ("config.times", "never", "choose one of uniform"),
        ("config.steps", 10**12, "steps is 1000000000000; give a number from 1 to 200000"),
        ("config.batch", 10**7, "batch is 10000000"),
        ("config.batch", 0, "batch=0 means the whole training set"),
        ("config.lr", NAN, "lr is nan"),
        ("config.lr", True, "lr is True; give a number"),
        ("config.data_size", 10**9, "data_size is 1000000000"),
        ("config.standardise", 1, "standardise is 1; give true or false"),
        ("config.extra", 1, "config has 'extra', which is unknown"),
        ("seed", -1, "seed is -1"),
        ("seed", 1.5, "seed is 1.5"),
        ("seed", 1 << 64, "give an integer from 0"),
        ("surprise", 1, "the spec has 'surprise', which is unknown"),
    ],
)
def test_a_hostile_spec_is_refused_in_plain_words(path, value, says):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the message is looked at below)
        from_json(changed(path, value))
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("obj", [None, 1, "spec", [], {}, {"distribution": {}}])
def test_what_is_no_spec_is_refused(obj):
    with pytest.raises(ValueError, match="the spec"):
        from_json(obj)


def test_an_endless_value_makes_a_short_message():
    with pytest.raises(ValueError, match="…") as caught:
        from_json(changed("config.target", "x" * 10**6))
    assert len(str(caught.value)) < 400


def test_values_left_out_are_defaults():
    obj = to_json(DEFAULT)
    obj["network"]["values"] = {}
    network, _ = build_network(from_json(obj), 2, 1.0)
    assert network.first.out_features == 64


@pytest.mark.parametrize("name", CONFIG_PARAMS)
def test_a_config_checks_itself(name):
    param = CONFIG_PARAMS[name]
    for value in (param.low - 1, param.high + 1):
        with pytest.raises(ValueError, match=f"{name} is {value!r}; give a number from"):
            TrainConfig(**{name: value})
    assert getattr(TrainConfig(), name) == param.default
