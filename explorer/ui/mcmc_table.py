"""The table of a contest between chains and a diffusion sampler, with what its columns mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from explorer.mcmc.diagnostics import Summary
from explorer.ui import tables
from explorer.ui.mcmc_panes import Row, finite

HELP = {
    "Evaluations": "Of the score, for each chain or particle.",
    "Taken": "Share of proposals that were accepted, after the warm-up.",
    "|ΔH|": "Median error of the energy in a proposal, in nats: exp(−ΔH) decides on it.",
    "Worth, it thinks": "Independent draws that a chain's own autocorrelation promises "
    "(Geyer 1992, least over the coordinates), of its draws after the warm-up.",
    "In truth": "Independent draws that a chain's average is worth, held against the true mean.",
    "Saw all modes": "Share of chains that were in every mode at some time.",
    "Together after": "Evaluations until all chains taken together had been in every mode.",
    "Misplaced": "Share of chains that stand in a wrong mode at the end (total variation).",
    "Spread": "Variance within the modes over the truth's: 1 is right.",
    "Distance": "Sliced Wasserstein distance of the end points to true draws.",
    "× floor": "The distance over that between two true samples of this size: 1 is as good as it "
    "gets.",
}


def table(rows: Sequence[Row], modes: int) -> None:
    """A line for each lane; what a diffusion sampler has no use for is a dash."""
    tables.table(
        [
            {
                "Method": row.label,
                "Evaluations": row.evaluations,
                **_of_chains(row.summary, modes),
                "Misplaced": f"{row.misplaced:.1%}",
                "Spread": finite(row.spread),
                "Distance": finite(row.distance.value, 3),
                "× floor": finite(row.distance.ratio, 1),
            }
            for row in rows
        ],
        key="chains",
        helps=HELP,
    )


def _of_chains(found: Summary | None, modes: int) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(list(HELP)[1:7], "–")
    worth = found.worth
    seen = modes > 1 and worth is not None  # where the target changes, passing by is no visit
    return {
        "Taken": "all" if found.acceptance is None else f"{found.acceptance:.0%}",
        "|ΔH|": "–" if found.energy is None else _compact(found.energy),
        "Worth, it thinks": "–"
        if found.ess is None
        else f"{finite(found.ess, 1)} of {found.draws}",
        "In truth": "–" if worth is None else finite(worth, 1),
        "Saw all modes": f"{found.visits.share:.0%}" if seen else "–",
        "Together after": _when(found.visits.together) if seen else "–",
    }


def _compact(value: float) -> str:
    if not math.isfinite(value):
        return "∞"
    return f"{value:.2g}" if value < 1000 else f"{value:.0e}"


def _when(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "never"
