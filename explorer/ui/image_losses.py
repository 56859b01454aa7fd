"""How the checkpoints were trained: their loss curves, and their figures against the targets."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from explorer.data.images import PICTURE_SETS
from explorer.figures.image_charts import Curve, Target, loss_chart
from explorer.training.files import DamagedFile
from explorer.training.image_folder import Checkpoint, losses
from explorer.training.image_lesson import lesson_spec
from explorer.ui.image_models import title

TARGETS: Mapping[str, tuple[Target, ...]] = {
    "mnist": (Target(2_500, 0.10, "< 0.1 at 2,500"), Target(10_000, 0.05, "< 0.05 at 10,000")),
    "cifar10": (
        Target(2_500, 0.12, "< 0.12 at 2,500"),
        Target(10_000, 0.08, "about 0.08 at 10,000"),
    ),
}
"""What the practical promises of its U-Net's smoothed training loss."""


EXAMPLE = lesson_spec(500, 1e-3, 0)
"""The training whose code the page shows: small enough to be run anywhere."""


def of_set(found: Mapping[str, Checkpoint], dataset: str) -> list[Checkpoint]:
    return [checkpoint for checkpoint in found.values() if checkpoint.spec.dataset == dataset]


def datasets(found: Mapping[str, Checkpoint]) -> dict[str, str]:
    """The sets of pictures that some checkpoint has learned, name → label."""
    used = {checkpoint.spec.dataset for checkpoint in found.values()}
    return {name: entry.label for name, entry in PICTURE_SETS.items() if name in used}


def chart(found: Mapping[str, Checkpoint], dataset: str, scale: float, height: int) -> go.Figure:
    """The curves of all networks that were trained on the practical's loss, and its targets."""
    curves = []
    for checkpoint in of_set(found, dataset):
        if checkpoint.spec.entry.kind != "eps":
            continue
        try:
            columns = losses(checkpoint)
        except DamagedFile as problem:
            st.text(f"{checkpoint.name} is drawn without its loss: {problem}.")
            continue
        name = title(checkpoint).partition(" · ")[2]
        curves.append(Curve(name, columns["step"], columns["smoothed"], columns["loss"]))
    return loss_chart(curves, TARGETS.get(dataset, ()), height=height, scale=scale)


def rows(found: Mapping[str, Checkpoint], dataset: str) -> list[dict[str, str]]:
    """A table's rows: what was measured when each checkpoint was made, a dash where nothing was."""
    table = []
    for checkpoint in of_set(found, dataset):
        smoothed = checkpoint.figures.get("smoothed_training_loss")
        at = smoothed if isinstance(smoothed, dict) else {}
        eps = checkpoint.spec.entry.kind == "eps"
        table.append(
            {
                "Network": title(checkpoint).partition(" · ")[2],
                "Weights": _count(checkpoint.figure("parameters")),
                "Steps": _count(checkpoint.figure("steps")),
                "Hours": _decimals(checkpoint.figure("hours"), 2),
                "Loss at 2,500": _decimals(at.get("2500"), 3) if eps else "another loss",
                "at 10,000": _decimals(at.get("10000"), 3) if eps else "another loss",
                "Held-out error of ε̂": _decimals(checkpoint.figure("held_out_eps_loss"), 4),
            }
        )
    return table


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _decimals(value: object, digits: int) -> str:
    return f"{value:.{digits}f}" if type(value) in (int, float) else "–"
