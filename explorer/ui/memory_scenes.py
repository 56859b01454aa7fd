"""Does a network copy what it was trained on? Its samples' distances to the training points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from torch import Generator

from explorer.diffusion.comparison import memorised, nearest_distance
from explorer.figures import learned_charts, learned_samples, runs
from explorer.training.pretrain import training_set
from explorer.ui.cache import cached
from explorer.ui.learned_scenes import PARTICLES, has_width, model, rivals_of, run_of
from explorer.ui.scenes import Scene, clock, exact_1d


@dataclass(frozen=True)
class Memory:
    """How close samples come to the `points` training points: medians in units of the data."""

    picture: Scene
    histogram: go.Figure
    points: int
    medians: dict[str, float]


@cached
def memory(
    name: str, with_exact: bool, seed: int, height: int, scale: float = 1.0
) -> Memory | None:
    """Distances to the training points; None for a model that never saw one twice."""
    rivals = rivals_of(name)
    view, points = rivals.view, training_set(model(name).spec)
    if points is None:
        return None
    run = run_of(name, rivals.exact if with_exact else rivals.learned, seed)
    whose = "the exact score" if with_exact else "the network"
    ends = {f"samples by {whose}": run.xs[-1]}
    if has_width(view.distribution):
        fresh = view.distribution.sample(PARTICLES, Generator().manual_seed(seed + 2))
        ends["fresh true draws"] = fresh
    ends["samples of the memorising optimum"] = memorised(
        view.process, points, spread=view.spread, seed=seed
    )
    distances = {label: nearest_distance(x, points).numpy() for label, x in ends.items()}
    title = f"Samples by {whose}"
    if view.distribution.dim == 2:
        pane = learned_samples.memory_pane(rivals, run, points, title=title, scale=scale)
    else:
        spec, colours = model(name).spec, runs.mode_colours(view, run.xs[-1])
        exact = exact_1d(spec.distribution, spec.process, True, view.rescaled)
        pane = runs.pane_1d(view, run, colours, exact, link="x", title=title, scale=scale)
    return Memory(
        Scene((pane,), clock(view)),
        learned_charts.nearest_chart(distances, height=height, scale=scale),
        len(points),
        {label: float(np.median(values)) for label, values in distances.items()},
    )
