"""How a network is trained: names and numbers, each checked when it is set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from explorer.diffusion.losses import WEIGHTINGS
from explorer.diffusion.parametrization import KINDS
from explorer.registry import Param, shown
from explorer.training.times import TIMES

SCHEDULES = ("constant", "cosine")

CONFIG_PARAMS: dict[str, Param] = {
    param.name: param
    for param in (
        Param("steps", "Steps", 8000, 1, 200_000, 100, "Updates of the weights."),
        Param("batch", "Batch", 256, 0, 8192, 32, "Examples in a step; 0: the whole training set."),
        Param(
            "data_size", "Training set", 0, 0, 100_000, 100, "Points; 0: new ones in every step."
        ),
        Param("lr", "Learning rate", 1e-2, 1e-6, 1.0, 1e-4, "Adam's, at its highest."),
        Param(
            "ema",
            "Half-life of the mean weights",
            200.0,
            0.0,
            10_000.0,
            10.0,
            "Samples come from a mean of past weights; 0: from the last ones.",
            "steps",
        ),
        Param("chain", "Steps T of the chain", 0, 0, 1000, 1, "0: every t from t_min on."),
        Param("t_min", "Least t", 1e-3, 1e-6, 0.5, 1e-3, "Below it there is next to no noise."),
    )
}
"""The numbers of a `TrainConfig`, for controls and checks."""


def checked_choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """`value` if it is one of `choices`, or ValueError naming them."""
    if not isinstance(value, str) or value not in set(choices):
        raise ValueError(f"{name} is {shown(value)}; choose one of {', '.join(choices)}")
    return value


def checked_number(param: Param, value: Any) -> float | int:
    """`value` if it is a number of this parameter; unlike a link, JSON has types to be held to."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{param.name} is {shown(value)}; give a number")
    if not param.low <= value <= param.high:  # nor is NaN
        raise ValueError(
            f"{param.name} is {shown(value)}; give a number from {param.low:g} to {param.high:g}"
        )
    if param.is_integer and not isinstance(value, int):
        raise ValueError(f"{param.name} is {shown(value)}; give a number without decimals")
    return value


@dataclass(frozen=True)
class TrainConfig:
    """How a network is trained, by Adam.

    target: what its output is read as (`parametrization.KINDS`).  weighting: of `WEIGHTINGS`.
    times: of `TIMES`.  batch: examples in a step, 0 for the whole training set.  data_size: points
    of the training set, 0 for new ones in every step.  ema: half-life of the mean weights, in
    steps, 0 for the last weights.  chain: T of a chain whose steps alone are trained, 0 for all t
    in [t_min, t_max].  standardise: whether the data are moved and scaled to unit width inside the
    model.
    """

    target: str = "v"
    weighting: str = "edm"
    times: str = "log-normal"
    steps: int = 8000
    batch: int = 256
    data_size: int = 0
    lr: float = 1e-2
    schedule: str = "cosine"
    ema: float = 200.0
    chain: int = 0
    t_min: float = 1e-3
    standardise: bool = True

    def __post_init__(self) -> None:
        for name, choices in (
            ("target", KINDS),
            ("weighting", WEIGHTINGS),
            ("times", TIMES),
            ("schedule", SCHEDULES),
        ):
            checked_choice(name, getattr(self, name), choices)
        for name, param in CONFIG_PARAMS.items():
            checked_number(param, getattr(self, name))
        if not isinstance(self.standardise, bool):
            raise ValueError(f"standardise is {shown(self.standardise)}; give true or false")
        if self.batch == 0 and self.data_size == 0:
            raise ValueError("batch=0 means the whole training set; give it a data_size above 0")
