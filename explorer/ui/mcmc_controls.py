"""The controls of "Diffusion against MCMC": its presets, its lanes, its budget."""

from __future__ import annotations

from typing import Any

from explorer.diffusion.samplers import SAMPLERS
from explorer.mcmc.kernels import KERNELS
from explorer.registry import Param
from explorer.ui import controls
from explorer.ui.mcmc_scenes import ChainLane, DiffusionLane

DIFFUSION = [name for name, entry in SAMPLERS.items() if not entry.adaptive and name != "no-noise"]
"""The samplers that a budget of evaluations binds, and that draw from the data."""

_NARROW = {"dist2": "custom-2d", "mix2": "1_0_0_1.5_0.4_0.9", "start": "wide"}
_ONE = {"dist2": "ring", "ring.modes": 1, "ring.std": 1.0, "ring.radius": 0.0}

PRESETS: dict[str, dict[str, Any]] = {
    "Ring of eight": {},
    "HMC at its best": {
        **_NARROW,
        "mcmc1.hmc.step": 0.15,
        "mcmc1.hmc.leaps": 15,
        "mcmc2.mala.step": 0.015,
        "chart": "memory",
    },
    "A barrier": {
        "dim": "1",
        "gaussians-1d.distance": 3.4,
        "mcmc1.hmc.step": 0.5,
        "mcmc1.hmc.leaps": 4,
        "mcmc2.mala.step": 1.0,
    },
    "Fair start, wrong shares": {
        "dim": "1",
        "dist1": "mixture-1d",
        "mixture-1d.std": 0.1,
        "start": "wide",
        "mcmc1.hmc.step": 0.03,
        "mcmc2.mala.step": 0.005,
        "chart": "shares",
    },
    "Annealing gets out": {"mcmc2": "annealed", "chart": "shares"},
    "Step too large": {
        "mcmc1.hmc.step": 0.4,
        "mcmc2": "hmc",
        "mcmc2.hmc.step": 0.4,
        "mcmc2.tune": "1",
        "chart": "tuning",
    },
    "ULA is biased": {
        **_ONE,
        "mcmc1": "ula",
        "mcmc1.ula.step": 0.8,
        "mcmc2.mala.step": 0.8,
        "chart": "memory",
    },
}


def choose_lane(place: int, default: str) -> ChainLane | None:
    """The controls for a lane of chains; none only where another lane is left."""
    key = f"mcmc{place}"
    options = {name: entry.label for name, entry in KERNELS.items()}
    if place > 1:
        options["none"] = "–"
    name = controls.option(
        options,
        key=key,
        label=f"Chain {place}",
        default=default,
        help="The rule by which a chain moves on the density.",
    )
    if name == "none":
        return None
    entry = KERNELS[name]
    values = tuple((p.name, controls.number(p, key=f"{key}.{name}.{p.name}")) for p in entry.params)
    aim = 0.0
    if entry.aim and controls.switch(
        key=f"{key}.tune",
        label="Tune the step size",
        help="By dual averaging, in the first quarter of the evaluations, from the step size "
        "above.",
    ):
        goal = Param("aim", "Acceptance to reach", entry.aim, 0.2, 0.98, 0.002, "Mean over chains.")
        aim = float(controls.number(goal, key=f"{key}.{name}.aim"))
    return ChainLane(name, values, aim)


def choose_sampler() -> DiffusionLane:
    """The controls for the diffusion lane."""
    labels = {name: SAMPLERS[name].label for name in DIFFUSION}
    name = controls.option(
        labels,
        key="sampler",
        label="Diffusion",
        default="sde",
        help="The sampler that comes down from noise by the same score.",
    )
    params = SAMPLERS[name].params
    values = tuple((p.name, controls.number(p, key=f"sampler.{name}.{p.name}")) for p in params)
    return DiffusionLane(name, values)


def choose_budget() -> tuple[int, int]:
    """Evaluations of the score for each chain, and how many chains there are."""
    budget = Param("evaluations", "Evaluations", 300, 100, 1000, 50, "For each chain and particle.")
    count = Param("chains", "Chains", 300, 50, 1000, 50, "And as many particles.")
    return int(controls.number(budget, key="evaluations")), int(
        controls.number(count, key="chains")
    )
