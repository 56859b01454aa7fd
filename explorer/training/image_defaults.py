"""How the pages sample a network until told otherwise: what a checkpoint's films show."""

from __future__ import annotations

from explorer.data.images import CLASSES
from explorer.networks.image_unet import NO_LABEL
from explorer.networks.unet import ImageNetwork
from explorer.training.image_request import Lane, Request
from explorer.training.image_spec import Described

VIEWS = ("grid", "race", "draws", "between")
"""Samples; four samplers from the same noise; one noise drawn from often; from noise to noise."""

EACH, NONE = "each", "none"
"""A picture of each class in turn, and pictures that are told no class."""

_LANES: dict[str, tuple[str, ...]] = {
    "race": ("sde", "heun", "ddim", "no-noise"),
    "draws": ("ddpm", "ddim"),
    "between": ("ddim", "ddpm"),
}


def family(network: ImageNetwork) -> str:
    """Networks that are sampled alike by default: "large", or what they predict."""
    return "large" if network.large else network.kind


def samplers(view: str, network: ImageNetwork) -> tuple[str, ...]:
    """Names of the samplers; of samples, the one that suits the network.

    Fresh noise mends what a network draws wrong: of 300 digits by mnist-residual after 7,600 steps,
    guided by 3, 97 % are read as asked from EDM with churn in 13 steps, 1.6 times as far as true
    ones by Fréchet distance, and 96 %, 2.3 times as far, from DPM-Solver++ at the same cost.
    """
    if view == "grid":
        return ({"eps": "ddpm", "large": "dpm"}.get(family(network), "edm"),)
    return _LANES[view]


def steps(view: str, network: ImageNetwork) -> int:
    """A chain trained step by step asks for more than one that was spaced for few steps.

    Ten pictures of a large network take 40 s in 20 steps, on one core.
    """
    if network.large:
        return 20
    if network.kind == "eps":
        return 100
    return 15 if view == "grid" else 40


def rows(network: ImageNetwork) -> int:
    """Of ten samples each."""
    return 1 if network.large else 2


def classes(network: ImageNetwork) -> tuple[str, ...]:
    """What the pictures may be told: a key of `labels`, those that the network allows."""
    some = (EACH, *map(str, range(CLASSES)))
    if network.guidable:
        return (*some, NONE)
    return some if network.labelled else (NONE,)


def told(view: str, network: ImageNetwork) -> str:
    """The default among `classes`: one noise shows its variety best where no class holds it."""
    allowed = classes(network)
    if view in ("grid", "race") and EACH in allowed:
        return EACH
    return NONE if NONE in allowed else "3"


_SCALES = {"mnist": 2.25, "cifar10": 3.5}
"""The default w of networks of a dataset, which goes with `image_model.WITHIN`."""


def guidance(spec: Described, what: str) -> float:
    """The default w where there is a class to exaggerate; else there is nothing to weigh."""
    return _SCALES.get(spec.dataset, 2.0) if spec.entry.guidable and what != NONE else 1.0


def labels(what: str, count: int) -> tuple[int, ...]:
    """`count` labels for a key of `classes`."""
    if what == EACH:
        return tuple(k % CLASSES for k in range(count))
    return (NO_LABEL if what == NONE else int(what),) * count


def default_request(view: str, checkpoint: str, spec: Described) -> Request:
    """What a page shows of a checkpoint when it is opened on one of `VIEWS`."""
    network = spec.entry
    count = rows(network) * CLASSES if view == "grid" else CLASSES
    what = told(view, network)
    return Request(
        checkpoint,
        tuple(map(Lane, samplers(view, network))),
        steps(view, network),
        labels(what, count),
        guidance(spec, what),
        start={"draws": "one", "between": "between"}.get(view, "own"),
        other=1 if view == "between" else 0,
    )
