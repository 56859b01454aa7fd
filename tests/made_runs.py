"""Runs for the tests of what keeps them."""

import torch

from explorer.training.runs import Run

SPEC_GIVEN = {"data": {"name": "moons"}, "process": "DDPM", "width": 128, "seed": None}


def a_run(name: str = "moons, 128×3", **changes: object) -> Run:
    values = {
        "spec": SPEC_GIVEN,
        "weights": {"first.weight": torch.arange(6.0).reshape(2, 3), "first.bias": torch.zeros(2)},
        "history": {"loss": torch.linspace(1, 0, 5), "at": torch.arange(5)},
        "metrics": {"sliced_wasserstein": 0.03, "steps": 5000},
    }
    return Run(name, **(values | changes))


def same(found: Run, wanted: Run) -> bool:
    def equal(a: dict, b: dict) -> bool:
        return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)

    return (
        equal(found.weights, wanted.weights)
        and equal(found.history, wanted.history)
        and found.head() == wanted.head()
    )
