"""The controls of pages that sample pictures; what they name is a request."""

from __future__ import annotations

import math

import streamlit as st

from explorer.data.images import PICTURE_SETS
from explorer.diffusion.samplers import SAMPLERS
from explorer.networks.unet import ImageNetwork
from explorer.registry import Param
from explorer.training import image_defaults as defaults
from explorer.training.image_folder import Checkpoint
from explorer.training.image_model import within
from explorer.training.image_request import Lane, Request
from explorer.ui import controls

_PER_STEP = "Of the way from noise to picture; Heun and EDM evaluate twice in each."
_STOPS = (5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 400)
_GUIDANCE = Param(
    "w",
    "Guidance w",
    2.0,
    0.0,
    6.0,
    0.25,
    "1 obeys the class, more exaggerates it, less forgets it at the noise levels that are guided.",
)
_ROWS = Param("rows", "Rows of ten", 2, 1, 4, 1, "How many pictures.")


def choose(checkpoint: Checkpoint, view: str) -> Request:
    """What to sample from `checkpoint` on one of `image_defaults.VIEWS`.

    Networks keep steps and samplers of their own, for what suits one drowns another.
    """
    network = checkpoint.spec.entry
    lanes = _lanes(view, network)
    default = defaults.steps(view, network)
    steps = Param("steps", "Steps", default, 5, 400, 1, _PER_STEP, choices=_STOPS)
    count = int(controls.number(steps, key=f"{view}.{defaults.family(network)}.steps"))
    told = _told(checkpoint, view)
    guidance = defaults.guidance(checkpoint.spec, told)
    if guidance != 1:
        # a scale of its own for each dataset; links to digits have always called theirs w
        key = "w" if checkpoint.spec.dataset == "mnist" else f"{checkpoint.spec.dataset}.w"
        guidance = float(controls.number(_GUIDANCE, key=key, default=guidance))
    rows = 1
    if view == "grid":
        key = "large.rows" if network.large else "rows"
        rows = int(controls.number(_ROWS, key=key, default=defaults.rows(network)))
    seed, other = controls.seed(), 0
    if view == "between":
        other = controls.seed(key="other", default=1)
    return Request(
        checkpoint.name,
        lanes,
        count,
        defaults.labels(told, 10 * rows),
        guidance,
        seed,
        {"draws": "one", "between": "between"}.get(view, "own"),
        other,
    )


def limits(checkpoint: Checkpoint) -> str:
    """Where guidance is not at work, in words for its page; nothing where it is everywhere."""
    low, high = within(checkpoint.spec)
    if high == math.inf:
        return ""
    below = f"{low:g}<" if low else ""
    clear = ", with less it changes nothing that can be seen" if low else ""
    return (
        f" It is at work where ${below}\\sigma_t/\\alpha_t\\le{high:g}$ alone: with more noise it "
        f"would cost variety{clear}."
    )


def _lanes(view: str, network: ImageNetwork) -> tuple[Lane, ...]:
    options = {name: entry.label for name, entry in SAMPLERS.items() if not entry.adaptive}
    lanes = []
    names = defaults.samplers(view, network)
    for place, default in enumerate(names, start=1):
        key = f"{view}.{defaults.family(network)}.s{place}"
        label = "Sampler" if len(names) == 1 else f"Sampler {place}"
        name = controls.option(
            options, key=key, label=label, default=default, help="How noise becomes a picture."
        )
        values = tuple(
            (p.name, controls.number(p, key=f"{key}.{name}.{p.name}"))
            for p in SAMPLERS[name].params
        )
        given = {p.name: p.default for p in SAMPLERS[name].params}
        lanes.append(Lane(name, tuple((n, v) for n, v in values if v != given[n])))
    return tuple(lanes)


def _told(checkpoint: Checkpoint, view: str) -> str:
    """Which class the pictures are told: a key of `image_defaults.classes`."""
    network = checkpoint.spec.entry
    allowed = defaults.classes(network)
    default = defaults.told(view, network)
    if allowed == (defaults.NONE,):
        st.caption("This network knows no classes.")
        return default
    names = {str(k): name for k, name in enumerate(PICTURE_SETS[checkpoint.spec.dataset].classes)}
    names |= {defaults.EACH: "Each class in turn", defaults.NONE: "None: it draws any"}
    options = {key: names[key] for key in allowed}
    return controls.option(
        options,
        key=f"{view}.class",
        label="Class",
        default=default,
        help="What the network is told to draw.",
    )
