"""The controls of a training, and a document's training as values for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.diffusion.losses import WEIGHTINGS
from explorer.networks.mlp import NETWORKS
from explorer.registry import Param
from explorer.training.config import CONFIG_PARAMS, TrainConfig
from explorer.training.presets import DEFAULT, PRESETS
from explorer.training.spec import ModelSpec, NetworkSpec
from explorer.training.times import TIMES
from explorer.ui import controls, links, own_data
from explorer.ui.setup import choose_dim, choose_distribution, choose_process

TARGETS = {"v": "v", "eps": "ε", "x0": "x₀", "score": "score"}
_CHOICES: dict[str, tuple[float | int, ...]] = {
    "steps": (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000),
    "batch": (0, 64, 128, 256, 512, 1024, 2048),
    "data_size": (0, 20, 40, 100, 1000, 10_000),
    "lr": (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 0.01, 0.03, 0.1, 1.0),
    "ema": (0.0, 50.0, 100.0, 200.0, 500.0, 1000.0),
    "chain": (0, 100, 200, 500, 1000),
    "t_min": (1e-4, 1e-3, 5e-3, 0.01, 0.05),
}


def _param(name: str) -> Param:
    """The parameter with a few values to pick from, those of every preset among them."""
    values = {*_CHOICES[name], *(getattr(spec.config, name) for spec in PRESETS.values())}
    return replace(CONFIG_PARAMS[name], choices=tuple(sorted(values)))


def pickable(name: str, value: Any) -> bool:
    """Whether the control called `name` has this value: that of a run may lie between."""
    return name not in _CHOICES or value in _param(name).choices


def _number(name: str) -> Any:
    default = getattr(DEFAULT.config, name)
    return controls.number(_param(name), key=name, default=default)


def keys_of(spec: ModelSpec) -> dict[str, Any]:
    """The values of all controls under which the page trains `spec`."""
    dim = spec.dim
    keys: dict[str, Any] = {"dim": str(dim), f"dist{dim}": spec.distribution.name}
    keys |= {f"{spec.distribution.name}.{n}": v for n, v in spec.distribution.values}
    if spec.distribution.mixture is not None:
        keys |= {f"mix{dim}": spec.distribution.mixture.format()}
    if spec.distribution.own is not None:
        keys |= {own_data.key_of(dim): own_data.reference(spec.distribution.own)}
    keys |= {"proc": spec.process.name}
    keys |= {f"{spec.process.name}.{n}": v for n, v in spec.process.values}
    keys |= {"net": spec.network.name}
    keys |= {f"{spec.network.name}.{n}": v for n, v in spec.network.values}
    config = spec.config
    keys |= {"target": config.target, "weight": config.weighting, "times": config.times}
    keys |= {"schedule": config.schedule, "unit": str(int(config.standardise))}
    return keys | {name: getattr(config, name) for name in _CHOICES}


def _folded(label: str, icon: str, *keys: str) -> DeltaGenerator:
    """Where controls are folded away; open where the link is about one of them."""
    return st.expander(label, icon=icon, expanded=links.opened_with(*keys))


def choose_training() -> tuple[ModelSpec | None, str]:
    """The controls; the training they name, or None and what is wrong with it."""
    dim = choose_dim(default=2)
    distribution = choose_distribution(dim, default="mixture-1d" if dim == 1 else "moons")
    process = choose_process(default=DEFAULT.process.name)
    name, values = controls.choose(
        NETWORKS,
        key="net",
        label="Network",
        default=DEFAULT.network.name,
        help="What maps xₜ and t to what is predicted: how it is built and told the time.",
    )
    steps, lr = _number("steps"), _number("lr")
    with _folded("Objective", ":material/target:", "target", "weight", "times", "chain", "t_min"):
        target = controls.segments(
            TARGETS,
            key="target",
            label="The network predicts",
            default=DEFAULT.config.target,
            help="One is turned into any other without loss; what differs is what is easy to say.",
        )
        weighting = controls.option(
            {key: entry.label for key, entry in WEIGHTINGS.items()},
            key="weight",
            label="Weighting of the loss",
            default=DEFAULT.config.weighting,
            help="How much each noise level counts in the loss.",
        )
        times = controls.option(
            {key: entry.label for key, entry in TIMES.items()},
            key="times",
            label="Times t",
            default=DEFAULT.config.times,
            help="How the noise levels of the training examples are drawn.",
        )
        chain, t_min = _number("chain"), _number("t_min")
    optimiser = ("batch", "data_size", "schedule", "ema", "unit")
    with _folded("Data and optimiser", ":material/tune:", *optimiser):
        batch, data_size = _number("batch"), _number("data_size")
        schedule = controls.segments(
            {"cosine": "Cosine", "constant": "Constant"},
            key="schedule",
            label="Learning rate over time",
            default=DEFAULT.config.schedule,
            help="Cosine: it falls to 0 towards the end.",
        )
        ema = _number("ema")
        standardise = controls.switch(
            key="unit",
            label="Standardise the data",
            default=DEFAULT.config.standardise,
            help="Inside the model alone: its score is in units of the data.",
        )
    seed = controls.seed()
    try:
        config = TrainConfig(
            target=target,
            weighting=weighting,
            times=times,
            steps=steps,
            batch=batch,
            data_size=data_size,
            lr=lr,
            schedule=schedule,
            ema=ema,
            chain=chain,
            t_min=t_min,
            standardise=standardise,
        )
    except ValueError as problem:
        return None, str(problem)
    network = NetworkSpec(name, tuple(values.items()))
    return ModelSpec(distribution, process, network, config, seed), ""
