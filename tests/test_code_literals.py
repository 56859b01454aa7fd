"""A page's settings as Python text: whoever runs the text gets the settings back."""

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from explorer.code import script as made
from explorer.code.script import Text, literal
from explorer.data.distributions import DISTRIBUTIONS
from explorer.data.mixture_spec import MixtureSpec
from explorer.data.spec import DistributionSpec
from explorer.diffusion.processes import PROCESSES
from explorer.diffusion.samplers import SAMPLERS
from explorer.diffusion.spec import ProcessSpec
from explorer.training.presets import PRESETS

MIXTURE = MixtureSpec(
    2, (1.0, 3.0), ((0.0, 1.0), (2.0, -1.0)), (((1.0, 0.2), (0.2, 0.5)), ((2.0, 0.5), (0.5, 1.0)))
)


def run(text: Text) -> Any:
    """What the text stands for, with nothing but the names it asks for."""
    names = {name: getattr(importlib.import_module(module), name) for module, name in text.names}
    return eval(text.text, {"__builtins__": {"float": float}, **names})


@pytest.mark.parametrize(
    "value",
    [
        3,
        0.1,
        -1e-05,
        float("inf"),
        True,
        None,
        "plain",
        'with "quotes" and a \\',
        "two\nlines",
        (),
        (1,),
        ((1.0, 2.0), (3.0, 4.0)),
        ["a", ("b", 2)],
        {"name": (1, 2), "σ": {"deep": 0.5}},
        np.float64(0.25),
        tuple(range(60)),
        *PRESETS.values(),
        replace(PRESETS["default"], distribution=DistributionSpec("custom-2d", (), MIXTURE)),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_literal_gives_its_value_back(value: Any) -> None:
    text = literal(value)
    assert run(text) == value
    assert all(len(line) <= 100 for line in text.text.splitlines())


def test_texts_stand_for_themselves_inside_others() -> None:
    text = literal({"a": (made.process(ProcessSpec("ve", (("lam", 2.0),))), 5)})
    assert run(text) == {"a": (PROCESSES["ve"].build({"lam": 2.0}), 5)}
    assert "LambdaVE(lam=2.0)" in text.text


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_is_written_as_its_call(name: str) -> None:
    assert run(made.process(ProcessSpec(name))) == PROCESSES[name].build()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_every_distribution_draws_the_same(name: str) -> None:
    spec = DistributionSpec(name)
    ours = run(made.distribution(spec)).sample(50, torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        ours, spec.build().sample(50, torch.Generator().manual_seed(1)), rtol=0, atol=1e-6
    )


def test_an_edited_mixture_is_written_by_its_numbers() -> None:
    spec = DistributionSpec("custom-2d", (), MIXTURE)
    ours, theirs = run(made.distribution(spec)), spec.build()
    assert torch.equal(ours.means, theirs.means)
    assert torch.equal(ours.covariances, theirs.covariances)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_is_written_as_its_call(name: str) -> None:
    step = run(made.made(SAMPLERS[name]))
    assert step.__qualname__ == SAMPLERS[name].build().__qualname__


def test_values_are_checked_and_the_nameless_refused() -> None:
    with pytest.raises(ValueError, match="give a number from"):
        made.made(SAMPLERS["ddim"], (("eta", 7.0),))
    with pytest.raises(ValueError, match="has no name that a script could call"):
        made.call(lambda x: x, x=1)
    assert run(made.call(partial(MixtureSpec.parse, "1_0_1"), dim=1)).dim == 1
