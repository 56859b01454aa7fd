"""Guidance over its scale: both methods at every w, in one batch."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from explorer.diffusion.guidance import guided, interval
from explorer.figures import guidance_charts
from explorer.ui.cache import cached
from explorer.ui.guidance_scenes import Guide, classes_of, row_of, run_of, trio
from explorer.ui.pictures import Picture

SCALES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)


@cached
def sweep(guide: Guide, height: int, scale: float = 1.0, count: int = 300) -> tuple[Picture, ...]:
    """Both methods at every scale, all scales in one batch from the same noise."""
    scores = trio(guide)
    each = torch.tensor(SCALES).repeat_interleave(count)

    def schedule(t: Tensor) -> Tensor:
        if guide.within is None:
            return each
        inside = interval(guide.process.build(), 2.0, *guide.within)(t)
        return each if inside == 2.0 else torch.ones_like(each)

    draws = classes_of(guide.data, guide.process, guide.label).conditional.sample(
        count, Generator().manual_seed(9)
    )
    true = row_of(guide, "true draws", draws)
    sweeps = []
    for name, weak in (("classifier-free", scores.unconditional), ("autoguidance", scores.weak)):
        score = guided(weak, scores.conditional, schedule)
        ends = run_of(guide, score, count, len(SCALES)).xs[-1].split(count)
        rows = [row_of(guide, name, x) for x in ends]
        sweeps.append(
            guidance_charts.Sweep(
                name,
                tuple(row.distance.ratio for row in rows),
                tuple(row.found / true.found for row in rows),
                tuple(row.strays for row in rows),
            )
        )
    return guidance_charts.sweep_charts(SCALES, sweeps, height=height, scale=scale)
